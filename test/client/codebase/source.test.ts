import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { isGone } from '../../../client/cli/daemon/processes.ts';
import { aheadOf, aheadOfEach, sourceAt } from '../../../client/codebase/source.ts';
import type { Source } from '../../../src/domain/project.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { type Repository, repository, stand } from '../../support/repository.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';

beforeEach((context) => requireTools(context, 'git'));

const head = (it: Repository): Promise<string> => it.git('rev-parse', 'HEAD');

describe('a training is made from the commit that is checked out, and', () => {
  const look = async (it: Repository, place = '.'): Promise<Source | null> =>
    await sourceAt(join(it.root, place), it.env);

  test.each<[what: string, change: (it: Repository) => Promise<unknown>, dirty: boolean]>([
    ['nothing else', async () => undefined, false],
    ['a changed file', (it) => it.write('in/a.py', 'something else'), true],
    ['a file of another content and the same size', (it) => it.write('in/a.py', 'A'), true],
    ['a file that is gone', (it) => rm(join(it.root, 'in/a.py')), true],
    ['a new file', (it) => it.write('new.py', ''), true],
    [
      'what is staged, and undone in the files',
      (it) => it.shell('echo x >in/a.py; git add .; printf a >in/a.py'),
      true,
    ],
    ['a file that is to be deleted', (it) => it.git('rm', '-q', 'in/a.py'), true],
    ['an ignored file', (it) => it.shell('echo "*.log" >.git/info/exclude; touch x.log'), false],
    ['a file that was only touched', (it) => it.shell('touch -d 2001-01-01 in/a.py'), false],
    ['an empty directory', (it) => mkdir(join(it.root, 'empty')), false],
  ])('%s', async (_what, change, dirty) => {
    const it = await repository();
    const commit = await head(it);
    await change(it);
    expect(await look(it)).toEqual({ commit, dirty });
  });

  test('of a repository around the codebase only that directory', async () => {
    const it = await repository();
    await it.write('out/x.py', '');
    const commit = await it.commit('out/y.py');
    await it.write('out/x.py', 'changed');
    await it.write('staged.py', '');
    await it.git('add', 'staged.py');
    expect(await look(it)).toEqual({ commit, dirty: true });
    expect(await look(it, 'in')).toEqual({ commit, dirty: false });
    expect(await look(it, 'out')).toEqual({ commit, dirty: true });
  });

  test('what a filter leaves is as it was committed, without that filter', async () => {
    const it = await repository();
    await it.git('config', 'filter.large=file.clean', 'tr a-z A-Z');
    await it.git('config', 'filter.big.files.clean', 'tr a-z A-Z');
    await it.git('config', 'filter.big.files.required', 'true');
    await it.write('.gitattributes', '*.bin filter=big.files\n');
    await it.write('x.bin', 'abc');
    const commit = await it.commit('y.py');
    expect(await it.git('show', 'HEAD:x.bin')).toBe('ABC');
    // One whose name cannot be said to git might run.
    expect(await look(it)).toBeNull();
    await it.git('config', '--unset', 'filter.large=file.clean');
    // Git looks into what looks touched only.
    await it.shell('touch -d 2001-01-01 x.bin y.py; git update-index --refresh');
    expect(await look(it)).toEqual({ commit, dirty: false });
    await it.shell('touch -d 2002-02-02 x.bin');
    expect(await look(it)).toEqual({ commit, dirty: true });
  });
});

describe('it cannot be told what a training is made from', () => {
  test('without a repository, a commit, or anything in the commit', async () => {
    const it = await repository();
    const empty = await temporaryDirectory();
    expect(await sourceAt(empty, it.env)).toBeNull();
    await it.git('init', '-q', join(empty, 'new'));
    expect(await sourceAt(join(empty, 'new'), it.env)).toBeNull();
    // As a home directory whose settings are in a repository.
    await it.write('.gitignore', 'ignored\n');
    await it.write('ignored/x.py', '');
    await it.commit('y.py');
    expect(await sourceAt(join(it.root, 'ignored'), it.env)).toBeNull();
    expect(await sourceAt(join(it.root, 'no-such'), it.env)).toBeNull();
    expect(await sourceAt(join(it.root, '.git'), it.env)).toBeNull();
  });

  test('without git', async () => {
    const it = await repository();
    expect(await sourceAt(it.root, { ...it.env, PATH: it.env['HOME'] })).toBeNull();
  });

  test.each(['rev-parse', 'config', 'ls-files', 'diff-index'])(
    'when git %s does not end',
    async (command) => {
      const it = await repository();
      const slow = await stand(
        it,
        `case " $* " in *" ${command} "*) exec sleep 1000;; esac; PATH=$REAL exec git "$@"`,
      );
      expect(await sourceAt(it.root, { ...slow, REAL: it.env['PATH'] }, 1_000)).toBeNull();
      expect(await sourceAt(it.root, { ...slow, REAL: it.env['PATH'] }, 0)).toBeNull();
    },
  );
});

