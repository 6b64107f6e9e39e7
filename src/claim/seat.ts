/** What makes a process the daemon: its socket, and its data directory. */
import { dirname } from 'node:path';
import type { Logger } from '../log.ts';
import type { Paths } from '../paths.ts';
import { type AlreadyRunning, type Claim, claimSocket } from './claim.ts';
import { refuseLinksForRoot } from './for-root.ts';
import { adoptSocket, type InheritedSocket } from './inherited.ts';
import { KeepYoung } from './keep-young.ts';
import { Ownership } from './owner.ts';
import { checkDataDirectory, keepToUser, prepareRunDirectory } from './private-directory.ts';

/** How often the daemon makes sure that it still is the daemon, in milliseconds. */
const HEARTBEAT_MS = 3_000;

export interface Seat {
  readonly claim: Claim;
  readonly ownership: Ownership;
  /** With the socket where it really is. */
  readonly paths: Paths;
  /** Who handed the socket over; null where it is the daemon's own. */
  readonly manager: InheritedSocket['manager'] | null;
  /** Directories that others could write to. */
  readonly madePrivate: readonly string[];
}

/**
 * Takes the seat, unless somebody has it.
 *
 * @throws {UnsafeDirectoryError | ClaimError} with what to do
 * @throws system errors where the data directory cannot be used
 */
export async function takeSeat(
  told: Paths,
  inherited: InheritedSocket | null,
): Promise<Seat | AlreadyRunning> {
  checkDataDirectory(told.dataDir);
  refuseLinksForRoot(told);
  const madePrivate: string[] = [];
  for (const [directory, purpose] of [
    [dirname(told.logFile), 'the logs'],
    [told.backupsDir, 'the backups'],
    [told.trashDir, 'what was removed'],
    [told.undoDir, 'what can be taken back'],
  ] as const)
    if (await keepToUser(directory, purpose)) madePrivate.push(directory);
  await prepareRunDirectory(dirname(told.socket));
  const adopted = inherited && (await adoptSocket(inherited, told.socket));
  const claim = adopted ?? (await claimSocket(told.socket));
  if ('alreadyRunning' in claim) return claim;
  const paths = { ...told, socket: claim.path };
  try {
    const ownership = await Ownership.take(paths, claim);
    return { claim, ownership, paths, manager: adopted && inherited.manager, madePrivate };
  } catch (error) {
    claim.server.close();
    await claim.release();
    throw error;
  }
}

/**
 * Makes sure every few seconds that the seat is still this process's, and that nothing of it is removed for its age.
 *
 * @param lost called with the reason when it is not
 * @returns what ends that
 */
export function keepSeat({ claim, ownership }: Seat, lost: (why: string) => void, log: Logger): () => void {
  const young = new KeepYoung(claim.files);
  const beat = async (): Promise<void> => {
    try {
      const why = await ownership.lost();
      if (why !== null) return lost(why);
    } catch (error) {
      log.error({ err: error }, 'cannot check whether this daemon still serves the data directory');
    }
    await young.tick().catch((error: unknown) => {
      log.warn({ err: error }, 'cannot keep the socket from being removed for its age');
    });
  };
  const heartbeat = setInterval(() => void beat(), HEARTBEAT_MS);
  return () => clearInterval(heartbeat);
}

/** Gives the seat up; a successor's stays as it is. Connections are not touched. */
export async function leaveSeat({ claim, ownership }: Seat): Promise<void> {
  await ownership.release();
  await claim.release();
}
