/** A command as one declaration, and how commander learns of it: its name at once, the rest when it is asked for. */
import { Argument, type Command, Option } from 'commander';
import type { Context } from './context.ts';
import { addExamples, addParagraphs } from './help/layout.ts';

/** More about a value than its description. */
interface Value {
  readonly description: string;
  /** What help and completion show, and nothing else is taken unless by `read`. */
  readonly choices?: readonly string[];
  /** @throws {InvalidArgumentError} with what it must be */
  readonly read?: (text: string, before: never) => unknown;
  /** What it is where nobody types it. */
  readonly default?: unknown;
}

/** What a command takes, as help writes it, each with its description: `<project>`, `[path]`, `--tag <tag>`. */
export type Takes = Readonly<
  Record<`<${string}>` | `[${string}]` | `--${string}` | `-${string}, --${string}`, string | Value>
>;

type Camel<Word extends string> = Word extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Word;

type Name<Key> = Key extends `-${string}, ${infer Long}`
  ? Name<Long>
  : Key extends
        `--${infer Word} ${string}` | `--no-${infer Word}` | `<${infer Word}...>` | `[${infer Word}...]`
    ? Camel<Word>
    : Key extends `--${infer Word}` | `<${infer Word}>` | `[${infer Word}]`
      ? Camel<Word>
      : never;

type Read<About> = About extends { readonly read: (text: string, before: never) => infer Result }
  ? Result
  : About extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : string;

type Given<Key, About> = Key extends `${string}...${string}`
  ? Read<About>[]
  : Key extends `--no-${string}`
    ? false
    : Key extends `--${string} [${string}`
      ? Read<About> | true
      : Key extends `${string}<${string}` | `[${string}`
        ? Read<About>
        : true;

/** What is there whatever was typed. */
type Always<T> = {
  [Key in keyof T]: Key extends `<${string}` | `[${string}...]`
    ? Key
    : T[Key] extends { readonly default: unknown }
      ? Key
      : never;
}[keyof T];

/** What the action of a command gets: `--dry-run` is `dryRun`, and what was not typed is not there. */
export type Input<T> = {
  readonly [Key in Always<T> as Name<Key>]: Given<Key, T[Key]>;
} & {
  readonly [Key in Exclude<keyof T, Always<T>> as Name<Key>]?: Given<Key, T[Key]>;
};

interface Words<T> {
  readonly description: string;
  /** In place of what help makes of `takes`. */
  readonly usage?: string;
  readonly takes?: T;
  /** What help says below the flags: how to use it. */
  readonly details?: string;
}

/** What those have that people type. */
interface Shown {
  /** What help says at its end: commands as they are typed, each with what it does. */
  readonly examples: Readonly<Record<string, string>>;
  /**
   * What the document holds that `--json` prints: its fields, each with what it is, `?` behind the name of one that may be
   * missing, and `...WireProject` or `...registry.info` for all that this type or the result of this method has; or in a
   * word what the document is as a whole.
   */
  readonly document: Readonly<Record<string, string>> | string;
}

/** A command that was declared, whatever it takes. */
export interface Declaration extends Words<Takes>, Partial<Shown> {
  readonly action: (ctx: Context, input: never, command: Command) => void | Promise<void>;
}

interface Does<T> {
  /** @param command as commander knows it */
  readonly action: (ctx: Context, input: Input<T>, command: Command) => void | Promise<void>;
}

/** Declares a command; a row in program.ts gives it its name. */
export function defineCommand<const T extends Takes = Record<never, never>>(
  declaration: Words<T> & Shown & Does<T>,
): Declaration {
  return declaration;
}

/** Declares a command that no list shows: what scripts ask, and what the program does without one. */
export function defineHidden<const T extends Takes = Record<never, never>>(
  declaration: Words<T> & Does<T>,
): Declaration {
  return declaration;
}

/** The file of a command. */
type File = () => Promise<{ readonly default: Declaration }>;

/** Commands that have a name in common. */
export type Group = {
  readonly commands: Commands;
} & (
  | { readonly description: string; readonly examples: Readonly<Record<string, string>> }
  /** Which is a command itself. */
  | { readonly alone: File }
);

/** What is behind a name: the file of a command, or commands of its own. */
type Behind = File | Group;

