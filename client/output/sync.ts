/** Making sure that what a training has made survives a power cut, before anything points to it. */
import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open, opendir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isNowhere, systemCode } from '../../src/system/errors.ts';
import { NotPlainError, openPlainFile } from '../../src/system/plain-file.ts';

/** Files synced at a time: a disk takes a few at once, and a process has not many descriptors. */
const AT_ONCE = 8;

/** What the disk said of a file, and of which. */
export class SyncError extends Error {
  override readonly name = 'SyncError';
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`cannot write ${path} to the disk`, { cause });
    this.path = path;
  }
}

export interface SyncNews {
  /** After each file. */
  readonly synced: () => void;
  /** Of a file that may not be opened, nobody can say whether it is on the disk. */
  readonly refused: (path: string, error: unknown) => void;
  /** Ends it by throwing its reason: nobody needs the rest. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Syncs each regular file and directory of an output, and the two directories above it, up to the project's own. Nothing is
 * followed through a link; an output that is no directory any more is left to the daemon, which takes nothing of it.
 *
 * @param directory of the output, absolute
 * @throws {SyncError} as for a full disk
 */
export async function syncOutput(directory: string, news: SyncNews): Promise<void> {
  const trainings = dirname(directory);
  const found = entriesOf(directory, [trainings, dirname(trainings)]);
  const worker = async (): Promise<void> => {
    for await (const entry of found) {
      news.signal?.throwIfAborted();
      await sync(entry, news);
      news.synced();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

interface Entry {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** What there is to sync, while it is being looked for: an output may have a million files. */
async function* entriesOf(root: string, above: readonly string[]): AsyncGenerator<Entry> {
  for (const path of above) yield { path, isDirectory: true };
  const waiting = [root];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    yield { path: at, isDirectory: true };
    for await (const entry of inside(at)) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) yield { path, isDirectory: false };
    }
  }
}

async function* inside(directory: string): AsyncGenerator<Dirent> {
  let handle: FileHandle | undefined;
  try {
    // First without links, which opendir follows.
    handle = await openDirectory(directory);
    yield* await opendir(directory);
  } catch (error) {
    // Of what may not be opened the sync tells.
    if (!isGone(error) && !isForbidden(error)) throw new SyncError(directory, error);
  } finally {
    await handle?.close();
  }
}

async function sync({ path, isDirectory }: Entry, news: SyncNews): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = isDirectory ? await openDirectory(path) : (await openPlainFile(path, 'refuse')).handle;
  } catch (error) {
    if (isForbidden(error)) news.refused(path, error);
    else if (!isGone(error)) throw new SyncError(path, error);
    return;
  }
  try {
    await handle.sync();
  } catch (error) {
    throw new SyncError(path, error);
  } finally {
    await handle.close();
  }
}

function openDirectory(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** Something the trainer has left running may still be clearing up; a link in its place has nothing of its own. */
function isGone(error: unknown): boolean {
  return isNowhere(error) || systemCode(error) === 'ELOOP' || error instanceof NotPlainError;
}

/** As of what another user's container has made. */
function isForbidden(error: unknown): boolean {
  return systemCode(error) === 'EACCES' || systemCode(error) === 'EPERM';
}
