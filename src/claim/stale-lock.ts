/** Locks that the library waits for in vain: it tells by the clock how old they are, and takes everything for one. */
import { lstat, readdir, utimes } from 'node:fs/promises';
import { ifMissing, isMissing } from '../system/errors.ts';

/** What was seen of each lock that was held, and since when: by a clock that nobody sets, in milliseconds. */
const seen = new Map<string, { readonly status: string; readonly since: number }>();

/** Whether something else than a lock, which is an empty directory, has the name of one: it is somebody's. */
export async function isInTheWay(lock: string): Promise<boolean> {
  const isOther = async () => !(await lstat(lock)).isDirectory() || (await readdir(lock)).length > 0;
  return await isOther().catch(ifMissing(false));
}

/**
 * Makes a held lock look as old as it is. Whoever holds one renews it; where the clock was set back, one that was left
 * has a time in the future, and would look new until that has come.
 *
 * To be called at each vain attempt.
 *
 * @param staleAfter for how long nobody has renewed a lock that is left, in milliseconds
 */
export async function ageLock(lock: string, staleAfter: number): Promise<void> {
  try {
    const { ino, mtimeNs } = await lstat(lock, { bigint: true });
    const status = `${ino} ${mtimeNs}`;
    const before = seen.get(lock);
    if (before?.status !== status) seen.set(lock, { status, since: performance.now() });
    else if (performance.now() - before.since > staleAfter) await utimes(lock, 0, 0);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
