import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtProgram, commandLine } from '../../support/cli.ts';
import { startDaemon } from '../../support/daemon.ts';
import { environment } from '../../support/home.ts';
import { repository } from '../../support/repository.ts';
import { terminal } from '../../support/terminal.ts';
import { tmuxTerminal } from '../../support/tmux.ts';
import { requireTools } from '../../support/tools.ts';

test('off a terminal what is found is listed, and registered with --yes only', async () => {
  const cli = await commandLine();
  await cli.codebase('src/work/api', { 'go.mod': '', 'a.go': '' });
  await cli.codebase('src/oss/api', { 'package.json': '', 'a.ts': '', 'b.ts': '' });
  await cli.codebase('src/web', { 'pyproject.toml': '', 'a.py': '' });
  const listed = {
    code: 0,
    stdout: [
      'NAME      LANGUAGE    FILES  PATH',
      'oss-api   typescript      3  ~/src/oss/api',
      'web       python          2  ~/src/web',
      'work-api  go              2  ~/src/work/api',
      '',
    ].join('\n'),
  };
  expect(await cli.run(['scan', 'src', '--tag', 'a b'])).toMatchObject({
    ...listed,
    stderr: `found 3 codebases\nnothing was registered; to register all: gardener scan --yes --tag 'a b' src\n`,
  });
  expect(await cli.run(['scan', '--dry-run', '--yes', 'src'])).toMatchObject({
    ...listed,
    stderr: 'found 3 codebases\nnothing was registered\n',
  });
  const found = [
    {
      path: join(cli.home, 'src/oss/api'),
      name: 'oss-api',
      kind: 'package',
      language: 'typescript',
      files: 3,
    },
    { path: join(cli.home, 'src/web'), name: 'web', kind: 'package', language: 'python', files: 2 },
    { path: join(cli.home, 'src/work/api'), name: 'work-api', kind: 'package', language: 'go', files: 2 },
  ];
  expect(await cli.json(['scan'], { cwd: join(cli.home, 'src') })).toEqual({
    found,
    known: [],
    moved: [],
    projects: [],
    failed: [],
    worktrees: 0,
    unreadable: 0,
    gone: 0,
    stopped: false,
  });
  expect(await cli.json(['call', 'projects.count'])).toBe(0);
  expect(await cli.run(['scan', '--yes', '--tag', 'new', 'src'])).toMatchObject({
    code: 0,
    stdout: [
      'added oss-api  typescript, 3 files  ~/src/oss/api',
      'added web  python, 2 files  ~/src/web',
      'added work-api  go, 2 files  ~/src/work/api',
      '',
    ].join('\n'),
    stderr: 'found 3 codebases\n3 projects added; to see all: gardener ls\n',
  });
  expect(await cli.json(['ls', '--tag', 'new'])).toMatchObject({
    projects: [{ name: 'oss-api', file_count: 3 }, { name: 'web' }, { name: 'work-api' }],
  });
  // The first one, whichever of the calls comes first to the disk.
  expect(await cli.json(['which'])).toMatchObject({ project: { name: 'oss-api' } });
  expect(await cli.run(['scan', 'src', '--yes'])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'nothing new was found, 3 known already\n',
  });
  expect(await cli.run(['scan', 'src', 'nowhere', '--yes'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('cannot use ~/nowhere: there is no such directory'),
  });
});

