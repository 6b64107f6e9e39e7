/** How much a directory holds. Links are not followed; a disk is asked little at a time. */
import type { Dir } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, ifMissing } from '../../system/errors.ts';
import { type Lane, NoAnswerError } from '../lane.ts';

/** Looked at in one question. */
const PORTION = 256;
/** More than any training makes: what has more is not counted. */
const MAX_ENTRIES = 200_000;

/**
 * The bytes of the files in a directory, however deep; 0 only where nothing is in it, not even an empty file.
 *
 * @param except a name in it that does not count
 * @returns null where it cannot be told
 */
export async function bytesIn(directory: string, except: string, lane: Lane): Promise<number | null> {
  let [bytes, entries, isAny] = [0, 0, false];
  const waiting = [directory];
  try {
    const status = await lane.ask(() => lstat(directory).catch(ifMissing(null)));
    if (status === null) return 0;
    // What a trainer has put in the place of its output may lead anywhere.
    if (!status.isDirectory()) return null;
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const path = next;
      const open = await lane.ask(() => opendir(path, { bufferSize: PORTION }));
      try {
        for (let isMore = true; isMore && entries < MAX_ENTRIES;) {
          const portion = await lane.ask(() => portionOf(open, path));
          isMore = portion.count === PORTION;
          entries += portion.count;
          const files = portion.files.filter(({ name }) => path !== directory || name !== except);
          isAny ||= files.length > 0;
          for (const { size } of files) bytes += size;
          waiting.push(...portion.directories);
        }
      } finally {
        await open.close();
      }
    }
    return entries < MAX_ENTRIES ? Math.max(bytes, isAny ? 1 : 0) : null;
  } catch (error) {
    // Also where something goes meanwhile: it is looked at again.
    if (error instanceof NoAnswerError || errorCode(error) !== undefined) return null;
    throw error;
  }
}

async function portionOf(open: Dir, path: string) {
  const files: { readonly name: string; readonly size: number }[] = [];
  const directories: string[] = [];
  let count = 0;
  for (; count < PORTION; count += 1) {
    const entry = await open.read();
    if (!entry) break;
    if (entry.isDirectory()) directories.push(join(path, entry.name));
    else {
      const { size } = await lstat(join(path, entry.name));
      files.push({ name: entry.name, size });
    }
  }
  return { files, directories, count };
}
