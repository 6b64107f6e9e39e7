/** What people are told of codebases that are no longer where the registry has them. */

export const SILENT_NOTE =
  'note: a disk does not answer, and which codebases are gone cannot be told; gardener doctor says more';

/** A path as people read it, with a word about one that leads nowhere. */
export function markedPath(path: string, isGone: boolean): string {
  return isGone ? `${path} (gone)` : path;
}
