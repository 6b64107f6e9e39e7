/** What the README has a person type, as it stands there: each does what is said of it, and nothing else. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import { type CommandLine, commandLine } from '../support/cli.ts';
import { requireTools } from '../support/tools.ts';
import { Readme, requireAllRun } from './readme.ts';
import { firstLines, projects, shell, withPrograms } from './running.ts';

const run = promisify(execFile);
const readme = await Readme.of('README.md');
/** What programs.test.ts and agents.test.ts try. */
const ELSEWHERE = ['ts', 'python', 'text'];

let cli: CommandLine;

beforeEach(async () => {
  cli = await commandLine();
  for (const name of ['payments', 'website', 'search'])
    await cli.codebase(`src/${name}`, { 'index.ts': 'export {};\n' });
});

test('the commands of every day', async (context) => {
  requireTools(context, ['git', 'jq']);
  const env = await withPrograms(cli);
  const sh = shell(cli, env);
  await sh('git init -q src/payments');
  const said = new Map<string, string>();
  const all = readme.takeCommands('Everyday use');
  expect(all.length).toBeGreaterThan(7);
  for (const command of all) {
    // Where there is no terminal to ask, it wants to be told.
    said.set(command, await sh(command.replace('gardener rm ', 'gardener rm --yes ')));
  }
  const { payments, ...others } = await projects(cli);
  expect(payments).toMatchObject({
    source_path: join(cli.home, 'src/payments'),
    tags: ['work', 'urgent'],
    metadata: { owner: 'sam' },
    retrain_requested: { reason: 'new base model' },
  });
  expect(others).toEqual({
    search: expect.objectContaining({
      source_path: join(cli.home, 'search'),
      tags: [],
      metadata: {},
    }) as object,
  });
  expect(existsSync(join(cli.home, 'src/website/index.ts'))).toBe(true);
  expect(said.get('gardener which')).toContain('website');
  expect(said.get('gardener show sea')).toContain('search');
  const printed = (beginning: string): string[] =>
    [...said].flatMap(([command, text]) => (command.startsWith(beginning) ? text.split('\n') : []));
  expect(printed('gardener foreach')).toContain('?? index.ts');
  expect(printed('gardener ls --quiet')).toEqual([`${cli.home}/src/payments`, `${cli.home}/search`, '']);
  expect(printed('gardener ls --waiting')).toContainEqual(
    expect.stringMatching(/payments +new base model +work, urgent/),
  );
  expect(printed('gardener status')).toEqual(['payments', 'search', '']);
});

test.for([
  ['bash', '--norc', 'echo "${PS1@P}"'],
  ['zsh', '-f', 'print -P "$PROMPT"'],
  ['fish', '--no-config', 'fish_prompt'],
] as const)('the lines for %s, and the commands there', async ([program, flag, prompt], context) => {
  const lines = readme.take(program, 'gardener init', cli.home);
  const all = readme.takeCommands('In the shell');
  expect(all.length).toBeGreaterThan(1);
  requireTools(context, program);
  const env = await withPrograms(cli);
  for (const name of ['payments', 'search']) await cli.json(['add', `src/${name}`]);
  const script = [lines, ...all, 'pwd', prompt].join('\n');
  const { stdout } = await run(program, [flag, '-c', script], { cwd: cli.home, env });
  expect(stdout).toMatch(new RegExp(`^${join(cli.home, 'src/payments')}\nsearch `));
});

test('the commands that train', async () => {
  const env = await withPrograms(cli);
  const sh = shell(cli, env);
  for (const name of ['payments', 'search']) await cli.json(['add', `src/${name}`, '--language', 'python']);
  await cli.json(['add', 'src/website']);
  const all = readme.takeCommands('Watching and training');
  expect(all.length).toBeGreaterThan(3);
  for (const command of all) {
    if (command === 'gardener watch')
      expect(await firstLines(cli, 'sh', ['-c', `exec ${command}`], env)).toMatch(/ watching +3 projects\n/);
    else await sh(command);
  }
  expect((await readFile(join(cli.home, 'trained'), 'utf8')).split('\n')).toEqual([
    'payments: python train.py --epochs 3',
    'payments: python train.py',
    'payments: make train',
    'search: python train.py',
    'website: python train.py',
    '',
  ]);
  expect(await projects(cli)).toMatchObject({
    payments: { training_status: 'completed' },
    search: { training_status: 'completed' },
    website: { training_status: 'completed' },
  });
  // What the last of them takes back.
  const { payments } = await projects(cli);
  expect(await readFile(String(payments?.['lora_adapter_path']), 'utf8')).toContain('train.py');
});

test('the commands that give an agent its server', async () => {
  const sh = shell(cli, await withPrograms(cli));
  const all = readme.takeCommands('With an AI agent');
  expect(all.length).toBeGreaterThan(3);
  const settings = () => readFile(join(cli.home, '.claude.json'), 'utf8');
  const [install = '', ...others] = all;
  await sh(install);
  expect(await settings()).toContain('"gardener"');
  const said: string[] = [];
  for (const command of others) said.push(await sh(command));
  expect(await settings()).not.toContain('"gardener"');
  expect(said[0]).toContain('~/.cursor/mcp.json');
  expect(existsSync(join(cli.home, '.cursor'))).toBe(false);
  // What claude was told to start.
  expect(said[1]).toContain('"serverInfo":{"name":"gardener"');
});

test('there is no other command in the README', (context) => {
  requireAllRun(context);
  // Those for a clone are tried by test/package/clone.slow.test.ts.
  readme.takeCommands('', '');
  expect(readme.untried(...ELSEWHERE)).toEqual([]);
});
