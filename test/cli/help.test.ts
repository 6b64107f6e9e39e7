import { expect, test } from 'vitest';
import { commandLine } from '../support/cli.ts';

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
