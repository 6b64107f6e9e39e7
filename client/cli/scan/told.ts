/** How codebases and the projects of them are told. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { fileWords } from '../codebase/codebase.ts';
import type { Scan } from '../../codebase/files/scan.ts';
import type { Context } from '../context.ts';
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
