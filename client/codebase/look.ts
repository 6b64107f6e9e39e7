/** Looking at a path where one that is not there, or may not be looked at, tells nothing. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isNowhere } from '../../src/system/errors.ts';

export async function statusOf(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined);
}

export async function isDirectory(path: string): Promise<boolean> {
  return (await statusOf(path))?.isDirectory() ?? false;
}

/** Why a path is no directory; undefined where it is one, or may be: what may not be looked at may well be there. */
export async function directoryFault(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isDirectory() ? undefined : 'it is no directory';
  } catch (error) {
    // macOS protects some folders from some programs.
    return isNowhere(error) ? 'there is no such directory' : undefined;
  }
}

/** Whether there is a directory, or may be one. */
export async function isThere(path: string): Promise<boolean> {
  return (await directoryFault(path)) === undefined;
}
