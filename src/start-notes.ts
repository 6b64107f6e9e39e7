/** What a daemon that a client has started writes to the log of starts while it is not up yet. */

/** Far longer than a start usually takes, and short enough for clients, to whom a start is under way for a second. */
const NOTE_EVERY_MS = 500;
/** Reading what there is of backups on a slow disk takes minutes; what takes longer waits for a disk that is dead. */
const LONGEST_START_MS = 300_000;

/**
 * Says twice a second that the daemon is still starting: clients then wait for it, start no other one, and leave it to
 * come up when their own time is up.
 *
 * @param write writes a line
 * @param never called with the reason when the start has taken so long that it will never end
 * @returns what ends that
 */
export function noteStart(write: (line: string) => void, never: (why: string) => void): () => void {
  const started = performance.now();
  const timer = setInterval(() => {
    write(`# ${new Date().toISOString()} process ${process.pid} is still starting\n`);
    if (performance.now() - started < LONGEST_START_MS) return;
    clearInterval(timer);
    never(`it has not come up within ${LONGEST_START_MS / 1000} s`);
  }, NOTE_EVERY_MS).unref();
  return () => clearInterval(timer);
}
