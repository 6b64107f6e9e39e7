import { expect, test } from 'vitest';
import { ALL, splitWords } from '../support/every-command.ts';
import { temporaryDirectory } from '../support/home.ts';
import { terminal } from '../support/terminal.ts';

/** The commands that a help text lists, however wide. */
function commandsIn(help: string): string[] {
  return [...help.matchAll(/^ {2}([a-z]+)\b/gm)]
    .map(([, name = '']) => name)
    .filter((name) => !['help', 'gardener', 'eval'].includes(name));
}

/** What is copied stays in one line, however long: a command, and what stands in the place of a word. */
function isWhole(line: string): boolean {
  return /^(Usage:| {7}gardener | {2}\S+( \S+)*$)/.test(line) || !line.trim().includes(' ');
}

test.for([40, 80, 100])('every help text fits %d columns', async (columns) => {
  const home = await temporaryDirectory();
  const { run } = terminal({ home, columns });
  const help = async (words: readonly string[]): Promise<string> => {
    const { code, stdout } = await run([...words, '--help']);
    expect(code, words.join(' ')).toBe(0);
    const long = stdout.split('\n').filter((line) => line.length > columns);
    expect(columns < 80 ? long.filter((line) => !isWhole(line)) : long, words.join(' ')).toEqual([]);
    const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
    expect(flags, words.join(' ')).toEqual([...new Set(flags)]);
    expect((await run(['help', ...words])).stdout, words.join(' ')).toBe(stdout);
    return stdout;
  };
  const whole = await help([]);
  expect(commandsIn(whole)).toEqual(expect.arrayContaining(['add', 'daemon', 'call', 'import']));
  for (const { path, isGroup } of ALL) {
    const text = await help(splitWords(path));
    if (isGroup) expect(commandsIn(text), path).toContain(path === 'mcp' ? 'install' : 'status');
    else if (!path.startsWith('__'))
      expect(path.includes(' ') || commandsIn(whole).includes(path), path).toBe(true);
  }
});
