/** The system calls of a change, each as something to strike at. */
import type { Counted } from './counted.ts';
import { fileThreads, type SystemCall, traced } from './strace.ts';

/** A call: the nth of its name, on its path, since the change was asked for. */
export interface Target {
  readonly thread: 0 | 1;
  readonly name: string;
  /** Null for the temporary file, whose name is another each time. */
  readonly path: string | null;
  readonly nth: number;
  readonly purpose: string;
}

/**
 * How many more calls the watcher may make than it made when they were counted. It looks around now and then, in the
 * thread that it shares with the change, and so moves the numbers.
 */
const WATCHERS_SHARE = 2;

/** The calls of a change on files, found by watching one; those of the watcher are left out. */
export async function targetsOf(one: Counted): Promise<Target[]> {
  const targets: Target[] = [];
  const seen = new Set<string>();
  for (const thread of [0, 1] as const) {
    const { calls } = await traced((await fileThreads(one.daemon.pid))[thread], {}, () => one.change());
    for (const call of calls) {
      const { name, path: at, purpose } = call;
      // The main thread works on sockets, too.
      if (at === null || isWatchers(call, one) || seen.has(purpose)) continue;
      seen.add(purpose);
      // What is staged has another name each time.
      const path = /\.staged(\.\d+)?$/.test(at) ? null : at;
      const same = calls.filter((other) => other.name === name && (path === null || other.path === path));
      for (let nth = 1; nth <= same.length + WATCHERS_SHARE; nth += 1) {
        targets.push({ thread, name, path, nth, purpose });
      }
    }
  }
  return targets;
}

/** Makes something happen at a call, as `strace -e inject=` says it. */
export async function strike<T>(
  one: Counted,
  { thread, name, path, nth }: Target,
  what: string,
  during: () => Promise<T>,
): Promise<{ result: T; struck: readonly string[] }> {
  const threads = await fileThreads(one.daemon.pid);
  const inject = `${name}:${what}:when=${nth}`;
  const { result, calls } = await traced(threads[thread], { inject, path }, during);
  return { result, struck: calls.filter(({ tampered }) => tampered).map(({ purpose }) => purpose) };
}

function isWatchers({ name, line, path }: SystemCall, { dataDir, file }: Counted): boolean {
  // Both look whether it is a link.
  if (path === file) return false;
  if (name === 'read' || name === 'getdents64' || name === 'newfstatat' || line.includes('O_DIRECTORY'))
    return true;
  return line.includes('AT_SYMLINK_NOFOLLOW') && line.includes(`"${dataDir}/`) && !line.includes('.sock');
}
