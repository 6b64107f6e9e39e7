/**
 * A terminal for a program whose output passes through this one and is to look as if it did not: with colours, and as
 * soon as it is written. Node has none, and every system has script(1), which is all that it is asked for here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { WriteStream } from 'node:tty';
import { sizeOf } from '../../terminal/size.ts';
import { errorCode } from '../../../../src/system/errors.ts';
import type { Pipe } from './pipes.ts';

export interface PseudoTerminal extends Pipe {
  /** Makes it as large as the person's is. */
  resize(): Promise<void>;
  /** The program has ended: the source ends when all that it wrote is read. */
  end(): void;
}

/** Far longer than it takes to start. Milliseconds. */
const PATIENCE_MS = 2_000;

/** Changes nothing of what is written, says its name, and stays for as long as its last line is open. */
const KEEP = 'stty raw -echo "$0" "$1" "$2" "$3"; tty >&3; exec cat <&4 >/dev/null';

/**
 * @param like the person's terminal
 * @returns undefined where there is no script(1), or none that does what it should
 */
export async function makeTerminal(like: WriteStream): Promise<PseudoTerminal | undefined> {
  const keep = ['/bin/sh', '-c', KEEP, ...sizeWords(like)];
  const words =
    process.platform === 'linux'
      ? ['-q', '-f', '-c', keep.map((word) => `'${word}'`).join(' '), '/dev/null']
      : ['-q', '/dev/null', ...keep];
  const keeper: ChildProcess = spawn('script', words, {
    // It runs a command by the person's shell, which may be of any kind.
    env: { ...process.env, SHELL: '/bin/sh' },
    cwd: '/',
    // In a session of its own: a Ctrl-C is for the trainer.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', 'pipe', 'pipe'],
  });
  const [input, source, , told, line] = keeper.stdio as unknown as readonly Socket[];
  // What breaks has ended, and its end is noticed.
  for (const stream of [input, source, told, line, keeper]) stream?.on('error', () => undefined);
  const name = told && (await nameOf(told));
  if (!source || !line || name === undefined) {
    // What it has started may hold them open, and is waited for no longer.
    for (const stream of [input, source, told, line]) stream?.destroy();
    keeper.kill('SIGKILL');
    keeper.unref();
    return undefined;
  }
  const sink = openSync(name, constants.O_RDWR | constants.O_NOCTTY);
  return {
    source,
    sink,
    handOver: () => closeSync(sink),
    resize: () => resize(name, like),
    end() {
      line.end();
      input?.end();
    },
  };
}

/** What it says first; undefined where it ends before, or takes too long. */
async function nameOf(told: Socket): Promise<string | undefined> {
  const patience = new AbortController();
  const read = (async () => {
    let text = '';
    for await (const bytes of told) {
      text += String(bytes);
      // Script, too, has this line, so that it does not end.
      if (text.includes('\n')) break;
    }
    return /^(\/dev\/\S+)\n$/.exec(text)?.[1];
  })().catch(() => undefined);
  const late = pause(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  const name = await Promise.race([read, late]);
  patience.abort();
  told.destroy();
  return name;
}

/** A person resizes their window whenever they like, also when the other one is gone already. */
async function resize(name: string, like: WriteStream): Promise<void> {
  let terminal: number;
  try {
    terminal = openSync(name, constants.O_RDWR | constants.O_NOCTTY);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return;
  }
  const stty = spawn('stty', sizeWords(like), { stdio: [terminal, 'ignore', 'ignore'] });
  closeSync(terminal);
  // One that cannot be started leaves the size as it is.
  await once(stty, 'close').catch(() => undefined);
}

function sizeWords(like: WriteStream): string[] {
  const { rows, columns } = sizeOf(like);
  return ['rows', String(rows), 'cols', String(columns)];
}
