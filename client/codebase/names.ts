/** Project names: a good one for a directory, and comparing them as the registry does. */
import { basename } from 'node:path';
import { cleanName, foldName, MAX_NAME_LENGTH } from '../../src/domain/values/names.ts';

/**
 * The name of a directory as a project's: what the registry forbids becomes `-`. Empty when nothing is left, as
 * for the root directory.
 */
export function nameFor(directory: string): string {
  const clean = basename(directory)
    .normalize('NFC')
    .replace(/[<>:"/\\|?*\p{Cc}\p{Cs}]/gu, '-')
    .trim();
  return Array.from(clean).slice(0, MAX_NAME_LENGTH).join('').trim();
}

/** Names that are the same for the registry, which does not tell cases apart. */
export function sameName(a: string, b: string): boolean {
  return foldName(cleanName(a)) === foldName(cleanName(b));
}
