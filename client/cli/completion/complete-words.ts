/** What could be typed next, found in the program itself. Pure. */
import type { Argument, Command, Option } from 'commander';
import type { PathOptions } from '../../../src/paths.ts';

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What a value may be, where the program does not list it. */
export type Kind =
  | 'project'
  | 'tag'
  | 'language'
  | 'token'
  | 'backup'
  | 'method'
  | 'topic'
  | 'file'
  | 'directory'
  | 'command'
  | 'anything';

export interface Completion {
  /** The part of a word that a candidate stands for; what came before it stays: `--language=`. */
  readonly prefix: string;
  readonly candidates: readonly Candidate[];
  readonly kind: Kind;
  /** The words before it that are neither flags nor their values. */
  readonly operands: readonly string[];
  /** What begins with a dash would be taken for a flag. */
  readonly noDashes: boolean;
  /** Flags that say where the registry is, as far as they were typed. */
  readonly location: PathOptions;
}

/** What the names of arguments and of options' values stand for. */
const KINDS: Readonly<Record<string, Kind>> = {
  project: 'project',
  'project-or-directory': 'project',
  tag: 'tag',
  language: 'language',
  token: 'token',
  backup: 'backup',
  method: 'method',
  topic: 'topic',
  file: 'file',
  socket: 'file',
  path: 'directory',
  'data-dir': 'directory',
  command: 'command',
};

/**
 * @param words what was typed after the program's name, quotes taken off; the last one is being typed and may be empty
 */
export function completeWords(program: Command, words: readonly string[]): Completion {
  const typed = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const place = walk(program, typed);
  const { command, operands, value, location, afterDashes } = place;
  const answer = (prefix: string, candidates: readonly Candidate[], kind: Kind): Completion => ({
    prefix,
    candidates: candidates.filter(({ value: text }) => text.startsWith(prefix)),
    kind,
    operands,
    noDashes: !afterDashes && !value,
    location,
  });
  if (value) return answer(current, valuesOf(value, current), kindOfOption(value));
  const assigned = afterDashes ? null : /^(--[^=]+)=(.*)$/s.exec(current);
  if (assigned) {
    const [, flag = '', text = ''] = assigned;
    const option = findOption(command, flag);
    return answer(text, option ? valuesOf(option, text) : [], option ? kindOfOption(option) : 'anything');
  }
  if (!afterDashes && current.startsWith('-')) return answer(current, flags(command), 'anything');
  if (!afterDashes && operands.length === 0 && command.commands.length > 0) {
    return answer(current, subcommands(command), 'anything');
  }
  const argument = argumentAt(command, place);
  return answer(current, argument ? choices(argument) : [], kindOfName(argument?.name()));
}

interface Place {
  readonly command: Command;
  readonly operands: readonly string[];
  readonly afterDashes: boolean;
  /** The option whose value comes next. */
  readonly value: Option | undefined;
  readonly location: Completion['location'];
}

function walk(program: Command, typed: readonly string[]): Place {
  let command = program;
  const operands: string[] = [];
  let afterDashes = false;
  let value: Option | undefined;
  const location: Record<string, string> = {};
  for (const word of typed) {
    const next = operands.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
    if (value) {
      location[value.attributeName()] = word;
      value = undefined;
    } else if (afterDashes) operands.push(word);
    else if (word === '--') afterDashes = true;
    else if (word.startsWith('-') && word !== '-') {
      const [flag = '', ...rest] = word.split('=');
      const option = findOption(command, flag);
      if (option && rest.length > 0) location[option.attributeName()] = rest.join('=');
      // One that may do without a value is taken to do so: what follows is more often something else.
      else if (option?.required) value = option;
    } else if (next) command = next;
    // What follows "help" is what would follow without it.
    else if (word !== 'help' || command.commands.length === 0) operands.push(word);
  }
  const { dataDir, socket } = location;
  return {
    command,
    operands,
    afterDashes,
    value,
    location: { dataDir, socket },
  };
}

/** Which argument comes next; the last one may take any number of words. */
function argumentAt(
  { registeredArguments: all }: Command,
  { operands, afterDashes }: Place,
): Argument | undefined {
  const [last] = all.slice(-1);
  // Dashes come before a command that is to be run, whether or not a project was named.
  if (afterDashes && last?.name() === 'command') return last;
  return all[operands.length] ?? (last?.variadic ? last : undefined);
}

function findOption(command: Command, flag: string): Option | undefined {
  for (let at: Command | null = command; at; at = at.parent) {
    const found = at.options.find((option) => option.long === flag || option.short === flag);
    if (found) return found;
  }
  return undefined;
}

function flags(command: Command): Candidate[] {
  const help = command.createHelp();
  const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
  return options.flatMap(({ long, short, description }) => {
    const flag = long ?? short;
    return flag === undefined ? [] : [{ value: flag, description }];
  });
}

function subcommands(command: Command): Candidate[] {
  const help = command.createHelp();
  // Only that of the program is worth a word; a command has --help.
  const commands = help.visibleCommands(command).filter((one) => !command.parent || one.name() !== 'help');
  return commands.map((one) => ({
    value: one.name(),
    description: one.summary() || one.description(),
  }));
}

function choices({ argChoices }: Pick<Option | Argument, 'argChoices'>): Candidate[] {
  return (argChoices ?? []).map((value) => ({ value, description: '' }));
}

/** The choices of an option; where it takes several with commas between them, those that are left. */
function valuesOf(option: Option, typed: string): Candidate[] {
  const all = choices(option);
  if (option.attributeName() !== 'columns') return all;
  const before = typed.slice(0, typed.lastIndexOf(',') + 1);
  const named = before.split(',');
  return all
    .filter(({ value }) => !named.includes(value))
    .map(({ value }) => ({ value: before + value, description: '' }));
}

function kindOfOption(option: Option): Kind {
  // By the name of its value (`<project>`), or its own where that says more (`--data-dir <path>`).
  const name = /[<[]([\w-]+)/.exec(option.flags)?.[1];
  return KINDS[option.long?.slice(2) ?? ''] ?? kindOfName(name);
}

function kindOfName(name: string | undefined): Kind {
  return KINDS[name ?? ''] ?? 'anything';
}
