/**
 * Which signals were ignored when this process was started, as far as that can be told.
 *
 * `nohup`, and `trap '' HUP` of a shell, have a program started with a signal ignored, and it is to stay so. Node gives
 * every signal its default action before any of our code runs, so the system has forgotten; what is left are traces. A
 * shell script that looks and then runs Node would know, but Debian's shell drops the variables whose names it does not
 * like, and a trainer would miss them.
 */
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { constants as system } from 'node:os';
import { isatty } from 'node:tty';

/**
 * Those that a shell ignores only where its programs are to ignore them too; others, such as SIGTERM, every
 * interactive shell ignores for itself, and SIGINT whatever waits for a program in `system(3)`.
 */
const INHERITED = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** To be asked at the start: a parent may end, and a terminal close. */
export function ignoredSignals(env: NodeJS.ProcessEnv): ReadonlySet<NodeJS.Signals> {
  const ignored = new Set<NodeJS.Signals>(ignoredByParent());
  if (isNohup(env)) ignored.add('SIGHUP');
  return ignored;
}

/**
 * Where the parent is a shell with `trap '' HUP`. Linux only. A shell that has given its process to this one (`exec`) left
 * no trace: nothing but the process itself knew, until Node began.
 */
function ignoredByParent(): NodeJS.Signals[] {
  const status = readStatus();
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (mask === undefined) return [];
  const bits = BigInt(`0x${mask}`);
  return INHERITED.filter((name) => (bits >> BigInt(system.signals[name] - 1)) & 1n);
}

function readStatus(): string {
  if (process.platform !== 'linux') return '';
  try {
    return readFileSync(`/proc/${process.ppid}/status`, 'latin1');
  } catch {
    // No /proc, or it is not for us: nothing is known, as elsewhere.
    return '';
  }
}

/**
 * Shells name the program that they ran in `_`. Where they do not: who has a terminal and yet has taken it from all its
 * streams, as nohup does (macOS' leaves standard input), is not to end with it.
 */
function isNohup(env: NodeJS.ProcessEnv): boolean {
  if (/(?:^|\/)nohup$/.test(env['_'] ?? '')) return true;
  const streams = process.platform === 'darwin' ? [1, 2] : [0, 1, 2];
  return streams.every((stream) => !isatty(stream)) && hasTerminal();
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK));
    return true;
  } catch {
    // ENXIO where there is none; whatever else it is, nobody can close it.
    return false;
  }
}
