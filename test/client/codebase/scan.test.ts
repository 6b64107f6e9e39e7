import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { scan } from '../../../client/codebase/files/scan.ts';
import { walkFiles } from '../../../client/codebase/files/walk.ts';
import { environment, temporaryDirectory } from '../../support/home.ts';
import { asOrdinaryUser } from '../../support/store.ts';
import { requireTools } from '../../support/tools.ts';

const run = promisify(execFile);

/** Makes a directory with these files; a text that begins with `->` makes a link. */
async function codebase(files: Record<string, string>): Promise<string> {
  const root = await temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    if (text.startsWith('->')) await symlink(text.slice(2), path);
    else await writeFile(path, text);
  }
  return root;
}

async function git(root: string, ...args: string[]): Promise<void> {
  await run('git', ['-C', root, ...args], { env: environment(root) });
}

async function walked(root: string): Promise<string[]> {
  const files: string[] = [];
  for await (const portion of walkFiles(root, () => undefined)) files.push(...portion);
  return files.toSorted();
}

/** Where no git can be found. */
const noGit = { PATH: '/nowhere' };

describe('without git, every file counts', () => {
  test('but what a .gitignore hides, at every level', async () => {
    const root = await codebase({
      '.gitignore': '*.log\n/build/\ndocs/*\n!docs/keep.md\n',
      'main.py': '',
      'trace.log': '',
      'build/out.py': '',
      'docs/keep.md': '',
      'docs/draft.md': '',
      'src/build/kept.py': '',
      'src/.gitignore': '!important.log\n*.tmp\n',
      'src/important.log': '',
      'src/deep/other.log': '',
      'src/deep/x.tmp': '',
      'other/x.tmp': '',
    });
    expect(await walked(root)).toEqual([
      '.gitignore',
      'docs/keep.md',
      'main.py',
      'other/x.tmp',
      'src/.gitignore',
      'src/build/kept.py',
      'src/important.log',
    ]);
  });

  test('and what tools put there', async () => {
    const root = await codebase({
      'a.js': '',
      'node_modules/x/index.js': '',
      'packages/web/node_modules/y/index.js': '',
      '.venv/lib/site.py': '',
      'pkg/__pycache__/a.pyc': '',
      '.git/HEAD': 'no repository',
      '.github/workflows/ci.yml': '',
    });
    expect(await walked(root)).toEqual(['.github/workflows/ci.yml', 'a.js']);
  });

  test('and links, wherever they lead', async () => {
    const root = await codebase({
      'a.py': '',
      'round/again': '->..',
      'same.py': '->a.py',
      'broken.py': '->nowhere',
    });
    expect(await walked(root)).toEqual(['a.py']);
  });

  test('and it is said which language and how many', async () => {
    const root = await codebase({ 'a.go': '', 'b.go': '', 'README.md': '' });
    expect(await scan(root, { env: noGit })).toEqual({
      files: 3,
      stopped: false,
      language: 'go',
      unreadable: [],
      unreadableCount: 0,
    });
  });
});

describe('a .gitignore that cannot be read', () => {
  test.for<[string, string, (path: string) => Promise<unknown>]>([
    ['a pipe', 'is no plain file', (path) => run('mkfifo', [path])],
    ['a directory', 'is no plain file', (path) => mkdir(path)],
    ['a device without an end', 'is no plain file', (path) => symlink('/dev/zero', path)],
    [
      'longer than any memory',
      'is longer than 256 KiB',
      (path) => writeFile(path, '').then(() => truncate(path, 6e8)),
    ],
    [
      'a socket',
      'is no plain file',
      async (path) => {
        const server = createServer().listen(path);
        await once(server, 'listening');
        onTestFinished(() => void server.close());
      },
    ],
  ])('because it is %s is told and hides nothing', async ([, why, make], context) => {
    requireTools(context, 'mkfifo');
    const root = await codebase({ 'a.py': '', 'docs/b.py': '', 'docs/c.log': '' });
    await make(join(root, 'docs/.gitignore'));
    const found = await scan(root, { env: noGit });
    expect(found).toMatchObject({ language: 'python', unreadRules: [`docs/.gitignore ${why}`] });
    expect(found.unreadableCount).toBe(0);
  });
});

test('other files than plain ones are not opened, and do not count', async (context) => {
  requireTools(context, 'mkfifo');
  const root = await codebase({ 'a.py': '', 'zero.py': '->/dev/zero' });
  await run('mkfifo', [join(root, 'b.py')]);
  await run('mkfifo', [join(root, 'HEAD')]);
  expect(await scan(root, { env: noGit })).toMatchObject({ files: 1 });
});

