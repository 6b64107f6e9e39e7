/** An older daemon than this client: whether to have it replaced, and how. */
import { hostname } from 'node:os';
import type { Paths } from '../../src/paths.ts';
import type { Result } from '../../src/protocol/methods.ts';
import { isNewerRelease } from '../service/version.ts';
import { BUILD, VERSION } from '../../src/version.ts';
import { isEnding } from '../errors.ts';
import type { Greeted } from './greet.ts';
import type { Starter } from './starter.ts';
import { isSameDirectory, isSeen, isSomebodysEnd } from './here.ts';

/**
 * Whether a daemon is to be restarted: it is older than this client, older than what would be started in its place,
 * and was started by a client or a service manager. An earlier build of the same version is older, too; so two
 * installations that are used in turn replace each other's daemon once, and not for ever. An older client never ends
 * a newer daemon, and a newer client that cannot bring a newer daemon leaves the old one alone. So does any client one
 * of another machine, whose place the one that is started here would take, and one that serves other data.
 */
export async function wantsUpgrade(
  { connection, hello }: Greeted,
  successor: Pick<Starter, 'release' | 'serviced'>,
  paths: Paths,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isNewerRelease({ version: VERSION, build: BUILD }, hello)) return false;
  if (!isNewerRelease(successor.release, hello)) return false;
  if (hello.host !== undefined && hello.host !== hostname()) return false;
  if (!successor.serviced && isSomebodysEnd(paths)) return false;
  try {
    const status = (await connection.request('daemon.status', {}, { signal })) as Result<'daemon.status'>;
    if (!isSeen(status) || !(await isSameDirectory(status.data_dir, paths.dataDir))) return false;
    const { manager } = status;
    return manager === 'spawned' || (successor.serviced && manager !== 'foreground');
  } catch (error) {
    if (isEnding(error)) return true;
    throw error;
  }
}

/** Has a daemon drain: what it was asked is answered, and everybody connects to its successor. */
export async function retire({ connection }: Greeted, signal: AbortSignal): Promise<void> {
  try {
    const reason = `upgrade to ${VERSION}${BUILD ? `, build ${BUILD.id}` : ''}`;
    await connection.request('daemon.shutdown', { reason }, { signal });
  } catch (error) {
    if (!isEnding(error)) throw error;
  }
  await connection.close();
}
