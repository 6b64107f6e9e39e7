/** gardener(1): all that help says, in one page, as whoever types `man gardener` expects. */
import type { Commands, Declaration, Group, Takes } from '../../client/cli/command.ts';
import { EXIT } from '../../client/cli/errors.ts';
import { COMMANDS, PROGRAM } from '../../client/cli/program.ts';
import { bold, briefTerms, copied, page, paragraphs, plain, quoted, terms, typed } from './roff.ts';
import { surroundings } from './shared.ts';

type Examples = Readonly<Record<string, string>>;

/** What the help of the whole says in one line has room here. */
const EXIT_CODES: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'good',
  refused: 'the registry said no, or something here failed',
  usage: 'wrong usage',
  unreachable: 'the daemon cannot be reached',
  nothingWaits: 'nothing waits for "train --claim"',
  interrupted: 'interrupted by Ctrl-C',
};

const ENVIRONMENT: Examples = {
  CODEBASE_GARDENER_PROJECT:
    'the project that a command means which may do without one: its name, its id or a path in it',
  CODEBASE_GARDENER_DAEMON: 'the program that is started where no daemon runs; absolute, or begins with ~/',
  'VISUAL, EDITOR': 'what "gardener edit" opens a project with',
  'NO_COLOR, FORCE_COLOR': 'whether colours are printed, wherever they go; by default on a terminal',
};

export async function gardenerPage(version: string, date: string): Promise<string> {
  const headings = Object.entries(COMMANDS);
  const commands: Record<string, string[]> = {};
  for (const [heading, below] of headings)
    commands[heading.toUpperCase()] = await commandSections(below, 'gardener');
  const codes = Object.entries(EXIT_CODES) as [keyof typeof EXIT, string][];
  return page('gardener', 'register, train and look after codebases', version, date, {
    SYNOPSIS: [
      typed('gardener [options] <command> [argument...]'),
      '.br',
      typed('gardener'),
      '.br',
      typed('gardener <command> --help'),
    ],
    DESCRIPTION: [
      plain(PROGRAM.description),
      ...paragraphs('Without a command, it shows them at a glance.'),
      ...paragraphs(PROGRAM.details),
    ],
    COMMANDS: headings.flatMap(([heading, below]) => [`.SS ${quoted(heading)}`, ...summaries(below)]),
    OPTIONS: [
      ...paragraphs('They go before a command or behind it, and each command has --help.'),
      ...options({ ...PROGRAM.takes, '--version': 'print the version', '-h, --help': 'print help' }),
    ],
    ...commands,
    'EXIT STATUS': [
      ...terms(codes.map(([key, means]) => [bold(String(EXIT[key])), means])),
      ...paragraphs('"gardener train" and "gardener foreach" also end with the codes of what they run.'),
    ],
    ...surroundings(ENVIRONMENT),
    EXAMPLES: terms(Object.entries(PROGRAM.examples).map(([command, does]) => [copied(command), does])),
    'SEE ALSO': [
      `${bold('gardenerd')}(1)`,
      ...paragraphs(
        '"gardener docs" prints the reference of the protocol, and of what each command prints with --json.',
      ),
    ],
  });
}

/** Those that lists show. */
function shown(commands: Commands): [name: string, summary: string, behind: Commands[string][1]][] {
  return Object.entries(commands).flatMap(([name, [summary, behind]]) =>
    summary === undefined ? [] : [[name, summary, behind]],
  );
}

function summaries(commands: Commands): string[] {
  return briefTerms(shown(commands).map(([name, summary]) => [bold(name), summary]));
}

async function commandSections(commands: Commands, before: string): Promise<string[]> {
  const sections = shown(commands).map(async ([name, , behind]) => {
    const command = `${before} ${name}`;
    if (typeof behind === 'function') return commandSection(command, (await behind()).default);
    const itself =
      'alone' in behind
        ? commandSection(command, (await behind.alone()).default)
        : groupSection(command, behind);
    return [...itself, ...(await commandSections(behind.commands, command))];
  });
  return (await Promise.all(sections)).flat();
}

function groupSection(
  command: string,
  { description, examples, commands }: Exclude<Group, { readonly alone: unknown }>,
): string[] {
  return [
    `.SS ${quoted(command)}`,
    typed(`${command} <command> [argument...]`),
    ...paragraphs(description),
    '.PP',
    ...summaries(commands),
    ...exampleRows(examples),
  ];
}

function commandSection(
  command: string,
  { description, usage, takes = {}, details, examples = {} }: Declaration,
): string[] {
  const operands = Object.keys(takes).filter((written) => !written.startsWith('-'));
  const words = usage ?? ['[options]', ...operands].join(' ');
  return [
    `.SS ${quoted(command)}`,
    // A usage of several lines names the command itself in those that follow.
    ...`${command} ${words}`
      .split('\n')
      .flatMap((line, n) => [...(n > 0 ? ['.br'] : []), typed(line.trim())]),
    ...paragraphs(description),
    ...options(takes),
    ...(details === undefined ? [] : paragraphs(details)),
    ...exampleRows(examples),
  ];
}

function options(takes: Takes): string[] {
  return terms(
    Object.entries(takes).map(([written, about]) => {
      if (typeof about === 'string') return [typed(written), about];
      const { description, choices, default: unless } = about;
      const more = [
        ...(choices ? [`one of ${choices.join(', ')}`] : []),
        ...(unless === undefined
          ? []
          : [`default ${typeof unless === 'string' ? unless : JSON.stringify(unless)}`]),
      ];
      return [typed(written), [description, ...more].join('; ')];
    }),
  );
}

function exampleRows(examples: Examples): string[] {
  const rows = Object.entries(examples);
  return rows.length === 0
    ? []
    : ['.PP', 'Examples:', '.RS 4', ...terms(rows.map(([command, does]) => [copied(command), does])), '.RE'];
}
