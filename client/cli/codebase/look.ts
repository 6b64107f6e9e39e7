/** Looking at a path where one that is not there, or may not be looked at, tells nothing. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';

export async function statusOf(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined);
}

export async function isDirectory(path: string): Promise<boolean> {
  return (await statusOf(path))?.isDirectory() ?? false;
}
