/** Adapters that are behind their code: shown, listed, marked for retraining. */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { isGone } from '../../../client/cli/daemon/processes.ts';
import { builtProgram, type CommandLine, commandLine } from '../../support/cli.ts';
import { type Repository, repository, stand } from '../../support/repository.ts';
import { tmuxTerminal } from '../../support/tmux.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';

beforeEach((context) => requireTools(context, 'git'));

/** Trains with a trainer that does nothing. */
async function train(cli: CommandLine, name: string): Promise<void> {
  expect(await cli.run(['train', name, '--', 'true'])).toMatchObject({ code: 0 });
}

/** A project of a repository that was trained from its first commit, and has more of them now. */
async function trained(cli: CommandLine, name: string, commits = 0): Promise<Repository> {
  const it = await repository(cli.home, name);
  await cli.json(['add', it.root]);
  await train(cli, name);
  for (let at = 0; at < commits; at += 1) await it.commit('in/a.py', String(at));
  return it;
}

/** `api` is behind, `docs` is not, `dirty` was trained with uncommitted changes, and of `lost` the commit is gone. */
async function several(): Promise<CommandLine & Record<'api' | 'docs' | 'dirty' | 'lost', Repository>> {
  const cli = await commandLine();
  const api = await trained(cli, 'api', 3);
  const docs = await trained(cli, 'docs');
  const dirty = await trained(cli, 'dirty');
  await dirty.write('in/a.py', 'changed');
  await train(cli, 'dirty');
  await dirty.commit('in/b.py', 'changed');
  const lost = await trained(cli, 'lost');
  await rm(join(lost.root, '.git'), { recursive: true });
  await lost.git('init', '-q');
  await cli.codebase('plain', { 'a.py': '' });
  await cli.json(['add', 'plain']);
  return { ...cli, api, docs, dirty, lost };
}

const UNKNOWN = 'note: git cannot tell how far the code is ahead of lost\n';
const UNCLEAR =
  'note: left out, as trained with uncommitted changes, which may have been committed since: dirty\n';

test('a training leaves behind what it was made from, named or claimed', async () => {
  const cli = await commandLine();
  const it = await trained(cli, 'web', 1);
  const first = await it.git('rev-parse', 'HEAD~1');
  expect(await cli.json(['show', 'web'])).toMatchObject({
    trained_from: { commit: first, dirty: false },
    ahead: 1,
  });
  await it.write('new.py', '');
  await cli.json(['retrain', 'web']);
  expect(await cli.run(['train', '--claim', '--', 'rm', join(it.root, 'new.py')])).toMatchObject({ code: 0 });
  expect(await cli.json(['which'], { cwd: it.root })).toMatchObject({
    project: { trained_from: { commit: await it.git('rev-parse', 'HEAD'), dirty: true }, ahead: 0 },
  });
  // What a training was made from that came to nothing is not what the adapter was made from.
  await it.commit('in/c.py', 'changed');
  expect((await cli.run(['train', 'web', '--', 'false'])).code).toBe(1);
  expect(await cli.json(['show', 'web'])).toMatchObject({
    trained_from: { commit: await it.git('rev-parse', 'HEAD~1'), dirty: true },
    ahead: 1,
  });
});

test('show says from which commit, and how far that is behind', async () => {
  const cli = await several();
  const from = async (name: string): Promise<string | undefined> =>
    /^ {2}from +(.*)$/m.exec((await cli.run(['show', name])).stdout)?.[1];
  const commit = async (it: Repository, name: string): Promise<string> =>
    (await it.git('rev-parse', name)).slice(0, 12);
  expect(await from('api')).toBe(`${await commit(cli.api, 'HEAD~3')}, 3 commits behind the code`);
  expect(await from('docs')).toBe(`${await commit(cli.docs, 'HEAD')}, no commits since`);
  expect(await from('dirty')).toBe(
    `${await commit(cli.dirty, 'HEAD~1')} (with uncommitted changes), 1 commit behind the code`,
  );
  expect(await from('lost')).toMatch(/^[0-9a-f]{12}$/);
  expect(await from('plain')).toBeUndefined();
  await cli.dirty.git('reset', '-q', '--hard', 'HEAD~1');
  // Where nothing was committed, it may be there still, or be another change by now.
  expect(await from('dirty')).toMatch(/^[0-9a-f]{12} \(with uncommitted changes\)$/);
});

