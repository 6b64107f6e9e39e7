/** Whether a process is still there. */
import { readFile } from 'node:fs/promises';
import { errorCode, isMissing } from '../../../src/system/errors.ts';

/**
 * True when no such process exists, or only its entry waits to be collected: in a container nobody may ever do
 * that. A process of somebody else counts as there.
 */
export async function isGone(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return true;
    return false;
  }
  if (process.platform !== 'linux') return false;
  try {
    // After the name, which is in parentheses and may hold anything.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch (error) {
    return isMissing(error) || errorCode(error) === 'ESRCH';
  }
}
