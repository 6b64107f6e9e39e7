/** Advice that works when it is copied: the flags that said where the registry is are put into every command in it. */
import type { Command } from 'commander';
import type { PathOptions } from '../../src/paths.ts';
import { expandTilde, shellWord } from './terminal/text.ts';

/** Text with the flags in each command of this program that it names. */
export type Advise = (text: string) => string;

/** A word in the quotes of a shell, which is somebody's name or path; or the name of the program before another word. */
const QUOTED_OR_NAMED = /(?<=\s)\$?'(?:[^'\\]|\\.)*'|(?<![\w./-])gardener (?=([a-z]+))/g;

/**
 * @param program whose flags were read, at the latest when advice is given
 * @param home for `~` in the flags, which no shell expands behind an equals sign
 */
export function adviser(program: Command, home: string): Advise {
  const isCommand = (word: string): boolean => program.commands.some((one) => one.name() === word);
  return (text) => {
    const { dataDir, socket } = program.opts<PathOptions>();
    const flags = Object.entries({ '--data-dir': dataDir, '--socket': socket }).flatMap(([flag, value]) =>
      // Advice on the place itself names it.
      value === undefined || text.includes(`${flag} `)
        ? []
        : [`${flag} ${shellWord(expandTilde(value, home))} `],
    );
    if (flags.length === 0) return text;
    return text.replace(QUOTED_OR_NAMED, (found: string, command: string | undefined) =>
      command !== undefined && isCommand(command) ? found + flags.join('') : found,
    );
  };
}
