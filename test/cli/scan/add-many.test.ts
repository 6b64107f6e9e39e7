import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandLine } from '../../support/cli.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { repository } from '../../support/repository.ts';
import { terminal } from '../../support/terminal.ts';
import { requireTools } from '../../support/tools.ts';

test('add of several registers each once, tells what fails of one, and goes on', async () => {
  const cli = await commandLine();
  await cli.codebase('web', { 'a.ts': '' });
  await cli.run(['add', 'web']);
  await cli.codebase('work/api', { 'a.go': '', 'inner/b.go': '' });
  await cli.codebase('oss/api', { 'a.py': '' });
  await writeFile(join(cli.home, 'file'), '');
  await symlink(join(cli.home, 'oss'), join(cli.home, 'link'));
  await symlink(join(cli.home, 'nowhere'), join(cli.home, 'broken'));
  const typed = 'web nope work/api file oss/api/ link/api oss/../oss/api broken work/api/inner'.split(' ');
  expect(await cli.run(['add', ...typed, '--tag', 'x'])).toEqual({
    code: 1,
    signal: null,
    stdout: [
      'already registered web  ~/web',
      'added work-api  go, 2 files  ~/work/api',
      'added oss-api  python, 1 file  ~/oss/api',
      'added inner  go, 1 file  ~/work/api/inner',
      '',
    ].join('\n'),
    stderr: [
      'note: ~/link/api is the same directory as ~/oss/api',
      'note: tags and language stay of what was registered already: ~/web',
      'note: left out ~/file: it is no directory',
      'gardener: cannot use ~/nope: there is no such directory',
      'gardener: cannot use ~/broken: there is no such directory',
      'try: a directory that exists',
      '',
    ].join('\n'),
  });
  expect(await cli.json(['ls', '--tag', 'x'])).toMatchObject({ projects: [{}, {}, {}] });
});

test('add of several prints one document, with what failed in it', async () => {
  const cli = await commandLine();
  await mkdir(join(cli.home, 'a'));
  const { code, stdout } = await cli.run(['--json', 'add', 'a', 'b']);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    projects: [expect.objectContaining({ name: 'a' })],
    failed: [
      {
        path: join(cli.home, 'b'),
        error: {
          code: 1004,
          message: 'cannot use ~/b: there is no such directory',
          data: expect.objectContaining({ kind: 'source_path_missing' }),
        },
      },
    ],
    skipped: [],
  });
  expect(await cli.json(['add', 'a', './a/'])).toMatchObject({ projects: [{ name: 'a' }], failed: [] });
});

test('all that lies in a directory can be given: no directory twice, no file, and nothing that is around the rest', async () => {
  const cli = await commandLine();
  await cli.codebase('src/payments', { 'a.ts': '' });
  await cli.codebase('src/web', { 'a.ts': '' });
  await writeFile(join(cli.home, 'src/notes'), '');
  await symlink('web', join(cli.home, 'src/an-alias'));
  await symlink('../src', join(cli.home, 'src/loop'));
  await symlink('payments', join(cli.home, 'src/paylink'));
  await cli.run(['add', 'src/payments']);
  // As a shell gives src/*.
  const typed = (await readdir(join(cli.home, 'src'))).toSorted().map((name) => `src/${name}`);
  expect(await cli.run(['add', ...typed])).toEqual({
    code: 0,
    signal: null,
    stdout: 'already registered payments  ~/src/payments\nadded web  typescript, 1 file  ~/src/web\n',
    stderr: [
      'note: ~/src/paylink is the same directory as ~/src/payments',
      'note: ~/src/an-alias is the same directory as ~/src/web',
      'note: left out ~/src/notes: it is no directory',
      'note: left out ~/src/loop: it leads to ~/src, which holds others',
      '',
    ].join('\n'),
  });
  expect(await cli.json(['add', ...typed])).toMatchObject({
    projects: [{ name: 'web' }, { name: 'payments' }],
    failed: [],
    skipped: [{ path: join(cli.home, 'src/notes') }, { path: join(cli.home, 'src/loop') }],
  });
});

