/** A terminal: shell commands run in a real pseudo-terminal, and what they write is kept as cells. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import xterm from '@xterm/headless';

/** What stands before a command that somebody types. */
const PROMPT = '\x1b[32m$\x1b[39m ';
/** How long a program may take for what is waited for. Milliseconds. */
export const PATIENCE_MS = 60_000;

/** @param env of the commands; they run in its HOME */
export function openTerminal({ columns, rows, env }) {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const write = (text) => new Promise((resolve) => screen.write(text, resolve));

  /** Starts a command that goes on until it gets what it waits for: `program.stdin.write('q')`. */
  function start(command) {
    // script(1) of util-linux. Its terminal has no size of its own, because its input is none.
    const words = ['-qec', `stty cols ${columns} rows ${rows}; ${command}`, '/dev/null'];
    const shell = { SHELL: '/bin/sh', TERM: 'xterm-256color' };
    const program = spawn('script', words, { env: { ...env, ...shell }, cwd: env.HOME });
    program.stdout.on('data', (bytes) => screen.write(bytes));
    program.stderr.pipe(process.stderr);
    return program;
  }

  /** Types a command and starts it, with a blank line before all but the first. */
  async function begin(command) {
    const { active } = screen.buffer;
    const before = active.baseY + active.cursorY > 0 ? '\r\n' : '';
    await write(`${before}${PROMPT}\x1b[1m${command}\x1b[22m\r\n`);
    return start(command);
  }

  /** Waits for the end of a command, and until all that it has written is on the screen. */
  async function ended(program) {
    await once(program, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
    await write('');
  }

  return {
    start,
    begin,
    ended,

    /** Types a command and runs it to its end. */
    async type(command) {
      await ended(await begin(command));
    },

    /** Waits until all of the texts are on the screen. */
    async shows(...texts) {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      for (;;) {
        const shown = textOf(screen);
        if (texts.every((text) => shown.includes(text))) return;
        await nextWrite(screen, signal);
        if (signal.aborted) throw new Error(`cannot see ${texts.join(', ')}; there is:\n${shown}`);
      }
    },

    /** What is on the screen, line by line, without the empty lines at the end. */
    picture() {
      const all = linesOf(screen).map(cellsOf);
      return { columns, lines: all.slice(0, all.findLastIndex((cells) => cells.length > 0) + 1) };
    },
  };
}

function linesOf({ buffer: { active } }) {
  return Array.from({ length: active.length }, (_, row) => active.getLine(row));
}

function textOf(screen) {
  return linesOf(screen)
    .map((line) => line.translateToString(true))
    .join('\n')
    .trimEnd();
}

function nextWrite(screen, signal) {
  return new Promise((resolve) => {
    const listener = screen.onWriteParsed(() => {
      listener.dispose();
      resolve();
    });
    signal.addEventListener('abort', resolve, { once: true });
  });
}

/** The characters of a line that can be seen, each with its column, width and style. */
function cellsOf(line) {
  const cells = [];
  for (let column = 0; column < line.length; column += 1) {
    const cell = line.getCell(column);
    const text = cell.getChars();
    const inverse = cell.isInverse() !== 0;
    // The second half of a wide character, or nothing to be seen.
    if (cell.getWidth() === 0 || ((text === '' || text === ' ') && !inverse)) continue;
    const colour = cell.isFgPalette() ? cell.getFgColor() : undefined;
    const style = { colour, bold: cell.isBold() !== 0, dim: cell.isDim() !== 0, inverse };
    cells.push({ column, text: text || ' ', width: cell.getWidth(), style });
  }
  return cells;
}
