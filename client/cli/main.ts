/** `gardener`: the command line, connected to this process. */
import { fileURLToPath } from 'node:url';
import { findHome } from '../../src/paths.ts';
import { connect } from '../connect.ts';
import type { Host } from './context.ts';
import { workingDirectory } from './cwd.ts';
import { EXIT } from './errors.ts';
import { ignoredSignals } from './ignored-signals.ts';
import { systemReason } from './failures.ts';
import { shownLine, shownOver } from './gate.ts';
import { run } from './run.ts';

function interrupted(): void {
  // What may stand on the line: a progress message, or an echoed ^C.
  if (process.stderr.isTTY) process.stderr.write(shownOver(''));
  process.exit(EXIT.interrupted);
}

function ignored(): void {
  // Somebody else has the terminal, or nobody is to notice that it has gone.
}

function unread(this: unknown, error: NodeJS.ErrnoException): void {
  // Whoever read the answer has read enough: `gardener ls | head`.
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  // A disk that is full, or has gone. Of standard error nobody can be told.
  if (this !== process.stderr)
    process.stderr.write(shownLine(`gardener: cannot write the answer: ${systemReason(error)}`));
  process.exit(EXIT.refused);
}

const ignoredAtStart = ignoredSignals(process.env);

const outputs = [process.stdout, process.stderr];

const host: Host = {
  // Asked for by few commands, and opening it takes its time.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  home: findHome() ?? '',
  // Beside this program, where the bundler puts both.
  daemonProgram: fileURLToPath(new URL('./gardenerd.js', import.meta.url)),
  cwd: () => workingDirectory(process.env),
  now: Date.now,
  connect,
  async uninterrupted(work) {
    process.off('SIGINT', interrupted);
    process.on('SIGINT', ignored);
    try {
      return await work();
    } finally {
      process.off('SIGINT', ignored);
      process.on('SIGINT', interrupted);
    }
  },
  ignoredSignals: ignoredAtStart,
  leaveSignals: () => void process.off('SIGINT', interrupted),
  outliveReaders() {
    for (const stream of outputs) stream.on('error', ignored).off('error', unread);
  },
};

for (const name of ignoredAtStart) process.on(name, ignored);
process.on('SIGINT', interrupted);
for (const stream of outputs) stream.on('error', unread);

process.exitCode = await run(process.argv.slice(2), host);
