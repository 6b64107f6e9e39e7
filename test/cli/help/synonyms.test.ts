/** Words of other programs: those that run a command of ours, and those that lead to one. */
import { describe, expect, test } from 'vitest';
import { inOurWords } from '../../../client/cli/help/synonyms.ts';
import { PROGRAM } from '../../support/every-command.ts';
import { terminal } from '../../support/terminal.ts';
import { world } from '../../support/world.ts';

/** A script's `gardener` that reaches no registry. */
const { run } = terminal({ home: '/nowhere', isTTY: false });

test.each([
  ['list', 'ls'],
  ['remove', 'rm'],
  ['delete', 'rm'],
  ['search', 'ls'],
  ['switch', 'use'],
  ['current', 'which'],
  ['info', 'show'],
])('%s is %s, of which its help is', async (word, command) => {
  for (const words of [
    [word, '--help'],
    ['help', word],
    ['--no-start', word, '-h'],
  ])
    expect((await run(words)).stdout, words.join(' ')).toContain(`Usage: gardener ${command} `);
  expect((await run(['--help'])).stdout).not.toMatch(new RegExp(`^ +${word}\\b`, 'm'));
  const completed = async (line: string) => (await run(['__complete', '--line', line])).stdout;
  expect(await completed(`gardener ${word}`)).toBe('');
  const flags = await completed(`gardener ${word} --`);
  expect(flags).toContain('no-start');
  expect(flags).toBe(await completed(`gardener ${command} --`));
});

test('only in the place of a command, so that a project may be called like it', async () => {
  for (const words of [
    ['show', 'list'],
    ['train', 'info', '--', 'list'],
    ['--data-dir', 'list', 'ls', 'remove'],
    ['daemon', 'list'],
    ['--', 'list'],
    ['constructor'],
    [],
  ])
    expect(inOurWords(PROGRAM, words)).toBe(words);
  const it = await world(['list', 'remove']);
  const here = terminal({ home: it.paths.dataDir, isTTY: false });
  expect((await here.run(['list', 'list', '-q'])).stdout).toBe('list\n');
  expect(await here.run(['switch', 'remove'])).toMatchObject({ code: 0 });
  expect((await here.run(['current'])).stdout).toBe('remove\n');
});

describe('a word that no command has says how it is done here:', () => {
  test.each([
    [['rename', 'a b', '$(x)'], "gardener edit 'a b' --name '$(x)'"],
    [['rename', 'a'], 'gardener edit a --name <name>'],
    [['rename', '--help'], 'gardener edit <project> --name <name>'],
    [['help', 'tag'], 'gardener edit <project> --tag <tag>'],
    [['tag', 'a', 'x', "it's"], "gardener edit a --tag x --tag 'it'\\''s'"],
    [['untag', 'a', '\x1b[2J'], "gardener edit a --untag $'\\x1b[2J'"],
    [['cd'], 'cd "$(gardener path)"'],
    [['cd', '-'], 'cd -'],
    [['goto', 'a b'], `cd "$(gardener path 'a b')"`],
    [['cd', 'a b'], `cd "$(gardener path 'a b')"`],
  ])('%j', async (words, command) => {
    const { code, stdout, stderr } = await run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`gardener: unknown command '${words.find((word) => word !== 'help')}': `);
    expect(stderr.replace(' --data-dir /nowhere', '')).toContain(`\ntry: ${command}\n`);
  });

  test('and one that is nearly right is asked about', async () => {
    expect((await run(['shwo'])).stderr).toContain("unknown command 'shwo'; did you mean show?");
    for (const far of ['tugs', 'dle', 'xs'])
      expect((await run([far])).stderr, far).toContain(`unknown command '${far}'\n`);
    expect((await run(['constructor'])).stderr).toContain("unknown command 'constructor'\n");
  });
});