test('another spelling of what is registered is greeted, and registered once more under a name only', async () => {
  const cli = await commandLine();
  await cli.codebase('payments', { '.git/HEAD': '' });
  await symlink('payments', join(cli.home, 'paylink'));
  await cli.run(['add', 'payments']);
  const link = join(cli.home, 'paylink');
  for (const [words, options] of [
    [['add', 'paylink']],
    [['add'], { cwd: link, env: { PWD: link } }],
  ] as const)
    expect(await cli.run([...words], options)).toMatchObject({
      code: 0,
      stdout: 'already registered payments  ~/payments\n',
      stderr: `note: ~/paylink is the same directory; to register it once more: gardener add ${link} --name paylink\n`,
    });
  expect(await cli.run(['add', link, '--name', 'paylink'])).toMatchObject({ code: 0, stderr: '' });
  await cli.run(['add', 'payments', '--name', 'other']);
  // Also where several have it.
  expect(await cli.json(['scan', '.'])).toMatchObject({ known: [{ name: 'payments' }], found: [] });
});

test('what keeps the registry from taking any is told once, with what to do', async () => {
  const cli = await commandLine();
  await cli.codebase('src/a', { '.git/HEAD': '' });
  await cli.codebase('src/b', { '.git/HEAD': '' });
  await cli.run(['ls']);
  await writeFile(join(cli.home, '.codebase-gardener/registry.json'), '{');
  const { code, stdout, stderr } = await cli.run(['scan', '--yes', 'src']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    /^found 2 codebases\ngardener: cannot change the registry: .*\nnot added: ~\/src\/a, ~\/src\/b\ntry: gardener status, .*\n$/,
  );
});

test('add of several says which of them may be one that was moved', async (context) => {
  requireTools(context, ['git']);
  const cli = await commandLine();
  const { root } = await repository(cli.home, 'old/thing');
  await cli.run(['add', root]);
  await mkdir(join(cli.home, 'new'));
  await rename(root, join(cli.home, 'new/thing'));
  const { code, stdout, stderr } = await cli.run(['add', 'new', 'new/thing']);
  expect(code).toBe(0);
  expect(stdout).toContain('added new-thing  python, 3 files  ~/new/thing\n');
  expect(stderr).toBe(
    'note: "thing" is registered for the same repository at ~/old/thing, which is gone; ' +
      `to have it here instead: gardener mv thing ${join(cli.home, 'new/thing')}\n`,
  );
});

test('add and scan do not take another directory of a repository for the project that is gone', async (context) => {
  requireTools(context, ['git']);
  const cli = await commandLine();
  const { root } = await repository(cli.home, 'thing');
  const [a, b] = [await cli.codebase('thing/a', {}), await cli.codebase('thing/b', { 'package.json': '{}' })];
  await cli.run(['add', a]);
  await rename(a, join(cli.home, 'elsewhere'));
  expect(await cli.json(['scan', b])).toMatchObject({ found: [{ path: b }] });
  expect((await cli.run(['add', b])).stderr).toBe(
    `note: "a" is registered for the same repository at ~/thing/a, which is gone; if it is this one, to have it here instead: gardener mv a ${join(root, 'b')}\n`,
  );
});

test.each([
  [['--name', 'x'], 'cannot give several projects one name'],
  [['--use'], 'cannot make several projects the active one'],
  [['--tag', ''], "option '--tag <tag>' argument '' is invalid: it is empty"],
])('add of several with %j is wrong usage', async (flags, message) => {
  const { env, run } = terminal({ home: await temporaryDirectory() });
  env['NO_COLOR'] = '1';
  const { code, stderr } = await run(['add', 'a', 'b', ...flags]);
  expect(code).toBe(2);
  expect(stderr).toContain(`gardener: ${message}\n`);
});
