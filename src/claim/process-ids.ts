/**
 * Whether a process id is a daemon's, before a person is advised to end it.
 *
 * A number that was noted, or that a daemon gives as its own, may be somebody else's here: the daemon was killed and the
 * number given to another process, or it lives in a container, where processes are counted anew. Client and daemon
 * share this file.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { resolvePaths } from '../paths.ts';

/** How to find a process whose number is not known. */
export const LOOK_FOR_DAEMON =
  'look for it with: ps ax | grep gardenerd, also in containers that share the directory';

/** Far longer than `ps` takes. Milliseconds. */
const PS_MS = 2_000;

interface Process {
  readonly uid: number;
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Its environment where that can be read, as on Linux. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Whether a process is a daemon of this user that serves this socket, as far as its command line and its environment
 * tell. False in doubt.
 */
export function isDaemonOf(pid: number, socket: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  const found = process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
  if (!found || found.uid !== process.getuid?.() || !isDaemon(found.words)) return false;
  const served = servedSocket(found);
  return served !== undefined && isSameFile(served, socket);
}

/** `node .../gardenerd.js ...` or `.ts`, or `node .../gardener daemon run ...`, whichever names links give to the programs. */
function isDaemon([program = '', ...rest]: readonly string[]): boolean {
  const runtimes = ['node', 'nodejs', basename(process.execPath)];
  if (!runtimes.includes(basename(program))) return false;
  const script = rest.findIndex((word) => !word.startsWith('-'));
  const name = basename(rest[script] ?? '').replace(/\.[jt]s$/, '');
  if (name === 'gardenerd') return true;
  return name === 'gardener' && rest.some((word, at) => word === 'daemon' && rest[at + 1] === 'run');
}

/** The socket that a daemon chooses with these arguments and this environment; undefined when that cannot be told. */
function servedSocket({ words, env }: Process): string | undefined {
  const home = env['HOME'];
  const given = flag(words, 'data-dir') || env['CODEBASE_GARDENER_DATA_DIR'];
  const dataDir = given || (home ? join(home, '.codebase-gardener') : undefined);
  try {
    return resolvePaths({ dataDir, socket: flag(words, 'socket') }, env).socket;
  } catch {
    // No daemon serves a path that is too long.
    return undefined;
  }
}

function flag(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(`--${name}`);
  if (at !== -1) return words[at + 1];
  const prefix = `--${name}=`;
  return words.find((word) => word.startsWith(prefix))?.slice(prefix.length);
}

function isSameFile(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    const [one, other] = [statSync(a), statSync(b)];
    return one.dev === other.dev && one.ino === other.ino;
  } catch {
    return false;
  }
}

function fromProc(pid: number): Process | undefined {
  const list = (name: string): string[] =>
    readFileSync(`/proc/${pid}/${name}`, 'utf8').split('\0').slice(0, -1);
  try {
    const env = list('environ').map((text): [string, string] => {
      const at = text.indexOf('=');
      return [text.slice(0, at), text.slice(at + 1)];
    });
    return { uid: statSync(`/proc/${pid}`).uid, words: list('cmdline'), env: Object.fromEntries(env) };
  } catch {
    // No such process, or one that is nobody's to look at.
    return undefined;
  }
}

/** Elsewhere than on Linux. Arguments with spaces fall apart here, so that such a daemon is not recognised. */
function fromPs(pid: number): Process | undefined {
  // Loaded only here: who names no process needs no other one.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const args = ['-ww', '-o', 'uid=', '-o', 'command=', '-p', String(pid)];
  const { status, stdout } = spawnSync('/bin/ps', args, { encoding: 'utf8', timeout: PS_MS });
  if (status !== 0) return undefined;
  const [uid, ...words] = stdout.trim().split(/\s+/);
  return { uid: Number(uid), words, env: {} };
}
