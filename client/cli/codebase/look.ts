/** Looking at a path where one that is not there, or may not be looked at, tells nothing. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isNowhere } from '../../../src/system/errors.ts';

export async function statusOf(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined);
}

export async function isDirectory(path: string): Promise<boolean> {
  return (await statusOf(path))?.isDirectory() ?? false;
}

/** Whether there is a directory, or may be one: what may not be looked at may well be there. */
export async function isThere(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    return !isNowhere(error);
  }
}
