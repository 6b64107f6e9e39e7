import { type Command, Help } from 'commander';
import { describe, expect, test } from 'vitest';
import { shownInLists } from '../../client/cli/command.ts';
import { commandLine } from '../support/cli.ts';
import { wholeProgram } from '../support/every-command.ts';

/** The commands that a help text lists. */
function commandsIn(help: string): string[] {
  return [...help.matchAll(/^ {2}([a-z]+)\b/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
}

test('every help text fits 80 columns', { timeout: 120_000 }, async () => {
  const gardener = await commandLine();
  const help = async (...words: string[]): Promise<string> => {
    const { code, stdout } = await gardener.run([...words, '--help']);
    expect(code, words.join(' ')).toBe(0);
    const long = stdout.split('\n').filter((line) => line.length > 80);
    expect(long, words.join(' ')).toEqual([]);
    return stdout;
  };
  const commands = commandsIn(await help());
  expect(commands).toEqual(expect.arrayContaining(['add', 'daemon', 'call', 'import']));
  for (const command of commands) {
    const text = await help(command);
    if (!['daemon', 'service'].includes(command)) continue;
    const below = commandsIn(text);
    expect(below).toContain('status');
    for (const name of below) {
      const { stdout } = await gardener.run(['help', command, name]);
      expect(stdout).toBe(await help(command, name));
    }
  }
});

describe('lists of commands show what the files of the commands declare, though they do not load them:', async () => {
  const leaves = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

  test.each(leaves(await wholeProgram()).map((command) => [command.name(), command] as const))(
    'the row of %s in program.ts is right',
    (_, command) => {
      expect(shownInLists(command)).toBe(new Help().subcommandTerm(command).replace(' [options]', ''));
    },
  );
});
