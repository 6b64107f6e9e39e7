/** `gardener`: the command line, connected to this process. */
import { findHome } from '../../src/paths.ts';
import type { Client } from '../client.ts';
import { connect, type ConnectOptions } from '../reach/connect.ts';
import { programBeside } from '../reach/program.ts';
import { endStarts } from '../reach/started-daemon.ts';
import type { Host } from './context.ts';
import { lostDirectory, realWorkingDirectory, workingDirectory } from './cwd.ts';
import { EXIT } from './errors.ts';
import { ignoredSignals } from './train/process/ignored-signals.ts';
import { systemReason } from '../../src/system/errors.ts';
import { obeysEscapes } from './terminal/colour.ts';
import { shownLine, shownOver } from './terminal/gate.ts';
import { run } from './run.ts';

function interrupted(): void {
  // What may stand on the line: a progress message, or an echoed ^C.
  if (obeysEscapes(process.stderr, process.env)) process.stderr.write(shownOver(''));
  process.exit(EXIT.interrupted);
}

function ignored(): void {
  // Somebody else has the terminal, or nobody is there to be told.
}

/** Why the answer cannot be written; what is done meanwhile is done to its end, and its failure is told by the exit code. */
let unwritten: NodeJS.ErrnoException | undefined;
let endsUnread = false;

function unread(error: NodeJS.ErrnoException): void {
  // One for each line that is written.
  if (unwritten) return;
  unwritten = error;
  // Whoever read the answer has read enough: `gardener ls | head`. Otherwise a disk is full, or has gone.
  if (error.code !== 'EPIPE') {
    process.stderr.write(shownLine(`gardener: cannot write the answer: ${systemReason(error)}`));
    process.on('exit', (code) => {
      if (code === EXIT.ok) process.exitCode = EXIT.refused;
    });
  }
  if (endsUnread) process.exit(EXIT.ok);
}

/** Connects. A signal that ends this program meanwhile ends what it has just started, too. */
async function connectOrEnd(options: ConnectOptions): Promise<Client> {
  const handlers = (['SIGHUP', 'SIGTERM'] as const)
    .filter((name) => !ignoredAtStart.has(name))
    .map((name) => {
      const handle = (): void => {
        // SIGTERM comes of a program whose patience is over, such as timeout; a daemon that is coming up is left to it.
        endStarts(name === 'SIGTERM' ? 'late' : 'aborted');
        process.off(name, handle);
        // As it would have ended without us, unless somebody else wants to hear of it.
        if (process.listenerCount(name) === 0) process.kill(process.pid, name);
      };
      return [name, handle] as const;
    });
  for (const [name, handle] of handlers) process.on(name, handle);
  try {
    return await connect(options);
  } finally {
    for (const [name, handle] of handlers) process.off(name, handle);
  }
}

const ignoredAtStart = ignoredSignals(process.env);

const host: Host = {
  // Asked for by few commands, and opening it takes its time.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  home: findHome() ?? '',
  program: process.argv[1] ?? '',
  daemonProgram: programBeside(),
  cwd: () => workingDirectory(process.env),
  realCwd: realWorkingDirectory,
  lostCwd: () => lostDirectory(process.env),
  now: Date.now,
  connect: connectOrEnd,
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
  endUnread() {
    endsUnread = true;
    if (unwritten) process.exit(EXIT.ok);
  },
};

for (const name of ignoredAtStart) process.on(name, ignored);
process.on('SIGINT', interrupted);
process.stdout.on('error', unread);
// Of standard error nobody can be told.
process.stderr.on('error', ignored);

process.exitCode = await run(process.argv.slice(2), host);
