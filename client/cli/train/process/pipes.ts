/**
 * Pipes to a program.
 *
 * Named ones, made in a directory that is gone before the program runs: what Node makes itself are sockets, and a
 * program cannot open those again as `/dev/stderr` or `/dev/fd/3`, as shell scripts like to.
 */
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemReason } from '../../../../src/system/errors.ts';
import { LocalError } from '../../errors.ts';

export interface Pipe {
  /** What the program writes comes out here. */
  readonly source: Socket;
  /** A descriptor for the program. */
  readonly sink: number;
  /** Closes this process's copy of {@link Pipe.sink}; the source ends when the program has closed its own. */
  handOver(): void;
}

/** @throws {LocalError} when the temporary directory takes none */
export async function makePipes<N extends string>(...names: readonly N[]): Promise<Record<N, Pipe>> {
  const directory = await mkdtemp(join(tmpdir(), 'gardener-')).catch(fail);
  try {
    const paths = names.map((name) => join(directory, name));
    await makeFifos(paths).catch(failToMake);
    const pipes = names.map((name) => [name, openPipe(join(directory, name))] as const);
    return Object.fromEntries(pipes) as Record<N, Pipe>;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** By the umask and not by `mkfifo -m`, which GNU's changes afterwards, and cannot where /proc is not mounted. */
function makeFifos(paths: readonly string[]): Promise<unknown> {
  const before = process.umask(0o177);
  try {
    return promisify(execFile)('mkfifo', paths);
  } finally {
    process.umask(before);
  }
}

function openPipe(path: string): Pipe {
  // The reading end first, and without waiting for the other one.
  const source = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const sink = openSync(path, 'w');
  return {
    source: new Socket({ fd: source, readable: true, writable: false }),
    sink,
    handOver: () => closeSync(sink),
  };
}

function failToMake(error: unknown): never {
  const { syscall, stderr } = error as NodeJS.ErrnoException & { readonly stderr?: string };
  // What it says of the first of them, without its own name.
  const [said = ''] = (stderr ?? '').split('\n');
  if (!syscall?.startsWith('spawn')) fail(said === '' ? error : new Error(said.replace(/^\S*mkfifo: /, '')));
  // Not the directory's fault: the program itself could not be started.
  throw new LocalError(
    `cannot make a pipe: mkfifo cannot be run: ${systemReason(error)}`,
    'a PATH with mkfifo on it, which every system has (coreutils)',
    error,
  );
}

function fail(error: unknown): never {
  throw new LocalError(
    `cannot make a pipe in ${tmpdir()}: ${systemReason(error)}`,
    'another place: TMPDIR=<directory> gardener …',
    error,
  );
}
