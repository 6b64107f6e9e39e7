/** One run of the command line, from words to an exit code. */
import { type Command, CommanderError } from 'commander';
import { VERSION } from '../../src/version.ts';
import { adviser, type Advise } from './advice.ts';
import { type Paint, painter, plainly } from './terminal/colour.ts';
import { loadCommands } from './command.ts';
import type { Context, Host } from './context.ts';
import { EXIT, explain, type Explained, UsageError } from './errors.ts';
import { shownJson, shownLine, tame } from './terminal/gate.ts';
import { inOurWords, nearWords, otherwise } from './help/synonyms.ts';
import { createProgram } from './program.ts';
import { columnsOf } from './terminal/size.ts';
import { anyOf, tildes } from './terminal/text.ts';
import { asksForJson, askedForHelp, beyondHelp, commandIn, orHome } from './words.ts';
import { wrapText } from './terminal/wrap.ts';

/**
 * Runs the command line. Never throws; everything that goes wrong is told on standard error, and with `--json` as a
 * document `{error: {code, message, data}}` on standard output too.
 *
 * @param words what was typed after the program's name
 */
export async function run(words: readonly string[], host: Host): Promise<number> {
  let context: Context | undefined;
  // Help and version are printed in parts, and before all flags are read; a document has to wait for the rest.
  const printed: string[] | undefined = asksForJson(words) ? [] : undefined;
  const entered = (ctx: Context): void => {
    context = ctx;
  };
  const program = createProgram(host, words, entered, printed);
  const typed = inOurWords(program, words);
  const asked = askedForHelp(program, typed);
  const meant = orHome(program, asked);
  try {
    refuseDamaged(words);
    await loadCommands(program, meant);
    const beyond = beyondHelp(program, typed);
    if (beyond !== undefined) {
      throw new UsageError(`unknown command '${beyond}'`, helpFor(program, asked));
    }
    await program.parseAsync(meant, { from: 'user' });
    return context?.exitCode ?? EXIT.ok;
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageError(thrown, program, asked) : thrown;
    const json = context?.json ?? printed !== undefined;
    if (error === undefined) {
      if (printed) host.stdout.write(shownJson(printedDocument(printed.join('')), 2));
      return EXIT.ok;
    }
    const explained = explain(error, context?.hints, context?.socketAlone);
    // Commander has shown the whole help where a command is missing.
    const paint = json ? plainly : painter(host.stderr, host.env);
    if (json || !isWithoutCommand(thrown))
      tell(host, explained, { advise: adviser(program, host.home), paint });
    if (json) host.stdout.write(shownJson({ ...context?.besideError, error: explained.document }, 2));
    return explained.exitCode;
  }
}

/** What was printed that is no command's answer, for programs. */
function printedDocument(text: string): object {
  return text === `${VERSION}\n` ? { version: VERSION } : { help: text.trimEnd() };
}

function isWithoutCommand(thrown: unknown): boolean {
  return thrown instanceof CommanderError && thrown.code === 'commander.help';
}

/**
 * Refuses a word that is no UTF-8, before it names another file than the person meant, or reaches a trainer changed: Node
 * has U+FFFD for each such byte.
 *
 * @throws {UsageError} also for a word that has this character itself, which cannot be told from it
 */
function refuseDamaged(words: readonly string[]): void {
  // What a shell asks on Tab may end in the middle of a character.
  if (words[0] === '__complete') return;
  const damaged = words.find((word) => word.includes('\uFFFD'));
  if (damaged !== undefined) {
    throw new UsageError(`cannot use the argument ${damaged}: it is no UTF-8`, 'a name that is');
  }
}

function tell(
  { stderr, home }: Host,
  { message, hint, exitCode }: Explained,
  { advise, paint }: { readonly advise: Advise; readonly paint: Paint },
): void {
  const columns = columnsOf(stderr);
  // Other messages quote names, and end in no advice.
  const sentence = exitCode === EXIT.unreachable ? advise(message) : message;
  const said = [
    ...wrapText(tame(tildes(sentence, home)), columns, `${paint('red', 'gardener:')} `, '  '),
    ...(hint === undefined ? [] : layHint(tame(advise(hint)), columns, `${paint('dim', 'try:')} `)),
  ];
  for (const line of said) stderr.write(shownLine(line));
}

/** Advice that is a command stays in one line, however long: it will be copied. */
function layHint(hint: string, columns: number | undefined, first: string): string[] {
  return /^(gardener|cd) /.test(hint) ? [first + hint] : wrapText(hint, columns, first, '  ');
}

/** What commander has against words behind a command that takes none. */
const BEHIND_ONE: ReadonlySet<string> = new Set(['commander.excessArguments', 'commander.unknownOption']);

/** Undefined for help and version that were asked for; they have been printed. */
function usageError(
  error: CommanderError,
  program: Command,
  words: readonly string[],
): UsageError | undefined {
  if (error.exitCode === 0) return undefined;
  const known = error.code === 'commander.unknownCommand' ? otherwise(program, words) : undefined;
  if (known) return known;
  const hint = helpFor(program, words);
  const { names, unknownAt, command } = commandIn(program, words);
  // Commander takes words for arguments where a command has others below it and is one itself.
  if (unknownAt !== undefined && names.length > 0 && BEHIND_ONE.has(error.code)) {
    const typed = words[unknownAt] ?? '';
    const near = nearWords(
      typed,
      command.commands.map((one) => one.name()),
    );
    return new UsageError(`unknown command '${typed}'${meant(near)}`, hint);
  }
  if (isWithoutCommand(error)) return new UsageError('cannot tell what to do: the command is missing', hint);
  const message = error.message
    .replace(/^error: /, '')
    // Its own line; what was typed may have some too.
    .replace(/\n\(Did you mean (?:one of )?([^\n]*)\?\)$/, (_, found: string) => question(error, found))
    .replace(/\.$/, '')
    .replace(/\. Expected (\d+) arguments? but got (\d+)$/, ': it takes $1 and got $2')
    .replace(/^command-argument value /, '')
    .replace(/\. Allowed choices are (?=[^.]*$)/, ': it is one of ')
    .replace(/( is invalid(?: for argument '[^']*')?)\. /, '$1: ');
  return new UsageError(message, hint);
}

/** What may have been meant, of what commander found to be like it. */
function question({ code, message }: CommanderError, found: string): string {
  const words = found.split(', ');
  const [, typed] = /^error: unknown command '(.*)'\n/s.exec(message) ?? [];
  const near = code === 'commander.unknownCommand' && typed !== undefined ? nearWords(typed, words) : words;
  return meant(near);
}

function meant(near: readonly string[]): string {
  return near.length === 0 ? '' : `; did you mean ${anyOf(near)}?`;
}

/** What to type to see what a command takes. */
function helpFor(program: Command, words: readonly string[]): string {
  return [program.name(), ...commandIn(program, words).names, '--help'].join(' ');
}
