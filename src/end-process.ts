/** Ending the process, also where a thread waits for a disk that never answers. */
import { setTimeout as delay } from 'node:timers/promises';

/** How long the disk may take for what is under way. Milliseconds. */
const GRACE_MS = 500;
const PAUSE_MS = 10;

/**
 * Ends the process with a code.
 *
 * `process.exit` waits for the threads that work on files, and so for ever where a disk or a server hangs; a signal
 * does not. What is on its way to the disk is not acknowledged, so that this loses no more than a kill does.
 */
export async function endProcess(code: number): Promise<never> {
  // Whoever is first decides.
  process.exitCode ??= code;
  for (const end = performance.now() + GRACE_MS; waitsForDisk(); await delay(PAUSE_MS)) {
    if (performance.now() < end) continue;
    process.removeAllListeners('SIGTERM');
    // The one that service managers do not take for a crash.
    process.kill(process.pid, 'SIGTERM');
  }
  process.exit();
}

function waitsForDisk(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}
