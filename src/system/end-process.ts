/** Ending the process: which signals mean that, and how it is done where a thread waits for a disk that never answers. */
import { setTimeout as delay } from 'node:timers/promises';

/** How long the disk may take for what is under way. Milliseconds. */
export const GRACE_MS = 500;
const PAUSE_MS = 10;

/** A signal that comes again this soon is the same wish. Milliseconds. */
const SAME_WISH_MS = 500;

/**
 * Ends the process with a code.
 *
 * `process.exit` waits for the threads that work on files, and so for ever where a disk or a server hangs; a signal
 * does not: then the process is dead, and what it has open stays open for as long as the disk does not answer. What is on
 * its way to the disk is not acknowledged, so that this loses no more than a kill does.
 *
 * @param lastly closes what nobody must find open then; it must not wait for a disk itself
 */
export async function endProcess(code: number, lastly: () => void = () => undefined): Promise<never> {
  // Whoever is first decides.
  process.exitCode ??= code;
  let isLast = false;
  for (const end = performance.now() + GRACE_MS; waitsForDisk(); await delay(PAUSE_MS)) {
    if (performance.now() < end) continue;
    process.removeAllListeners('SIGTERM');
    if (!isLast) lastly();
    isLast = true;
    // The one that service managers do not take for a crash.
    process.kill(process.pid, 'SIGTERM');
  }
  process.exit();
}

function waitsForDisk(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}

/**
 * Tells a wish to end from its repetition, which forces it, by when each signal arrives.
 *
 * `timeout` signals its command and then the group, which the command is in; npm and others pass on a Ctrl-C that the
 * terminal has sent to everybody. Both come as the same signal twice, at once, and mean one. Another signal, or the same
 * one later, is somebody who has lost patience.
 *
 * @param now milliseconds of a clock that is never set
 */
export class EndSignals {
  readonly #now: () => number;
  #first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** What a signal that has just arrived means. */
  heard(signal: NodeJS.Signals): 'end' | 'same' | 'force' {
    const at = this.#now();
    if (!this.#first) {
      this.#first = { signal, at };
      return 'end';
    }
    return signal === this.#first.signal && at - this.#first.at < SAME_WISH_MS ? 'same' : 'force';
  }
}
