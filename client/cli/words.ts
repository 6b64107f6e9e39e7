/** The words that were typed, where commander's own reading of them does not do. */
import type { Command } from 'commander';

export function beforeDashes(words: readonly string[]): readonly string[] {
  const dashes = words.indexOf('--');
  return dashes < 0 ? words : words.slice(0, dashes);
}

/** Whether a document is expected; for what is told before the flags are read. */
export function asksForJson(words: readonly string[]): boolean {
  return beforeDashes(words).includes('--json');
}

/**
 * `help daemon logs` as `daemon logs --help`: commander's own command for help looks at one word only. And a command that
 * there is not without the question for help, for which commander shows the help of everything as if that had been meant.
 */
export function askedForHelp(program: Command, words: readonly string[]): readonly string[] {
  const [first = '', ...rest] = words;
  if (first === 'help' && rest.length > 0) return unknownIn(program, rest) ?? [...rest, '--help'];
  const isAsked = beforeDashes(words).some((word) => word === '--help' || word === '-h');
  return (isAsked && first !== 'help' && unknownIn(program, words)) || words;
}

/** The words up to the first that should be a command and is none; undefined when they all are. */
function unknownIn(program: Command, words: readonly string[]): readonly string[] | undefined {
  let command = program;
  for (const [at, word] of words.entries()) {
    // What follows a flag may be its value.
    if (command.commands.length === 0 || word.startsWith('-')) return undefined;
    const next = command.commands.find((one) => one.name() === word);
    if (!next) return words.slice(0, at + 1);
    command = next;
  }
  return undefined;
}
