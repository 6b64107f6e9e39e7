/** How codebases and the projects of them are told. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { fileWords } from '../codebase/codebase.ts';
import type { Scan } from '../../codebase/files/scan.ts';
import { isLikely } from '../../codebase/gone.ts';
import type { Context } from '../context.ts';
import { moveCommand } from '../projects/move/move.ts';
import { firstOf, printable } from '../terminal/text.ts';

/** Name, what is in it where that was looked at, and where it is. */
export function describe(
  ctx: Context,
  { name, source_path: path, language }: WireProject,
  scan?: Scan,
): string {
  const more = scan ? [`${printable(language)}, ${fileWords(scan)}`] : [];
  return [ctx.paint('bold', printable(name)), ...more, ctx.shortPath(printable(path))].join('  ');
}

/** What is registered for the repository of a codebase, at a place that is gone. */
export function movedWords(ctx: Context, { name, source_path: old }: WireProject): string {
  return `"${printable(name)}" is registered for the same repository at ${printable(ctx.shortPath(old))}, which is gone`;
}

/** What to do where it is the project that a directory was. */
export async function hereInstead(gone: WireProject, path: string): Promise<string> {
  const condition = (await isLikely(gone, path)) ? '' : 'if it is this one, ';
  return `${condition}to have it here instead: ${moveCommand(gone.name, path)}`;
}

/**
 * Paths in a sentence.
 *
 * @param count how many there are in all, where these are only the first
 */
export function named(ctx: Context, paths: readonly string[], count = paths.length): string {
  return firstOf(
    paths.map((path) => printable(ctx.shortPath(path))),
    count,
  );
}