/** As lists show them, by name; one without a summary is not shown. */
export type Commands = Readonly<Record<string, readonly [summary: string | undefined, behind: Behind]>>;

/** What is still to be loaded of it. */
const waiting = new WeakMap<Command, () => Promise<Declaration>>();
/** What was loaded of it. */
const loaded = new WeakMap<Command, Declaration>();

/** Adds commands as lists show them; what each takes and does is added by {@link loadCommands}. */
export function addCommands(parent: Command, commands: Commands, context: () => Context): void {
  for (const [name, [summary, behind]] of Object.entries(commands)) {
    const command = parent.command(name, { hidden: summary === undefined }).summary(summary ?? '');
    const alone = typeof behind === 'function' ? behind : 'alone' in behind && behind.alone;
    if (alone) {
      waiting.set(command, async () => {
        const { default: declaration } = await alone();
        declare(command, declaration, context);
        return declaration;
      });
    }
    if (typeof behind === 'function') continue;
    if (alone) command.helpCommand(true);
    if ('description' in behind) addExamples(command.description(behind.description), behind.examples);
    addCommands(command, behind.commands, context);
  }
}

/**
 * Loads each command whose name is among the words. That may be one too many, where a project is called like a command:
 * which one is meant only commander can tell, when it reads the words and cannot wait any more.
 */
export async function loadCommands(parent: Command, words: readonly string[]): Promise<void> {
  const named = parent.commands.filter((command) => words.includes(command.name()));
  await Promise.all(
    named.map(async (command) => {
      await Promise.all([load(command), loadCommands(command, words)]);
    }),
  );
}

/** Loads all commands, and gives what each declares, by what is typed: `gardener daemon logs`. */
export async function loadAll(
  parent: Command,
  typed = parent.name(),
): Promise<[typed: string, declaration: Declaration][]> {
  const found = parent.commands.map(async (command): Promise<[string, Declaration][]> => {
    const name = `${typed} ${command.name()}`;
    const declaration = await load(command);
    const below = await loadAll(command, name);
    return declaration ? [[name, declaration], ...below] : below;
  });
  return (await Promise.all(found)).flat();
}

/** Undefined for a group. */
async function load(command: Command): Promise<Declaration | undefined> {
  const declaration = loaded.get(command) ?? (await waiting.get(command)?.());
  waiting.delete(command);
  if (declaration) loaded.set(command, declaration);
  return declaration;
}

function declare(
  command: Command,
  { description, usage, takes = {}, details, examples, action }: Declaration,
  context: () => Context,
): void {
  command.description(description);
  if (usage !== undefined) command.usage(usage);
  if (details !== undefined) addParagraphs(command, details);
  if (examples) addExamples(command, examples);
  addTakes(command, takes);
  command.action((...given: unknown[]) => {
    const input: Record<string, unknown> = { ...takenBefore(command), ...command.opts() };
    for (const [at, argument] of command.registeredArguments.entries()) {
      // As commander writes the names of flags.
      const name = new Option(`--${argument.name()}`).attributeName();
      if (given[at] !== undefined) input[name] = given[at];
    }
    return action(context(), input as never, command);
  });
}

/**
 * Flags of this command that commander has taken for those of the command whose name is before it, wherever they stand.
 *
 * @throws {CommanderError} for one that is of that command only
 */
function takenBefore(command: Command): Record<string, unknown> {
  const { parent } = command;
  if (!parent?.parent) return {};
  const taken = parent.opts<Record<string, unknown>>();
  for (const { long } of parent.options.filter((option) => option.attributeName() in taken)) {
    if (!command.options.some((option) => option.long === long))
      command.error(`error: unknown option '${long}'`, { code: 'commander.unknownOption' });
  }
  return taken;
}

/** Tells commander what a command takes. */
export function addTakes(command: Command, takes: Takes): void {
  // One that takes something, in the place of commander's.
  if ('-h, --help' in takes) command.helpOption(false);
  for (const [written, about] of Object.entries(takes)) {
    const value: Value = typeof about === 'string' ? { description: about } : about;
    const one = new (written.startsWith('-') ? Option : Argument)(written, value.description);
    if (value.choices) one.choices(value.choices);
    if (value.read) one.argParser(value.read as (text: string, before: unknown) => unknown);
    if (value.default !== undefined) one.default(value.default);
    if (one instanceof Option) command.addOption(one);
    else command.addArgument(one);
  }
}
