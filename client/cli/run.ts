/** One run of the command line, from words to an exit code. */
import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { adviser, type Advise } from './advice.ts';
import { painter } from './colour.ts';
import type { Context, Host } from './context.ts';
import { EXIT, type Explained, explain } from './errors.ts';
import { UsageError } from './failures.ts';
import { shownJson, shownLine, tame } from './gate.ts';
import { createProgram } from './program.ts';
import { columnsOf } from './terminal-size.ts';
import { tildes } from './text.ts';
import { asksForJson, askedForHelp, beforeDashes } from './words.ts';
import { wrapText } from './wrap.ts';

/**
 * Runs the command line. Never throws; everything that goes wrong is told on standard error, and with `--json` as a
 * document `{error: {code, message, data}}` on standard output too.
 *
 * @param words what was typed after the program's name
 */
export async function run(words: readonly string[], host: Host): Promise<number> {
  let context: Context | undefined;
  const program = createProgram(host, words, (ctx) => {
    context = ctx;
  });
  try {
    await program.parseAsync(askedForHelp(program, words), { from: 'user' });
    return context?.exitCode ?? EXIT.ok;
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageError(thrown, program, words) : thrown;
    if (error === undefined) return EXIT.ok;
    const explained = explain(error, context?.hints, context?.socketAlone);
    // Commander shows the whole help when a command is missing.
    if (explained.message !== '') tell(host, explained, adviser(program, host.home));
    if (context?.json ?? asksForJson(words)) {
      host.stdout.write(shownJson({ error: explained.document }, 2));
    }
    return explained.exitCode;
  }
}

function tell({ stderr, env, home }: Host, { message, hint, exitCode }: Explained, advise: Advise): void {
  const paint = painter(stderr, env);
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
  return hint.startsWith('gardener ') ? [first + hint] : wrapText(hint, columns, first, '  ');
}

/** Undefined for help and version that were asked for; they have been printed. */
function usageError(
  error: CommanderError,
  program: Command,
  words: readonly string[],
): UsageError | undefined {
  if (error.exitCode === 0) return undefined;
  if (error.code === 'commander.help') return new UsageError('');
  const [message = '', advice] = error.message.replace(/^error: /, '').split('\n');
  const near = advice ? `; ${advice.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1?')}` : '';
  const reason = message.replace(' is invalid. ', ' is invalid: ').replace(/\.$/, '');
  return new UsageError(reason + near, `${commandName(program, words)} --help`);
}

/** The command that was typed, as far as there is one: `gardener daemon logs`. */
function commandName(program: Command, words: readonly string[]): string {
  let command = program;
  const path = [program.name()];
  for (const word of beforeDashes(words)) {
    const next = command.commands.find((one) => one.name() === word);
    if (!next) continue;
    command = next;
    path.push(word);
  }
  return path.join(' ');
}