test('ls shows how far behind each is, in a column that is there only where one is', async (context) => {
  requireTools(context, 'tmux');
  const cli = await several();
  const columns = (text: string): string[] =>
    text.split('\n').map((line) => line.replace(/ {2,}/g, '  ').trimEnd());
  const { stdout, stderr } = await cli.run(['ls']);
  expect(stderr).toBe('');
  expect(columns(stdout)).toEqual([
    '  NAME  STATUS  BEHIND  LANGUAGE  FILES  USED  PATH',
    '* api  completed  3  python  3  never  ~/api',
    '  dirty  completed  1  python  3  never  ~/dirty',
    '  docs  completed  0  python  3  never  ~/docs',
    '  lost  completed  python  3  never  ~/lost',
    '  plain  not started  python  1  never  ~/plain',
    '',
  ]);
  expect((await cli.run(['ls', 'docs'])).stdout).toContain('STATUS     LANGUAGE');
  const env = { ...cli.api.env, TERM: 'xterm-256color' };
  const program = `"${process.execPath}" "${builtProgram('gardener.js')}"`;
  const narrow = await tmuxTerminal(`${program} ls`, { columns: 60, env });
  const screen = await narrow.shows('ended with 0');
  expect(screen).toMatch(/^ {2}NAME +STATUS +BEHIND +LANGUAGE +FILES +USED/m);
  expect(screen).toMatch(/^\* api +completed +3 +python +3 +never/m);
  expect(screen.split('\n').every((line) => line.length <= 60)).toBe(true);
});

test('ls --stale lists those that are behind, and says which were left out', async () => {
  const cli = await several();
  const { code, stdout, stderr } = await cli.run(['ls', '--stale', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: UNKNOWN + UNCLEAR });
  expect(JSON.parse(stdout)).toMatchObject({ projects: [{ name: 'api', ahead: 3 }] });
  expect(await cli.run(['ls', 'docs', '--stale'])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'no project is known to be behind its code; to see all: gardener ls\n',
  });
});

describe('retrain --stale', () => {
  test('marks those that are behind, each once, and says why', async () => {
    const cli = await several();
    expect(await cli.run(['retrain', '--stale'])).toEqual({
      code: 0,
      signal: null,
      stdout: 'api waits for training now\n',
      stderr: UNKNOWN + UNCLEAR,
    });
    const request = async (): Promise<unknown> =>
      ((await cli.json(['show', 'api'])) as Record<string, unknown>)['retrain_requested'];
    const first = await request();
    expect(first).toMatchObject({ reason: '3 commits behind the code' });
    await cli.api.commit('in/a.py', 'more');
    expect(await cli.json(['retrain', '--stale', '--reason', 'new model'])).toMatchObject({
      projects: [{ name: 'api', ahead: 4 }],
      skipped: [],
    });
    expect(await request()).toEqual(first);
    for (const name of ['docs', 'dirty', 'lost', 'plain'])
      expect(await cli.json(['show', name])).toMatchObject({ retrain_requested: null });
  });

  test('skips what is being trained, and says so', async () => {
    const cli = await commandLine();
    await trained(cli, 'api', 1);
    await trained(cli, 'web', 2);
    const trainer = cli.start(['train', 'api', '--', 'sh', '-c', 'touch "$HOME/begun"; exec sleep 1000']);
    await until(() => existsSync(join(cli.home, 'begun')), 'the trainer runs');
    const { stdout, stderr, code } = await cli.run(['retrain', '--stale', '--json', '--reason', 'nightly']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'skipped api: it is being trained\n' });
    expect(JSON.parse(stdout)).toMatchObject({
      projects: [{ name: 'web', retrain_requested: { reason: 'nightly' } }],
      skipped: [{ name: 'api', reason: 'lease_held' }],
    });
    trainer.child.kill('SIGINT');
    await trainer.finished;
  });

  test.each([
    [[], 'cannot retrain: the project is missing'],
    [['--stale', 'api'], 'cannot name a project with --stale'],
  ])('or a project, one of the two: %j', async (words, message) => {
    const cli = await commandLine();
    expect(await cli.run(['retrain', ...words])).toMatchObject({
      code: 2,
      stderr: `gardener: ${message}\ntry: gardener retrain <project>, or gardener retrain --stale\n`,
    });
  });
});

describe('git', () => {
  const asked = (it: Repository): Promise<NodeJS.ProcessEnv> =>
    stand(it, 'echo $$ >>"$HOME/asked"; exec sleep 1000');

  test('is not asked where nothing was trained from a commit', async () => {
    const cli = await commandLine();
    const it = await repository(cli.home, 'web');
    await cli.json(['add', it.root]);
    const env = await asked(it);
    for (const words of [['ls'], ['show', 'web'], ['which', 'web', '--json'], ['ls', '--stale']])
      expect((await cli.run(words, { env })).code).toBe(0);
    expect(await cli.json(['ls'], { env })).toMatchObject({ projects: [{ ahead: null }] });
    expect(existsSync(join(cli.home, 'asked'))).toBe(false);
  });

  test('that does not answer holds up nobody who looks, and does not go on after that', async () => {
    const cli = await commandLine();
    const it = await trained(cli, 'web', 1);
    const env = await asked(it);
    const { code, stdout, stderr } = await cli.run(['ls', '--json'], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ projects: [{ ahead: null }] });
    const pids = (await readFile(join(cli.home, 'asked'), 'utf8')).trim().split('\n').map(Number);
    await until(async () => (await Promise.all(pids.map(isGone))).every(Boolean), 'git has ended');
  });
});
