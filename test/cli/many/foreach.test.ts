import { existsSync } from 'node:fs';
import { chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtProgram, type CommandLine, commandLine } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { tmuxTerminal } from '../../support/tmux.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';

async function three(): Promise<CommandLine> {
  const cli = await commandLine();
  for (const name of ['one', 'three $(touch x)', 'two']) await cli.codebase(name, { 'a.py': '' });
  await cli.run(['add', 'three $(touch x)', '--tag', 'last']);
  await cli.run(['add', 'two', '--tag', 'work']);
  await cli.run(['add', 'one', '--tag', 'work']);
  return cli;
}

test('a command runs in each project that fits, goes on after a failure, and tells it at the end', async () => {
  const cli = await three();
  const script =
    'echo "$PWD"; gardener_project=$CODEBASE_GARDENER_PROJECT; pwd >"$gardener_project"; cat; ! test -e b';
  await rm(join(cli.home, 'two'), { recursive: true });
  await cli.codebase('one', { b: '' });
  expect(await cli.run(['foreach', '--', 'sh', '-c', script], { input: 'typed' })).toMatchObject({
    code: 1,
    stdout: `${cli.home}/one\ntyped${cli.home}/three $(touch x)\n`,
    stderr: [
      '== one  ~/one',
      '== three $(touch x)  ~/three $(touch x)',
      '== two  ~/two',
      'gardener: failed in 2 of 3 projects:',
      '  one: exit code 1',
      '  two: ~/two is gone',
      '',
    ].join('\n'),
  });
  const { project_id: id } = (await cli.json(['show', 'one'])) as { project_id: string };
  expect(await readFile(join(cli.home, 'one', id), 'utf8')).toBe(`${cli.home}/one\n`);
});

test('with --json its output stays out of the document, and what is said of each project is in it', async () => {
  const cli = await three();
  const words = [
    'foreach',
    '--json',
    '--tag',
    'work',
    '--',
    'sh',
    '-c',
    'echo --json; test -e a.py; kill -9 $$',
  ];
  const { code, stdout, stderr } = await cli.run(words);
  expect(code).toBe(1);
  const end = { exit_code: null, signal: 'SIGKILL', error: null, project_id: expect.any(String) as string };
  expect(JSON.parse(stdout)).toEqual({
    projects: [
      { name: 'one', ...end },
      { name: 'two', ...end },
    ],
    not_reached: [],
  });
  expect(stderr).toBe(
    '== one  ~/one\n--json\n== two  ~/two\n--json\ngardener: failed in 2 of 2 projects:\n  one: ended by SIGKILL\n  two: ended by SIGKILL\n',
  );
});

test('a command that there is nowhere ends it at once, one of the projects does not', async () => {
  const cli = await three();
  expect(await cli.run(['foreach', '--', 'no-such-program'])).toMatchObject({
    code: 127,
    stderr:
      '== one  ~/one\ngardener: cannot run no-such-program: there is no such program; 2 projects not reached\n',
  });
  await cli.codebase('two', { run: '' });
  expect(await cli.run(['foreach', '--tag', 'work', '--', './run'])).toMatchObject({
    code: 1,
    stderr:
      '== one  ~/one\n== two  ~/two\ngardener: failed in 2 of 2 projects:\n  one: cannot run ./run: there is no such program\n  two: cannot run ./run: permission denied\n',
  });
  expect(await cli.run(['foreach', 'nope', '--', 'false'])).toMatchObject({
    code: 0,
    stderr: 'no project fits; to see all: gardener ls\n',
  });
});

test('what came before a command that there is nowhere is told, and so is what comes after it', async () => {
  const cli = await three();
  await rm(join(cli.home, 'one'), { recursive: true });
  const { code, stdout, stderr } = await cli.run(['foreach', '--json', '--', 'no-such-program']);
  expect(code).toBe(127);
  expect(stderr).toContain(
    'gardener: failed in 1 of 1 project:\n  one: ~/one is gone\ngardener: cannot run no-such-program: there is no such program; 1 project not reached\n',
  );
  expect(JSON.parse(stdout)).toMatchObject({
    projects: [{ name: 'one' }, { exit_code: 127 }],
    not_reached: [{ name: 'two' }],
  });
  // Found from where each is.
  await cli.codebase('two', { 'bin/here': '#!/bin/sh\necho there\n' });
  await chmod(join(cli.home, 'two/bin/here'), 0o755);
  expect(
    await cli.run(['foreach', '--', 'here'], { env: { PATH: `./bin:${process.env['PATH']}` } }),
  ).toMatchObject({ code: 1, stdout: 'there\n', stderr: expect.stringContaining('failed in 2 of 3') });
});

test.each([
  [['foreach', 'git', 'st atus'], 'there are no dashes before it', "gardener foreach -- git 'st atus'"],
  [
    ['foreach', 'a', 'b', '--', 'ls'],
    'a b stands before --',
    'one text that is in all of them, or --tag <tag>',
  ],
  [['foreach', 'a', '--'], 'the command is missing', 'gardener foreach a -- <command>'],
  [
    ['foreach', '--tag', 'my work', '--status', 'not started', '--waiting', 'make', 'clean'],
    'no dashes',
    "gardener foreach --status not-started --tag 'my work' --waiting -- make clean",
  ],
  [['foreach', '', '--', 'ls'], 'an empty text', 'a part of a name, path or tag; nothing for all projects'],
  [['foreach', '--', ''], 'the command is missing', 'gardener foreach -- <command>'],
])('%j is wrong', async (words, message, hint) => {
  const { code, stderr } = await (await commandLine()).run(words);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr).toContain(`\ntry: ${hint}\n`);
});

test('a signal is passed on, and ends the loop once the command has ended', async () => {
  const cli = await three();
  const script =
    'trap "sleep .1; echo caught; exit 0" TERM INT; touch "$HOME/begun"; while :; do sleep .05; done';
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    const { child, finished } = cli.start(['foreach', '--', 'sh', '-c', script]);
    await until(() => existsSync(join(cli.home, 'begun')), 'the command runs');
    child.kill(signal);
    expect(await finished).toMatchObject({
      code,
      stdout: 'caught\n',
      stderr: '== one  ~/one\ngardener: interrupted in one; 2 projects not reached\n',
    });
    await rm(join(cli.home, 'begun'));
  }
});

test('Ctrl-C reaches the command once, which has the terminal', async (context) => {
  requireTools(context, 'tmux');
  const cli = await three();
  const { home } = cli;
  const script = [
    'trap "echo heard; times=x\\$times" INT',
    'read first; echo "got $first"',
    // The signal ends a read, too.
    'until read second; do :; done; echo "after $times"',
  ];
  await cli.codebase('', { 'heard.sh': script.join('\n') });
  const program = `"${process.execPath}" "${builtProgram('gardener.js')}"`;
  const screen = await tmuxTerminal(`trap : INT; ${program} foreach -- sh "$HOME/heard.sh"`, {
    env: { ...environment(home), TERM: 'xterm-256color' },
  });
  await screen.shows('== one');
  await screen.type('hello', 'Enter');
  await screen.shows('got hello');
  // A second one from somebody else would come between these.
  await screen.type('C-c');
  await screen.shows('heard');
  await screen.type('C-c');
  await screen.shows(/heard[^]*heard/);
  await screen.type('more', 'Enter');
  expect(await screen.shows('ended with')).toMatch(
    /after xx\ngardener: interrupted in one; 2 projects not reached\nended with 130$/,
  );
});
