/** What people type who know other programs: words that run a command of ours, and words that say how it is done here. */
import type { Command } from 'commander';
import { distance } from 'fastest-levenshtein';
import { UsageError } from '../errors.ts';
import { operands, shellWord } from '../terminal/text.ts';
import { operandsOf, placesOfNames } from '../words.ts';

/** Not listed anywhere: two names for one thing are one too many to read. */
const SAME: ReadonlyMap<string, string> = new Map([
  ['list', 'ls'],
  ['remove', 'rm'],
  ['delete', 'rm'],
  ['del', 'rm'],
  ['find', 'ls'],
  ['search', 'ls'],
  ['switch', 'use'],
  ['current', 'which'],
  ['info', 'show'],
]);

/** The words with our name for the command; projects may be called as they like. */
export function inOurWords(program: Command, words: readonly string[]): readonly string[] {
  const [first, second] = placesOfNames(program, words);
  const at = first !== undefined && words[first] === 'help' ? second : first;
  const ours = at === undefined ? undefined : SAME.get(words[at] ?? '');
  return at === undefined || ours === undefined ? words : words.with(at, ours);
}

interface Otherwise {
  /** What is so here. */
  readonly why: string;
  /** How it is typed, with what was typed behind the word. */
  readonly command: (typed: readonly string[]) => string;
}

const CD: Otherwise = {
  why: 'no program can take its shell elsewhere',
  command([one]) {
    // Where it was before, only the shell knows.
    if (one === '-') return 'cd -';
    return `cd "$(gardener path${one === undefined ? '' : ` ${operands(one)}`})"`;
  },
};

const OTHERWISE: ReadonlyMap<string, Otherwise> = new Map([
  [
    'rename',
    { why: 'a project gets another name by edit', command: ([one, name]) => edit(one, 'name', [name]) },
  ],
  ['tag', { why: 'a project gets tags by edit', command: ([one, ...tags]) => edit(one, 'tag', tags) }],
  ['untag', { why: 'a project loses tags by edit', command: ([one, ...tags]) => edit(one, 'untag', tags) }],
  ['tags', { why: 'ls has a column of tags', command: () => 'gardener ls --columns name,tags' }],
  ['run', { why: 'train runs a trainer, and foreach any command', command: () => 'gardener train --help' }],
  ['cd', CD],
  ['goto', CD],
]);

/** What is said of a word that is no command of ours; undefined for one that nobody knows. */
export function otherwise(program: Command, words: readonly string[]): UsageError | undefined {
  const [word = '', ...typed] = operandsOf(program, words);
  const known = OTHERWISE.get(word);
  return known && new UsageError(`unknown command '${word}': ${known.why}`, known.command(typed));
}

/** Of the commands that commander finds to be like a word those that are near it: less than half of it is mistyped. */
export function nearWords(word: string, found: readonly string[]): readonly string[] {
  const letters = (text: string): string => [...text].toSorted().join('');
  return found.filter((one) => distance(word, one) <= 0.4 * word.length || letters(one) === letters(word));
}

function edit(project: string | undefined, flag: string, values: readonly (string | undefined)[]): string {
  const some = values.length > 0 ? values : [undefined];
  const flags = some.map(
    (value) => `--${flag} ${value === undefined ? `<${flag.replace('un', '')}>` : shellWord(value)}`,
  );
  const words = project?.startsWith('-')
    ? [...flags, operands(project)]
    : [project === undefined ? '<project>' : shellWord(project), ...flags];
  return `gardener edit ${words.join(' ')}`;
}
