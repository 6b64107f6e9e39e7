/**
 * What a trainer printed, of an output that goes. It waits beside the output, under a name that is known, until that is
 * gone, and then has its place. A daemon that is killed in between leaves what the next one finishes.
 */
import { lstat, mkdir, rename, rmdir } from 'node:fs/promises';
import { tokenOf, TRAINER_LOG } from '../../domain/training/output.ts';
import { errorCode, isMissing, isNowhere } from '../../system/errors.ts';
import { inDirectory, type OpenDirectory } from '../trash/open-directory.ts';

const SUFFIX = '.kept';

/** The token of the output whose log waits under a name; null for another name. */
export function waitingFor(name: string): number | null {
  return name.endsWith(SUFFIX) ? tokenOf(name.slice(0, -SUFFIX.length)) : null;
}

/** Takes the log out of an output that has one. */
export async function takeOut(trainings: OpenDirectory, token: number): Promise<void> {
  const waiting = trainings.at(token + SUFFIX);
  await unlessElse(
    inDirectory(trainings.at(String(token)), async (output) => {
      await lstat(output.at(TRAINER_LOG));
      await mkdir(waiting, { mode: 0o700 }).catch(unless('EEXIST'));
      await inDirectory(waiting, (kept) => rename(output.at(TRAINER_LOG), kept.at(TRAINER_LOG)));
    }),
  );
}

/** Gives it the place of the output, or back to one that stayed. */
export async function putBack(trainings: OpenDirectory, token: number): Promise<void> {
  const waiting = trainings.at(token + SUFFIX);
  const place = trainings.at(String(token));
  if (await isMissingAt(place)) {
    await rename(waiting, place).catch(unless('ENOENT'));
    return;
  }
  await unlessElse(
    inDirectory(waiting, (kept) =>
      inDirectory(place, async (output) => {
        if (await isMissingAt(output.at(TRAINER_LOG)))
          await rename(kept.at(TRAINER_LOG), output.at(TRAINER_LOG)).catch(unless('ENOENT'));
      }),
    ),
  );
  await rmdir(waiting).catch(unless('ENOENT'));
}

/** What is missing, or something else than a directory, has no log. */
async function unlessElse(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isNowhere(error) && errorCode(error) !== 'ELOOP') throw error;
  });
}

async function isMissingAt(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => false,
    (error: unknown) => {
      if (isMissing(error)) return true;
      throw error;
    },
  );
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (errorCode(error) !== code) throw error;
  };
}
