/** One run of the command line, from words to an exit code. */
import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { painter } from './colour.ts';
import type { Context, Host } from './context.ts';
import { EXIT, type Explained, explain } from './errors.ts';
import { UsageError } from './failures.ts';
import { createProgram } from './program.ts';

/**
 * Runs the command line. Never throws; everything that goes wrong is told on standard error, and with `--json` as a
 * document `{error: {code, message, data}}` on standard output too.
 *
 * @param words what was typed after the program's name
 */
export async function run(words: readonly string[], host: Host): Promise<number> {
  let context: Context | undefined;
  const program = createProgram(host, (ctx) => {
    context = ctx;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return context?.exitCode ?? EXIT.ok;
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageError(thrown, program, words) : thrown;
    if (error === undefined) return EXIT.ok;
    const explained = explain(error, context?.hints);
    // Commander shows the whole help when a command is missing.
    if (explained.message !== '') tell(host, explained);
    if (context?.json ?? beforeDashes(words).includes('--json')) {
      host.stdout.write(`${JSON.stringify({ error: explained.document }, null, 2)}\n`);
    }
    return explained.exitCode;
  }
}

function tell({ stderr, env }: Host, { message, hint }: Explained): void {
  const paint = painter(stderr, env);
  stderr.write(`${paint('red', 'gardener:')} ${message}\n`);
  if (hint !== undefined) stderr.write(`${paint('dim', 'try:')} ${hint}\n`);
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

function beforeDashes(words: readonly string[]): readonly string[] {
  const dashes = words.indexOf('--');
  return dashes < 0 ? words : words.slice(0, dashes);
}
