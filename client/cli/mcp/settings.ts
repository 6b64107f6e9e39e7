/** A file of another program's settings: read as it is, and replaced as a whole, with what it was beside it. */
import { existsSync } from 'node:fs';
import { lstat, mkdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { errorCode, isMissing, systemReason } from '../../../src/system/errors.ts';
import { readSmallFile, UnfitFile } from '../../../src/system/small-file.ts';
import { UnfitSettings } from './format.ts';

/** Some programs keep more than settings in theirs. */
const MAX_BYTES = 64 * 1024 * 1024;
const MEANWHILE = 'it has changed meanwhile, and is as somebody else has left it';

/** What became of a file. */
export interface Change {
  readonly changed: boolean;
  /** Where it is as it was; null for one that was not there, or is as it was. */
  readonly backup: string | null;
}

/**
 * Changes the text of a file, which need not be there. A link to it stays, and so does its mode.
 *
 * @param edit gives the new text, of one that begins with a byte order mark where the file does; the same text where
 *   nothing is to be done
 * @param now milliseconds since the epoch, for the name of the backup
 * @throws {UnfitSettings} for a file that is left alone
 */
export async function changeSettings(
  file: string,
  edit: (text: string) => string,
  now: number,
): Promise<Change> {
  const target = await behindLinks(file);
  const before = await readBytes(target);
  const text = decoded(before ?? Buffer.alloc(0));
  const after = edit(text);
  if (after === text) return { changed: false, backup: null };
  try {
    if (!before) {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await create(target, after, 0o600);
      return { changed: true, backup: null };
    }
    const backup = `${target}.${new Date(now).toISOString().replaceAll(/[-:]/g, '')}.bak`;
    await create(backup, before, (await stat(target)).mode & 0o777);
    try {
      // A program that runs may have saved its own meanwhile.
      if (!(await readBytes(target))?.equals(before)) throw new UnfitSettings('file', MEANWHILE);
      await writeFileAtomic(target, after);
    } catch (error) {
      await rm(backup);
      throw error;
    }
    return { changed: true, backup };
  } catch (error) {
    throw error instanceof UnfitSettings ? error : unfit(error);
  }
}

/** Writes a file that is not there. @throws {UnfitSettings} where one is there by now */
async function create(path: string, content: string | Buffer, mode: number): Promise<void> {
  // Made before anything is written to it: what fails on the way may be taken away again.
  await writeFile(path, '', { flag: 'wx', mode }).catch((error: unknown) => {
    throw errorCode(error) === 'EEXIST' ? new UnfitSettings('file', MEANWHILE, { cause: error }) : error;
  });
  try {
    await writeFile(path, content);
  } catch (error) {
    await rm(path);
    throw error;
  }
}

function unfit(cause: unknown, before = ''): UnfitSettings {
  return new UnfitSettings('file', before + systemReason(cause), { cause });
}

/** Where the file itself is. @throws {UnfitSettings} for a link that leads nowhere, in whose place a file would be put */
async function behindLinks(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (!isMissing(error)) throw unfit(error);
    for (const [place, what] of [
      [file, 'it'],
      [dirname(file), 'its directory'],
    ] as const) {
      const status = await lstat(place).catch(() => undefined);
      if (status?.isSymbolicLink() && !existsSync(place))
        throw new UnfitSettings('file', `${what} is a link that leads nowhere`, { cause: error });
    }
    return file;
  }
}

async function readBytes(file: string): Promise<Buffer | undefined> {
  try {
    const bytes = await readSmallFile(file, MAX_BYTES, 'latin1');
    return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1');
  } catch (error) {
    if (!(error instanceof UnfitFile)) throw error;
    const why = error.cause === undefined ? '' : `: ${systemReason(error.cause)}`;
    throw new UnfitSettings('file', `it ${error.message}${why}`, { cause: error });
  }
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new UnfitSettings('text', 'it is no UTF-8', { cause: error });
  }
}
