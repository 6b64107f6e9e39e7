/** What a count of files has left out, in words. */
import type { Scan } from './scan.ts';

/** A sentence for each thing that could not be read, or is none of a codebase's files; names in them are as the disk has them. */
export function notesOf({ unreadable, unreadableCount, unreadRules, bare, gitFault }: Scan): string[] {
  const notes: string[] = [];
  if (gitFault !== undefined)
    notes.push(
      `git could not list its files: ${gitFault}; counted instead were all that no .gitignore hides`,
    );
  if (bare) notes.push('it is a bare repository, with no files but those that git keeps for itself');
  if (unreadRules)
    notes.push(`hidden files may have been counted: ${unreadRules.join(', ')}, and was not read`);
  if (unreadableCount > 0) {
    const more = unreadableCount > unreadable.length ? ', …' : '';
    const what =
      unreadableCount === 1 ? '1 directory' : `${unreadableCount.toLocaleString('en')} directories`;
    notes.push(`could not read ${what}: ${unreadable.join(', ')}${more}`);
  }
  return notes;
}
