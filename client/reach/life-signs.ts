/** Whether a process that has not come up yet is at it, or stands still. */
import { readFileSync, statSync } from 'node:fs';

/** Far longer than `ps` takes. Milliseconds. */
const PS_MS = 2_000;

/**
 * What a starting daemon does is seen by two things: words in its log, which it adds to while it starts, and the time
 * that it had of a processor, which a machine that swaps gives to it by and by.
 */
export class LifeSigns {
  readonly #pid: number;
  readonly #log: string;
  #seen = '';
  #movedAt = performance.now();

  /** @param log where the process writes what it is at */
  constructor(pid: number, log: string) {
    this.#pid = pid;
    this.#log = log;
  }

  /** For how long nothing has been seen of it, in milliseconds: as exactly as one looks. */
  stillFor(): number {
    const times = process.platform === 'linux' ? fromProc(this.#pid) : fromPs(this.#pid);
    const seen = `${sizeOf(this.#log)} ${times}`;
    if (seen !== this.#seen) this.#movedAt = performance.now();
    this.#seen = seen;
    return performance.now() - this.#movedAt;
  }
}

function sizeOf(log: string): number {
  try {
    return statSync(log).size;
  } catch {
    // Somebody tidied up meanwhile.
    return 0;
  }
}

/** Its times in user and system mode, and what it had to wait for until the disk had it. */
function fromProc(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // After the name, which is in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [fields[9], fields[11], fields[12]].join(' ');
  } catch {
    // It has ended, or there is no /proc: its words are all that is known.
    return '';
  }
}

function fromPs(pid: number): string {
  // Loaded only here: a start that takes its usual time is never looked at.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { stdout } = spawnSync('/bin/ps', ['-o', 'time=', '-p', String(pid)], {
    encoding: 'utf8',
    timeout: PS_MS,
  });
  return stdout ?? '';
}
