/** The file of a history, which is written when nobody waits for it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';

/** Waits until a training is in it, with all that is found out after it has ended; gives the file. */
export async function untilKept(trainings: string, token: number): Promise<string> {
  const file = join(trainings, 'history.json');
  const complete = new RegExp(`"token": ${token}[^]*?"bytes": \\d`);
  await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toMatch(complete);
  return file;
}
