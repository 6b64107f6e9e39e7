/**
 * System calls of a running daemon: seen, made to fail, held up, or made the last thing it does. strace counts the
 * calls of each thread by itself, so that a daemon to be traced gets one thread for its files ({@link ONE_THREAD}).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The environment of a daemon whose system calls come one after the other, in an order that can be repeated. */
export const ONE_THREAD: NodeJS.ProcessEnv = { UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' };

/** Calls on files; what threads and sockets do is left out. */
const FILE_CALLS =
  'openat,close,read,pread64,pwrite64,pwritev,fsync,fdatasync,ftruncate,stat,lstat,fstat,newfstatat,statx,getdents64,' +
  'chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown,utimensat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat';

export interface SystemCall {
  readonly name: string;
  /** The first path that it names, or that its descriptor is open for. */
  readonly path: string | null;
  /** Name and paths, with what differs from time to time left out: two calls with the same purpose look the same. */
  readonly purpose: string;
  readonly line: string;
  /** When it was made, in seconds; to be compared with calls of another thread. */
  readonly at: number;
  /** Whether it was made to fail, held up, or the last. */
  readonly tampered: boolean;
}

export interface Tampering {
  /** As for `strace -e inject=`, such as `fsync:error=EIO:when=1`; nothing by default. */
  readonly inject?: string;
  /** Only calls on this path are seen, counted and tampered with; default all. */
  readonly path?: string | null;
}

/**
 * Traces one thread while something happens.
 *
 * @returns what happened, and the calls on files in their order
 */
export async function traced<T>(
  thread: number,
  { inject, path }: Tampering,
  during: () => Promise<T>,
): Promise<{ result: T; calls: SystemCall[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'gardener-strace-'));
  const output = join(directory, 'calls');
  const tampering = [...(inject ? ['-e', `inject=${inject}`] : []), ...(path ? ['-P', path] : [])];
  const strace = spawn(
    'strace',
    ['-y', '-ttt', '-s', '16', '-o', output, '-e', `trace=${FILE_CALLS}`, ...tampering, '-p', String(thread)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const closed = once(strace, 'close');
  try {
    await attached(strace.stderr, closed);
    const result = await during();
    strace.kill('SIGINT');
    await closed;
    return { result, calls: parse(await readFile(output, 'utf8')) };
  } finally {
    strace.kill('SIGINT');
    await closed;
    await rm(directory, { recursive: true });
  }
}

async function attached(stderr: NodeJS.ReadableStream, closed: Promise<unknown>): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('attached')) resolve();
    });
    closed.then(() => reject(new Error(`strace ended: ${said}`)), reject);
  });
}

/**
 * The threads of a daemon that work on files: its main thread, and the one for files, which libuv starts after all
 * others.
 *
 * @param pid of a daemon started with {@link ONE_THREAD}
 */
export async function fileThreads(pid: number): Promise<readonly [main: number, files: number]> {
  const threads = (await readdir(`/proc/${pid}/task`)).map(Number);
  return [pid, Math.max(...threads)];
}

function parse(text: string): SystemCall[] {
  return text.split('\n').flatMap((line) => {
    const [, at, name] = /^([\d.]+) (\w+)\(/.exec(line) ?? [];
    if (name === undefined) return [];
    // What a call gave is not what it was for.
    const given = line.replace(/\) += [^=]*$/, '');
    const paths = [...given.matchAll(/<(\/[^>]*)>|"([^"]*)"/g)].map(([, open, named]) => open ?? named ?? '');
    const relevant = paths
      .filter((path) => path.startsWith('/'))
      .map((path) => path.replace(/\.[0-9a-f]{12}\.staged/, '.X.staged').replace(/\.\d{5,}$/, '.N'));
    return [
      {
        name,
        path: paths.find((path) => path.startsWith('/') && path !== process.cwd()) ?? null,
        // After an error that it does not expect of statx, libuv goes on with its predecessors.
        purpose: [/stat/.test(name) ? 'stat' : name, ...relevant].join(' '),
        line,
        at: Number(at),
        tampered: /\((INJECTED|DELAYED)\)/.test(line) || line.includes('+++ killed'),
      },
    ];
  });
}