test('what is registered is left out also behind links, as a worktree, and as a part; and told when it has moved', async (context) => {
  requireTools(context, ['git']);
  const cli = await commandLine();
  const { git, root } = await repository(cli.home, 'src/real');
  await git('worktree', 'add', '-q', '../tree');
  await git('clone', '-q', '--bare', root, '../kept/.bare');
  await promisify(execFile)('git', [
    '-C',
    `${root}/../kept/.bare`,
    'worktree',
    'add',
    '-q',
    '../main',
    'main',
  ]);
  const { git: other, root: old } = await repository(cli.home, 'old/thing');
  // Other than that of the first, by which it would be the same repository.
  await other('commit', '-q', '--amend', '-m', 'other');
  await cli.codebase('src/mono', { 'package.json': '', 'part/package.json': '' });
  await symlink(join(cli.home, 'src'), join(cli.home, 'way'));
  await cli.run(['add', 'way/real', old, 'src/mono']);
  await rename(old, join(cli.home, 'src/thing'));
  const path = (name: string): string => join(cli.home, 'src', name);
  expect(await cli.json(['scan', 'src', 'src/mono/part'])).toMatchObject({
    found: [{ path: path('kept/main'), name: 'kept', kind: 'repository', language: 'python', files: 3 }],
    known: [
      { path: path('mono'), name: 'mono' },
      { path: path('mono/part'), name: 'mono' },
      { path: path('real'), name: 'real' },
    ],
    moved: [{ path: path('thing'), name: 'thing', from: old }],
    worktrees: 1,
  });
  const { stdout, stderr } = await cli.run(['scan', '--yes', 'src']);
  expect(stdout).toBe('added kept  python, 3 files  ~/src/kept/main\n');
  expect(stderr).toContain(
    'note: "thing" is registered for the same repository at ~/old/thing, which is gone; ',
  );
  expect(stderr).toContain(`gardener mv thing ${path('thing')}\n`);
});

test('names from a disk are never what a terminal or a shell obeys', async () => {
  const cli = await commandLine();
  const name = "-$(touch x)`touch x`'\n\u001b[31m\u202egnp";
  await cli.codebase(join('src', name, 'go'), { 'go.mod': '' });
  await mkdir(join(cli.home, 'other', name, 'go'), { recursive: true });
  await cli.codebase(join('src', name), { 'a/package.json': '' });
  for (const words of [
    ['scan', 'src'],
    ['scan', join('src', name)],
    ['scan', '--yes', 'src'],
  ]) {
    const { stdout, stderr, code } = await cli.run(words);
    expect(code).toBe(0);
    // eslint-disable-next-line no-control-regex
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  }
  expect(await readdir(cli.home)).not.toContain('x');
});

test('at a terminal one ticks what is to be registered, and Ctrl-C registers nothing', async (context) => {
  requireTools(context, ['tmux']);
  const cli = await commandLine();
  await cli.codebase('src/work/api', { 'go.mod': '', 'a.go': '' });
  await cli.codebase('src/web', { 'package.json': '', 'a.ts': '' });
  await cli.codebase('src/words', { '.git/HEAD': '', LICENSE: '' });
  await cli.run(['daemon', 'start']);
  const scan = [process.execPath, builtProgram('gardener.js'), 'scan', join(cli.home, 'src')].join(' ');
  const options = { env: { ...environment(cli.home), TERM: 'xterm' } };
  const first = await tmuxTerminal(scan, options);
  const shown = await first.shows('api');
  // Of what has no code in it nobody knows what it is for.
  expect(shown.match(/^[◼◻].*$/gmu)).toEqual([
    '◼ web    typescript  ~/src/web',
    '◻ words  unknown     ~/src/words',
    '◼ api    go          ~/src/work/api',
  ]);
  await first.type('C-c');
  await first.shows('ended with 130');
  expect(await cli.json(['call', 'projects.count'])).toBe(0);
  const second = await tmuxTerminal(scan, options);
  await second.shows('api');
  await second.type('web');
  await second.shows('Search: web');
  await second.shows('2 of 3 ticked, 1 out of sight');
  await second.type('Tab', 'Enter');
  await second.shows('1 more is ticked; Enter takes all 1');
  await second.type('Enter');
  expect(await second.shows('ended with 0')).toContain('added api  go, 2 files  ~/src/work/api\n');
  expect(await cli.json(['ls'])).toMatchObject({ projects: [{ name: 'api' }] });
});

test.each<[string, readonly string[], number, string]>([
  ['the end of the input', [], 1, 'nothing was registered\n'],
  ['an answer', [''], 0, '2 projects added; to see all: '],
])('%s at the question counts, and what is not wanted ends as every no', async (_, typed, code, told) => {
  const { paths } = await startDaemon();
  const home = paths.dataDir;
  for (const name of ['api', 'web']) {
    await mkdir(join(home, 'src', name), { recursive: true });
    await writeFile(join(home, 'src', name, 'a.go'), '');
    await writeFile(join(home, 'src', name, 'go.mod'), '');
  }
  const scanned = await terminal({ home }).run(['scan', join(home, 'src')], typed);
  expect(scanned.code).toBe(code);
  expect(scanned.stderr).toContain(told);
});