describe('a bare repository has no files', () => {
  async function bare(at: string): Promise<void> {
    await run('git', ['init', '-q', '--bare', at], { env: environment(at) });
  }

  test('of a codebase, and says that it is one', async (context) => {
    requireTools(context, 'git');
    const root = await codebase({});
    await bare(root);
    for (const env of [noGit, environment(root)])
      expect(await scan(root, { env })).toMatchObject({ files: 0, language: 'unknown', bare: true });
  });

  test('where one lies in a codebase', async (context) => {
    requireTools(context, 'git');
    const root = await codebase({ 'a.py': '' });
    await bare(join(root, '.bare'));
    const found = await scan(root, { env: noGit });
    expect(found).toMatchObject({ files: 1, language: 'python' });
    expect(found.bare).toBeUndefined();
  });
});

test('counting stops where a signal is aborted, between two directories', async () => {
  const root = await codebase({ 'a/1': '', 'b/2': '', 'c/3': '' });
  const stop = new AbortController();
  const counted: number[] = [];
  const onProgress = (files: number): void => {
    if (counted.push(files) === 2) stop.abort(new Error('enough'));
  };
  await expect(scan(root, { env: noGit, signal: stop.signal, onProgress })).rejects.toThrow('enough');
  expect(counted).toHaveLength(2);
});

test('counting stops at the limit and says so', async () => {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}.rb`, '']));
  const root = await codebase(files);
  expect(await scan(root, { env: noGit, limit: 20 })).toMatchObject({
    files: 20,
    stopped: true,
    language: 'ruby',
  });
  expect(await scan(root, { env: noGit, limit: 30 })).toMatchObject({ files: 30, stopped: false });
});

test('directories that cannot be read are named, and the rest is counted', async () => {
  const root = await codebase({ 'a.py': '', 'secret/b.py': '', 'secret/deep/c.py': '', 'open/d.py': '' });
  await chmod(join(root, 'secret'), 0o000);
  const found = await asOrdinaryUser([root], () => scan(root, { env: noGit }));
  await chmod(join(root, 'secret'), 0o700);
  expect(found).toMatchObject({ files: 2, unreadable: ['secret'], unreadableCount: 1 });
});

test('a directory that is not there has no files', async () => {
  const root = join(await temporaryDirectory(), 'gone');
  expect(await scan(root, { env: noGit })).toMatchObject({
    files: 0,
    language: 'unknown',
    unreadable: ['.'],
  });
});

describe('with git, what it tracks counts', () => {
  test('and nothing else', async (context) => {
    requireTools(context, 'git');
    const root = await codebase({
      'a.ts': '',
      'with\nnewline.ts': '',
      'new.py': '',
      'new2.py': '',
      'new3.py': '',
    });
    await git(root, 'init', '-q');
    await git(root, 'add', 'a.ts', 'with\nnewline.ts');
    expect(await scan(root, { env: environment(root) })).toMatchObject({ files: 2, language: 'typescript' });
  });

  test('below the directory only', async (context) => {
    requireTools(context, 'git');
    const root = await codebase({ 'top.ts': '', 'api/a.go': '', 'api/b.go': '' });
    await git(root, 'init', '-q');
    await git(root, 'add', '.');
    expect(await scan(join(root, 'api'), { env: environment(root) })).toMatchObject({
      files: 2,
      language: 'go',
    });
  });

  test('up to the limit', async (context) => {
    requireTools(context, 'git');
    const root = await codebase(
      Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`${index}.rs`, ''])),
    );
    await git(root, 'init', '-q');
    await git(root, 'add', '.');
    const found = await scan(root, { env: environment(root), limit: 10 });
    expect(found).toMatchObject({ files: 10, stopped: true, language: 'rust' });
  });

  test('unless that is nothing: then every file does', async (context) => {
    requireTools(context, 'git');
    const root = await codebase({ 'a.py': '', '.gitignore': 'b.py\n', 'b.py': '' });
    await git(root, 'init', '-q');
    expect(await scan(root, { env: environment(root) })).toMatchObject({ files: 2, language: 'python' });
  });

  test('also from within a hook, whose environment names another repository', async (context) => {
    requireTools(context, 'git');
    const other = await codebase({});
    await git(other, 'init', '-q');
    const root = await codebase({ 'a.py': '', 'b.py': '' });
    await git(root, 'init', '-q');
    await git(root, 'add', 'a.py');
    const env = {
      ...environment(root),
      GIT_DIR: join(other, '.git'),
      GIT_INDEX_FILE: join(other, '.git/index'),
    };
    expect(await scan(root, { env })).toMatchObject({ files: 1 });
  });

  test('without running what the repository names as its file system monitor', async (context) => {
    requireTools(context, 'git');
    const root = await codebase({ 'a.py': '' });
    await git(root, 'init', '-q');
    await git(root, 'add', '.');
    const witness = join(root, 'witness');
    await git(root, 'config', 'core.fsmonitor', `touch ${witness}; false`);
    await scan(root, { env: environment(root) });
    expect(await walked(root)).not.toContain('witness');
  });
});