describe('a codebase is ahead', () => {
  test('by the commits that change something in it', async () => {
    const it = await repository();
    const commit = await head(it);
    const ahead = (place: string) => aheadOf({ directory: join(it.root, place), commit }, it.env);
    expect(await ahead('.')).toBe(0);
    await it.commit('out/x.py');
    await it.commit('in/a.py');
    await it.commit('out/y.py');
    expect([await ahead('.'), await ahead('in'), await ahead('out')]).toEqual([3, 1, 2]);
    // What is not committed is nobody's commit.
    await it.write('in/b.py', 'changed');
    expect(await ahead('in')).toBe(1);
    await it.git('checkout', '-q', '-f', '--detach', commit);
    expect(await ahead('.')).toBe(0);
  });

  test('nobody knows by how many', async () => {
    const it = await repository();
    const first = await head(it);
    await it.commit('x.py');
    await it.commit('y.py');
    const ahead = (commit: string, directory = it.root) => aheadOf({ directory, commit }, it.env);
    expect(await ahead('1'.repeat(40))).toBeNull();
    expect(await ahead(await it.git('rev-parse', 'HEAD:in'))).toBeNull();
    await it.git('clone', '-q', '--depth', '1', `file://${it.root}`, '../shallow');
    expect(await ahead(first, join(it.root, '../shallow'))).toBeNull();
    expect(await ahead(first, join(it.root, '../no-such'))).toBeNull();
    expect(await aheadOf({ directory: it.root, commit: first }, { ...it.env, PATH: '/none' })).toBeNull();
    expect([await ahead(first), await ahead(first.slice(0, 12))]).toEqual([2, 2]);
  });

  test.each(['HEAD~1', 'main', '--all', `--output=witness\n${'a'.repeat(40)}`, ''])(
    'and %j in the registry is no commit',
    async (commit) => {
      const it = await repository();
      await it.commit('x.py');
      expect(await aheadOf({ directory: it.root, commit }, it.env)).toBeNull();
      expect(existsSync(join(it.root, 'witness'))).toBe(false);
    },
  );

  test('each of many by its own number, and one that git does not answer for keeps nobody waiting', async () => {
    const it = await repository();
    const commit = await head(it);
    const stuck = join(it.root, 'stuck');
    const env = {
      ...(await stand(it, `case "$2" in */stuck) exec sleep 1000;; esac; PATH=$REAL exec git "$@"`)),
      REAL: it.env['PATH'],
    };
    for (let at = 0; at < 20; at += 1) await it.commit(at % 2 ? 'in/a.py' : 'out/x.py', String(at));
    const all = [stuck, ...Array.from({ length: 20 }, (_, at) => join(it.root, at % 2 ? 'in' : '.'))];
    const counts: number[] = [];
    const told = await aheadOfEach(
      all.map((directory) => ({ directory, commit })),
      env,
      { all: 60_000, each: 5_000 },
      (count) => counts.push(count),
    );
    expect(told).toEqual([null, ...Array.from({ length: 20 }, (_, at) => (at % 2 ? 10 : 20))]);
    expect(counts).toEqual(Array.from({ length: 21 }, (_, at) => at + 1));
  });

  test('as far as is told in time, and no git goes on then', async () => {
    const it = await repository();
    const commit = await head(it);
    const env = await stand(it, 'echo $$ >>"$HOME/pids"; exec sleep 1000');
    const all = Array.from({ length: 30 }, () => ({ directory: it.root, commit }));
    expect(await aheadOfEach(all, env, { all: 1_000 })).toEqual(all.map(() => null));
    const pids = (await readFile(join(it.env['HOME'] ?? '', 'pids'), 'utf8')).trim().split('\n').map(Number);
    // As many as ran at a time: for the others there was no time.
    expect(pids.length).toBeLessThanOrEqual(8);
    await until(async () => (await Promise.all(pids.map(isGone))).every(Boolean), 'every git has ended');
  });
});
