/** Whether a daemon serves the files that are looked at here: a socket may lead to another machine. */
import { hostname } from 'node:os';
import type { Result } from '../../src/protocol/methods.ts';
import { isSameDirectory, isSeen } from '../reach/here.ts';
import type { Context } from './context.ts';
import { LocalError } from './errors.ts';
import { type Diagnosis, warning } from './doctor/finding.ts';
import { printable, shellWord } from './terminal/text.ts';

/** Of a daemon; earlier ones do not tell their machine, and only `daemon.status` tells the directory and the socket. */
type Told = Partial<Pick<Result<'daemon.status'>, 'host' | 'home' | 'data_dir' | 'socket' | 'pid'>>;

/** A daemon that has other files than those that are meant here. */
export interface Elsewhere {
  /** In words, such as `on another machine, build7`. */
  readonly where: string;
  /** Where they are, if that is on this machine; its paths are paths here only then. */
  readonly directory: string | null;
}

/** Null for a daemon of this machine that serves the data directory that is meant here, as far as it tells. */
export async function elsewhere(ctx: Context, told: Told): Promise<Elsewhere | null> {
  const { host, home, data_dir: directory } = told;
  const away = (where: string): Elsewhere => ({ where: `on another machine${where}`, directory: null });
  if (host !== undefined && host !== hostname()) return away(`, ${printable(host)}`);
  const { dataDir } = ctx.paths;
  // Machines may have one name, as those that were made from one image, and the same homes and directories.
  if (!isSeen(told)) return away(': what it has noted about itself beside its socket is not here');
  if (directory !== undefined && (await isSameDirectory(directory, dataDir))) return null;
  // A person may have several homes: here that only tells about another directory.
  if (home !== undefined && home !== ctx.host.home && (directory !== undefined || ctx.socketAlone))
    return away(`, or another person's: its home is ${printable(home)}`);
  return directory === undefined ? null : { where: `serving ${printable(directory)}`, directory };
}

export function elsewhereFinding({ where, directory }: Elsewhere, socket: string): Diagnosis {
  return warning(
    'daemon.elsewhere',
    `that daemon is ${where}; no files here were looked at, nor compared with what it says`,
    directory === null
      ? 'gardener doctor there, and here without --socket and CODEBASE_GARDENER_SOCKET'
      : `gardener doctor --data-dir ${shellWord(directory)} --socket ${shellWord(socket)}`,
  );
}

/** What is to be done by hand on another machine, where paths of the same names may be something else here. */
export function adviseThere(finding: Diagnosis): Diagnosis {
  if (finding.remedy === undefined || finding.fix) return finding;
  return { ...finding, remedy: `there: ${finding.remedy}` };
}

/**
 * Refuses what can only be done where the daemon's files are.
 *
 * @param what cannot be done
 * @param command to be run there
 * @throws {LocalError}
 */
export function requireHere(place: Elsewhere | null, what: string, command: string): void {
  if (place?.directory !== null) return;
  throw new LocalError(`cannot ${what}: the daemon is ${place.where}`, `${command} there`);
}

/** Says that a path was given to a daemon which may have something else of that name. */
export function warnElsewhere(ctx: Context, place: Elsewhere | null, path: string): void {
  if (place) ctx.note(`warning: the daemon is ${place.where}; it takes ${printable(path)} for a path there`);
}
