/** The command line in this process, at a terminal that a test looks at and types into. */
import { PassThrough } from 'node:stream';
import { join } from 'node:path';
import type { Host, Output } from '../../client/cli/context.ts';
import { run } from '../../client/cli/run.ts';
import { connect } from '../../client/reach/connect.ts';
import { environment } from './home.ts';

export interface Seen {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Terminal {
  /** What the environment holds; a test may add to it. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs `gardener` with somebody at the terminal who types these lines when asked, and Ctrl-D after them. */
  run(words: readonly string[], typed?: readonly string[]): Promise<Seen>;
}

export interface TerminalOptions {
  readonly home: string;
  readonly columns?: number;
  /** False for pipes in its place; default true. */
  readonly isTTY?: boolean;
  /** Milliseconds since the epoch; default the time. */
  readonly now?: () => number;
}

/** A terminal in the home directory of a registry, whose daemon must be running. */
export function terminal({ home, columns = 80, isTTY = true, now = Date.now }: TerminalOptions): Terminal {
  const env = environment(home);
  return {
    env,
    async run(words, typed = []) {
      const written = { stdout: '', stderr: '' };
      const output = (name: keyof typeof written): Output => ({
        isTTY,
        columns,
        write(text) {
          written[name] += text;
        },
      });
      const stdin = Object.assign(new PassThrough(), { isTTY });
      stdin.end(typed.map((line) => `${line}\n`).join(''));
      const host: Host = {
        stdin,
        stdout: output('stdout'),
        stderr: output('stderr'),
        env,
        home,
        program: join(home, 'bin', 'gardener'),
        daemonProgram: join(home, 'no-daemon-is-started-here'),
        cwd: () => home,
        realCwd: () => home,
        lostCwd: () => undefined,
        now,
        connect,
        uninterrupted: (work) => work(),
        ignoredSignals: new Set(),
        leaveSignals: () => undefined,
        endUnread: () => undefined,
      };
      const code = await run([...words, '--data-dir', home, '--no-start'], host);
      return { code, ...written };
    },
  };
}
