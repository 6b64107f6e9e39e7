/** A directory that a person gave as a codebase, and what is in it. */
import { RegistryError } from '../../../src/domain/errors.ts';
import type { Context } from '../context.ts';
import { LocalError } from '../errors.ts';
import { nameFor } from '../../codebase/names.ts';
import { notesOf } from '../../codebase/files/notes.ts';
import { directoryFault } from '../../codebase/look.ts';
import { requireAnswer } from './disk-answer.ts';
import { withProgress } from '../terminal/progress.ts';
import { scan, type Scan } from '../../codebase/files/scan.ts';
import { plural, printable, shellWord, thousands } from '../terminal/text.ts';

/** Where a repository can be had, as git takes it. */
const ADDRESS = /^([a-z][a-z0-9+.-]*:\/\/|[\w.-]+@[\w.-]+:)/i;

/**
 * The directory as an absolute path in the person's spelling; links stay.
 *
 * @throws {LocalError} when its disk does not answer, and for an address
 * @throws {RegistryError} `source_path_missing` when there is no such directory, as the registry would say
 */
export async function codebaseAt(ctx: Context, text: string): Promise<string> {
  const path = ctx.absolute(text);
  await requireAnswer(path, ctx.shortPath(path));
  const fault = await directoryFault(path);
  if (fault !== undefined && ADDRESS.test(text)) {
    const name = nameFor(text.replace(/(\.git)?\/*$/, ''));
    throw new LocalError(
      `cannot use ${printable(text)}: it is an address, and no directory here`,
      `git clone ${shellWord(text)}, then gardener add ${shellWord(name)}`,
    );
  }
  if (fault !== undefined) {
    throw new RegistryError('source_path_missing', `cannot use ${printable(ctx.shortPath(path))}: ${fault}`, {
      source_path: path,
    });
  }
  return path;
}

/** Counts files and finds the language, with progress on a terminal and notes on what could not be read. */
export async function scanCodebase(ctx: Context, path: string): Promise<Scan> {
  let files = 0;
  const result = await withProgress(
    ctx.host,
    () => `counting files: ${thousands(files)}`,
    () =>
      scan(path, {
        env: ctx.host.env,
        onProgress(count) {
          files = count;
        },
      }),
  );
  for (const note of notesOf(result)) ctx.note(`note: ${printable(note)}`);
  return result;
}

/** `412 files`, or what was counted before giving up. */
export function fileWords({ files, stopped }: Scan): string {
  return stopped ? `${thousands(files)}+ files; stopped counting` : plural(files, 'file');
}
