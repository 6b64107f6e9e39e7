/** `gardener ls` for scripts, in other orders, with other columns, and where there is no room. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COLUMN_NAMES } from '../../../client/cli/ls/columns.ts';
import { listAll, SORTS } from '../../../client/cli/projects/list.ts';
import type { Client } from '../../../client/client.ts';
import { EXAMPLE_PROJECT } from '../../../src/protocol/method.ts';
import { terminal } from '../../support/terminal.ts';
import { type World, world } from '../../support/world.ts';

/** What `ls` prints at a terminal without colours, a line each. */
function lister({ paths }: World, columns?: number) {
  const seat = terminal({ home: paths.dataDir, ...(columns !== undefined && { columns }) });
  seat.env['NO_COLOR'] = '1';
  return async (...words: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await seat.run(['ls', ...words]);
    expect(code, stderr).toBe(0);
    return stdout.split('\n').slice(0, -1);
  };
}

test('--quiet prints what names each project in a command', async () => {
  const it = await world(['api', "it's $(here)"]);
  const dash = await it.add('-rf');
  const turned = await it.add('a\u202eb');
  const home = await it.add('~');
  const names = await lister(it)('--quiet');
  expect(names.toSorted()).toEqual([dash, turned, home, 'api', "it's $(here)"].toSorted());
  for (const name of names) expect(await it.writer.call('projects.get', { project: name })).toBeDefined();
  expect(await terminal({ home: it.paths.dataDir }).run(['ls', '--quiet', 'nope'])).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
});

test('--waiting lists what --claim takes, in turn', async () => {
  const it = await world(['never', 'done', 'asked', 'training', 'lost']);
  for (const name of ['done', 'asked', 'training']) {
    const { token } = await it.writer.call('training.begin', { project: name });
    if (name !== 'training') await it.writer.call('training.complete', { project: name, token });
  }
  await it.writer.call('projects.retrain', { project: 'asked' });
  const list = lister(it);
  expect(await list('-q', '--waiting')).toEqual(['asked', 'never', 'lost']);
  expect(await list('-q', '--waiting', '--sort', 'name', '--limit', '2')).toEqual(['asked', 'lost']);
  const other = await it.connect();
  const claimed = await other.call('training.claim', {});
  expect(claimed).toMatchObject({ project: { name: 'asked' } });
});

test('--sort, --reverse and --limit', async () => {
  const it = await world([]);
  const files = [3, 1, 2];
  for (const [at, name] of ['b', 'a', 'c'].entries()) {
    await it.add(name, { language: ['go', 'Ada', 'c'][at], tags: [`t${at}`, 'all'] });
    await it.writer.call('projects.update', { project: name, file_count: files[at] });
  }
  await it.writer.call('projects.touch', { project: 'c' });
  const list = lister(it);
  const inOrder: Record<string, string> = {
    name: 'abc',
    status: 'abc',
    used: 'cab',
    updated: 'cab',
    added: 'cab',
    trained: 'abc',
    files: 'bca',
    language: 'acb',
  };
  expect(Object.keys(inOrder)).toEqual(SORTS);
  for (const [sort, order] of Object.entries(inOrder)) {
    expect((await list('-q', '--sort', sort)).join(''), sort).toBe(order);
    expect((await list('-q', '--sort', sort, '--limit', '2')).join(''), sort).toBe(order.slice(0, 2));
    const turned = [...order].toReversed().join('');
    expect((await list('-q', '--sort', sort, '--reverse', '--limit', '2')).join('')).toBe(turned.slice(0, 2));
  }
  expect(await list('-q', '--tag', 't0', '--tag', 't2', '--limit', '1')).toEqual(['b']);
  expect(await list('-q', '--tag', 'all', '--limit', '2')).toEqual(['a', 'b']);
});

test('what is written as a path is that directory and what is below it', async () => {
  const it = await world([]);
  const at = it.paths.dataDir;
  for (const path of ['pay', 'payments', 'pay/sub', 'pay-extra/pay']) {
    await mkdir(join(at, path), { recursive: true });
    await it.add(path.replace('/', '-of-'), { source_path: join(at, path) });
  }
  const list = lister(it);
  for (const query of [`${at}/pay`, './pay', '~/pay/', './payments/../pay'])
    expect(await list('-q', query), query).toEqual(['pay', 'pay-of-sub']);
  expect(await list('-q', 'pay/')).toEqual(['pay', 'pay-extra-of-pay', 'pay-of-sub']);
  expect(await list('-q', '.')).toHaveLength(4);
  expect(await list('-q', '/', '--limit', '1')).toHaveLength(1);
});

