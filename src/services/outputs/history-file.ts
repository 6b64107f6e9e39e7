/** The file of a history: `<data>/projects/<id>/trainings/history.json`. Whatever else has its name is not read. */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ended } from '../../domain/training/history.ts';
import { MAX_HISTORY_BYTES, readHistory, writeHistory } from '../../domain/training/kept-history.ts';
import { TRAININGS } from '../../domain/training/output.ts';
import { errorCode, isMissing, isNowhere } from '../../system/errors.ts';
import { readSmallFile, UnfitFile } from '../../system/small-file.ts';
import { inDirectory } from '../trash/open-directory.ts';

const NAME = 'history.json';
/** What was found there and is no history. */
const SET_ASIDE = 'history-unusable.json';
/** One daemon writes, and one at a time. */
const STAGED = 'history.json.staged';

/** What a file has of a history. */
export interface Kept {
  readonly history: readonly Ended[];
  /** What is wrong with it; null for nothing. */
  readonly fault: string | null;
  /** Whether it is no history at all. */
  readonly unusable: boolean;
}

/**
 * @param own the project's own directory
 * @throws the system's error where it cannot be told
 */
export async function readKept(own: string): Promise<Kept> {
  const unusable = (fault: string): Kept => ({ history: [], fault, unusable: true });
  try {
    const content = await inDirectory(join(own, TRAININGS), (trainings) =>
      readSmallFile(trainings.at(NAME), MAX_HISTORY_BYTES, 'utf8', 'refuse'),
    );
    if (content === undefined) return { history: [], fault: null, unusable: false };
    const read = readHistory(content);
    if (!read) return unusable('is no history');
    const fault = read.unusable > 0 ? `has ${read.unusable} entries that cannot be used` : null;
    return { history: read.history, fault, unusable: false };
  } catch (error) {
    if (isNowhere(error)) return { history: [], fault: null, unusable: false };
    if (errorCode(error) === 'ELOOP') return unusable('lies behind a link');
    if (error instanceof UnfitFile && !error.cause) return unusable(error.message);
    throw error instanceof UnfitFile ? error.cause : error;
  }
}

/**
 * Replaces the file, whole whatever happens; makes nothing for a project that has no directory.
 *
 * @param sets aside what is there, which is no history
 * @throws the system's error
 */
export async function writeKept(own: string, history: readonly Ended[], setAside: boolean): Promise<void> {
  await mkdir(join(own, TRAININGS), { mode: 0o700 }).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  await inDirectory(join(own, TRAININGS), async (trainings) => {
    if (setAside) await rename(trainings.at(NAME), trainings.at(SET_ASIDE)).catch(unlessMissing);
    const staged = trainings.at(STAGED);
    await rm(staged, { force: true });
    const handle = await open(staged, 'wx', 0o600);
    try {
      await handle.writeFile(writeHistory(history));
      // A file whose name survives a power cut and whose content does not would be no history.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(staged, trainings.at(NAME));
  });
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
