/** The words that were typed, where commander's own reading of them does not do. */
import type { Command } from 'commander';

const HELP_FLAGS: readonly string[] = ['--help', '-h'];
/** Flags that are answered at once. */
const ANSWERING = [...HELP_FLAGS, '--version'];

function beforeDashes(words: readonly string[]): readonly string[] {
  const dashes = words.indexOf('--');
  return dashes < 0 ? words : words.slice(0, dashes);
}

/** Whether a document is expected; for what is told before the flags are read. */
export function asksForJson(words: readonly string[]): boolean {
  return beforeDashes(words).includes('--json');
}

/** The command that there is no name for: what the program does when nothing but its own flags is typed. */
const HOME = '__home';

/** No words, or flags alone that ask for nothing else, as the command that they mean. */
export function orHome(program: Command, words: readonly string[]): readonly string[] {
  const typed = beforeDashes(words);
  const isAlone = placesOfNames(program, words).next().done && words.length - typed.length < 2;
  return isAlone && !typed.some((word) => ANSWERING.includes(word)) ? [HOME, ...words] : words;
}

/**
 * `help daemon logs` as `daemon logs --help`: commander's own command for help looks at one word only. And a command that
 * there is not without the question for help, for which commander shows the help of everything as if that had been meant.
 */
export function askedForHelp(program: Command, words: readonly string[]): readonly string[] {
  const first = placesOfNames(program, words).next();
  const asks = !first.done && words[first.value] === 'help';
  const rest = asks ? words.toSpliced(first.value, 1) : words;
  if (asks && placesOfNames(program, rest).next().done) return words;
  if (!asks && !beforeDashes(words).some((word) => HELP_FLAGS.includes(word))) return words;
  const { unknownAt } = commandIn(program, rest);
  if (unknownAt !== undefined) {
    return rest.slice(0, unknownAt + 1).filter((word) => !HELP_FLAGS.includes(word));
  }
  if (!asks) return words;
  // A flag of the command is not to be read: its value may be missing, or wrong.
  const isRead = (word: string): boolean => !word.startsWith('-') || isFlagOf(program, word.split('=')[0]);
  return [...beforeDashes(rest).filter(isRead), '--help'];
}

/**
 * The word after `help` and a command that has no commands of its own: `nope` in `help ls nope`. A flag's value is none, nor
 * what a command explains itself.
 */
export function beyondHelp(program: Command, words: readonly string[]): string | undefined {
  const [asked, ...places] = placesOfNames(program, words);
  if (asked === undefined || words[asked] !== 'help') return undefined;
  let command = program;
  for (const at of places) {
    const word = words[at];
    const next = command.commands.find((one) => one.name() === word);
    if (!next && command.commands.length > 0) return undefined;
    // Where the flag for help is the command's own, it takes words.
    if (!next) return isFlagOf(command, words[at - 1]) || isFlagOf(command, '--help') ? undefined : word;
    command = next;
  }
  return undefined;
}

function isFlagOf(command: Command, word: string | undefined): boolean {
  return command.options.some(({ long, short }) => word !== undefined && (word === long || word === short));
}

/** The names of the command that was typed, as far as there is one: `daemon logs`; and where a word is none. */
export function commandIn(program: Command, words: readonly string[]) {
  const names: string[] = [];
  let command = program;
  for (const at of placesOfNames(program, words)) {
    if (command.commands.length === 0) break;
    const next = command.commands.find((one) => one.name() === words[at]);
    if (!next) return { names, unknownAt: at, command };
    command = next;
    names.push(next.name());
  }
  return { names };
}

/** The words that are neither flags nor values of those that stand before a command, also behind dashes. */
export function operandsOf(program: Command, words: readonly string[]): string[] {
  const before = Array.from(placesOfNames(program, words), (at) => words[at] ?? '');
  return [...before, ...words.slice(beforeDashes(words).length + 1)];
}

/** Where the words are that are neither flags nor values of those that stand before a command. */
export function* placesOfNames(program: Command, words: readonly string[]): Generator<number, void> {
  const typed = beforeDashes(words);
  for (let at = 0; at < typed.length; at += 1) {
    const word = typed[at] ?? '';
    if (word === '-' || !word.startsWith('-')) yield at;
    else if (program.options.some((option) => option.long === word && option.required)) at += 1;
  }
}