test('of several states or languages one will do, and a language in any case', async () => {
  const it = await world([]);
  for (const [name, language] of Object.entries({ a: 'go', b: 'Ada', c: 'python' }))
    await it.add(name, { language });
  await it.writer.call('projects.set_status', { project: 'a', status: 'failed' });
  const list = lister(it);
  expect(await list('-q', '--language', 'Go', '--language', 'ada')).toEqual(['a', 'b']);
  expect(await list('-q', '--language', 'Go', '--limit', '1')).toEqual(['a']);
  expect(await list('-q', '--status', 'failed')).toEqual(['a']);
  expect(await list('-q', '--status', 'failed', '--status', 'not-started', '--sort', 'NAME')).toHaveLength(3);
});

test('no more are asked for than are shown', async () => {
  const asked: unknown[] = [];
  const list = (params: unknown) => {
    asked.push(params);
    return Promise.resolve({ projects: [EXAMPLE_PROJECT, EXAMPLE_PROJECT], next_cursor: 'more' });
  };
  const client = { projects: { list } } as unknown as Client;
  expect(await listAll(client, { tag: 'x' }, { sort: 'last_used', limit: 2 })).toHaveLength(2);
  expect(asked).toEqual([{ tag: 'x', sort: 'last_used', limit: 2 }]);
});

describe('--columns', () => {
  test('shows any of them in the order that was asked for', async () => {
    const it = await world([]);
    const id = await it.add('api', { tags: ['x', 'y'], repository: { root_commit: null, remote: 'h/api' } });
    await it.writer.call('projects.retrain', { project: 'api', reason: 'new model' });
    const list = lister(it, 200);
    expect(await list('--columns', 'reason,ID,tags,Base Model,remote')).toEqual([
      `REASON     ${'ID'.padEnd(36)}  TAGS  BASE MODEL  REMOTE`,
      `new model  ${id}  x, y              h/api`,
    ]);
    const [titles = ''] = await list('--columns', COLUMN_NAMES.join(','));
    expect(titles.trim().split(/ {2,}/)).toHaveLength(COLUMN_NAMES.length);
  });

  test.each([
    [['--columns', 'name,nope'], 'there is no column nope; there are name, status, behind'],
    [['--columns', 'name,'], "there is no column ''; there are name"],
    [['--sort', 'nope'], 'is invalid: it is one of name, status, used'],
    [['--quiet', '--columns', 'id'], 'cannot list in two forms at once: --quiet and --columns'],
    [['--json', '-q'], 'cannot list in two forms at once: --json and --quiet'],
    [['--limit', '0'], 'it must be a whole number, 1 or more'],
    [['--limit', '-1'], 'it must be a whole number, 1 or more'],
    [[''], 'cannot look for an empty text'],
  ])('or says what is wrong: %j', async (words, message) => {
    const { code, stderr } = await terminal({ home: '/nowhere', columns: 500 }).run(['ls', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

test('a narrow terminal has fewer columns and whole words, and a very long name takes none of the others', async () => {
  const it = await world(['payments', 'lora-trainer']);
  expect(await lister(it, 40)()).toEqual([
    '  NAME          STATUS       LANGUAGE',
    '  lora-trainer  not started  python',
    '* payments      not started  python',
  ]);
  expect((await lister(it, 20)())[1]).toBe('  lora-trainer');
  await it.add('a name that nobody should have given to any project, and somebody has');
  expect((await lister(it, 60)())[1]).toMatch(/^ {2}a name that.*… {2}not started {2}python {8}0 {2}never$/);
  const [, id] = await lister(it, 40)('--columns', 'id,name');
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  const seat = terminal({ home: it.paths.dataDir, columns: 40 });
  const { stdout, stderr } = await seat.run(['ls', '--columns', 'id,name']);
  expect(stderr, stdout).toBe('note: the terminal has no room for name\n');
  expect((await lister(it, 24)('--columns', 'name,path,language'))[0]).toMatch(/NAME +PATH +LANG/);
});
