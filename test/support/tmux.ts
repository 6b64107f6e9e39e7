/** A terminal that a program can be looked at in: tmux, with a server of its own. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from './home.ts';
import { until } from './until.ts';

export interface TmuxTerminal {
  /** What is on the screen now, without the blanks at the end of lines and the empty lines at the end. */
  screen(): Promise<string>;
  /** Waits until something is on the screen, and gives all that is there then. */
  shows(text: string | RegExp): Promise<string>;
  /** Whether the cursor is to be seen. */
  hasCursor(): Promise<boolean>;
  /** Types keys by tmux' names, such as `C-c`, or text. */
  type(...keys: readonly string[]): Promise<void>;
  /** As from a clipboard: marked as such where the program has asked for that. */
  paste(text: string): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** Closes the terminal, as a window is closed: whoever runs in it gets SIGHUP. */
  close(): Promise<void>;
}

/**
 * Runs a shell command in a terminal. When the command has ended, the screen says `ended with <exit code>`.
 *
 * A test that calls this needs `requireTools(context, 'tmux')`.
 */
export async function tmuxTerminal(
  command: string,
  { columns = 80, rows = 24, env }: { columns?: number; rows?: number; env: NodeJS.ProcessEnv },
): Promise<TmuxTerminal> {
  const socket = join(await temporaryDirectory(), 'tmux');
  const tmux = async (...words: readonly string[]): Promise<string> => {
    // -u: what is drawn is not ASCII, whatever the machine's locale is.
    const { stdout } = await promisify(execFile)('tmux', ['-u', '-S', socket, '-f', '/dev/null', ...words], {
      env,
    });
    return stdout;
  };
  const size = ['-x', String(columns), '-y', String(rows)];
  await tmux('new-session', '-d', ...size, `sh -c '${command}; echo "ended with $?"; cat'`);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await tmux('kill-server');
    isOpen = false;
  };
  onTestFinished(close);
  const screen = async () =>
    (await tmux('capture-pane', '-p'))
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  return {
    screen,
    close,
    shows: (text) =>
      until(async () => {
        const now = await screen();
        return (typeof text === 'string' ? now.includes(text) : text.test(now)) && now;
      }, `the terminal shows ${text}`),
    hasCursor: async () => (await tmux('display-message', '-p', '#{cursor_flag}')).trim() === '1',
    type: async (...keys) => void (await tmux('send-keys', ...keys)),
    paste: async (text) => void (await tmux('set-buffer', text, ';', 'paste-buffer', '-p')),
    resize: async (width, height) =>
      void (await tmux('resize-window', '-x', String(width), '-y', String(height))),
  };
}
