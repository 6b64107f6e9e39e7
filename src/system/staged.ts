/** The names under which contents wait to become files, and what killed processes leave of them. */
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Enough that nobody guesses the next name, nor takes the same one. */
const RANDOM_BYTES = 6;

/**
 * What staged files are called, the temporary ones with which write-file-atomic makes them, and both as earlier
 * versions called them: without a part by chance.
 */
const STAGED = new RegExp(`^(.+?)(?:\\.[0-9a-f]{${2 * RANDOM_BYTES}})?\\.staged(?:\\.\\d+)?$`);

/**
 * A new name under which content waits to become `file`. It is nobody else's: two processes that staged under one name
 * would each rename the other's bytes, and a link of a name that is known beforehand would be followed.
 */
export function stagedName(file: string): string {
  return `${file}.${randomBytes(RANDOM_BYTES).toString('hex')}.staged`;
}

/** The file that a content waited to become which is staged under this name; undefined for any other name. */
export function stagedFor(name: string): string | undefined {
  return STAGED.exec(name)?.[1];
}

/**
 * Removes what a killed process left of staging a file: the staged file and write-file-atomic's temporary ones.
 *
 * @param failed told of what cannot be removed, such as a directory of that name, which is in nobody's way; default nobody
 * @returns the names of what was removed
 */
export async function removeStaged(
  directory: string,
  isTarget: (name: string) => boolean,
  failed: (error: unknown) => void = () => undefined,
): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(directory)) {
    const target = stagedFor(name);
    if (target === undefined || !isTarget(target)) continue;
    try {
      await rm(join(directory, name), { force: true });
      removed.push(name);
    } catch (error) {
      failed(error);
    }
  }
  return removed;
}
