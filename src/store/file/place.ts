/**
 * Where the registry file is. `registry.json` may be a link, which somebody may make, point elsewhere or break at any
 * time: it is followed anew at each look and at each write.
 */
import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { lstat, readlink, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ifMissing, leadsNowhere } from '../../system/errors.ts';
import { type Identity, identify, identifyNow } from '../../system/identity.ts';

export interface Place {
  /** The file to read, and to put another one in the place of: behind the link, where there is one. */
  readonly file: string;
  /** Whether a link leads there. */
  readonly linked: boolean;
  /** Where the link leads, when nothing is there. */
  readonly dangling: string | null;
}

/** A place, and the status of the file there; null when there is none. */
interface Found {
  readonly place: Place;
  readonly identity: Identity | null;
}

/**
 * Follows the link at a path, if there is one. Links on the way to it are left to the system: they are followed by
 * whatever is done with the path.
 *
 * @throws when that cannot be told, as without permission
 */
export async function locate(path: string): Promise<Found> {
  const status = await lstat(path, { bigint: true }).catch(ifMissing(null));
  if (!status?.isSymbolicLink()) return { place: plain(path), identity: status };
  let file: string;
  try {
    file = await realpath(path);
  } catch (error) {
    if (!leadsNowhere(error)) throw error;
    return { place: dangling(path, await readlink(path)), identity: null };
  }
  return { place: { file, linked: true, dangling: null }, identity: await identify(file) };
}

/** The same at once, for a look that must not be a moment old. */
export function locateNow(path: string): Found {
  const status = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (status?.isSymbolicLink() !== true) return { place: plain(path), identity: status ?? null };
  let file: string;
  try {
    file = realpathSync.native(path);
  } catch (error) {
    if (!leadsNowhere(error)) throw error;
    return { place: dangling(path, readlinkSync(path)), identity: null };
  }
  return { place: { file, linked: true, dangling: null }, identity: identifyNow(file) };
}

export function samePlace(a: Place, b: Place): boolean {
  return a.file === b.file && a.linked === b.linked && a.dangling === b.dangling;
}

/** The path itself: no link is there. */
export function plain(path: string): Place {
  return { file: path, linked: false, dangling: null };
}

function dangling(path: string, target: string): Place {
  return { file: path, linked: true, dangling: resolve(dirname(path), target) };
}
