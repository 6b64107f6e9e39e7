import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ghq } from '../../../client/cli/scan/sources/ghq.ts';
import { gitMaintenance } from '../../../client/cli/scan/sources/git-maintenance.ts';
import { vscode } from '../../../client/cli/scan/sources/vscode.ts';
import { commandLine } from '../../support/cli.ts';
import { environment, temporaryDirectory } from '../../support/home.ts';
import { terminal } from '../../support/terminal.ts';
import { requireTools } from '../../support/tools.ts';

/** A home directory with these files in it. */
async function homeWith(files: Readonly<Record<string, string>>) {
  const home = await temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text);
  }
  return { home, env: environment(home) };
}

describe('ghq keeps repositories', () => {
  test('where the environment says, or else the settings of git, or below ~/ghq', async (context) => {
    requireTools(context, ['git']);
    const plain = await homeWith({});
    expect(await ghq.read(plain)).toEqual({ roots: [join(plain.home, 'ghq')], unused: [] });
    const set = await homeWith({
      '.gitconfig':
        '[ghq]\n\troot = ~/src\n\troot = /srv/code\n\troot = relative\n' +
        '[ghq "https://github.com/acme"]\n\troot = "~/my work"\n',
    });
    expect(await ghq.read(set)).toEqual({
      roots: [join(set.home, 'src'), '/srv/code', join(set.home, 'my work')],
      unused: ['relative is no absolute path'],
    });
    const env = { ...set.env, GHQ_ROOT: '/a:~/b:' };
    expect(await ghq.read({ ...set, env })).toEqual({ roots: ['/a', join(set.home, 'b')], unused: [] });
  });
});

test('git maintenance looks after what its settings name', async (context) => {
  requireTools(context, ['git']);
  const it = await homeWith({
    '.gitconfig': '[maintenance]\n\trepo = /src/a\n\trepo = /src/b c\n\trepo = x\n',
  });
  expect(await gitMaintenance.read(it)).toEqual({
    paths: ['/src/a', '/src/b c'],
    unused: ['x is no absolute path'],
  });
});

/** Where programs keep their settings, on this system. */
const SETTINGS = process.platform === 'darwin' ? 'Library/Application Support' : '.config';

describe('VS Code and its kin', () => {
  test('have directories in their notes, in workspaces, and in what Project Manager has saved', async () => {
    const it = await homeWith({
      [`${SETTINGS}/Code/User/globalStorage/storage.json`]: JSON.stringify({
        backupWorkspaces: {
          workspaces: [{ id: '1', configURIPath: 'file:///nowhere/gone.code-workspace' }],
          folders: [{ folderUri: 'file:///src/a%20b' }],
        },
        profileAssociations: { workspaces: { 'file:///src/c': '__default__', 'vscode-remote://ssh/x': '' } },
        lastKnownMenubarData: { menus: { File: { items: [{ uri: { scheme: 'file', path: '/src/ü%' } }] } } },
        damaged: ['file:///src/%', 'file://host/x', 'file:///src/a%2Fb'],
      }),
      [`${SETTINGS}/Code/User/globalStorage/alefragnani.project-manager/projects.json`]: `\uFEFF${JSON.stringify(
        [
          { name: 'p', rootPath: '$home/p', enabled: true },
          { name: 'q', rootPath: '~/q' },
          { name: 'off', rootPath: '/off', enabled: false },
          null,
        ],
      )}`,
      [`${SETTINGS}/VSCodium/User/workspaceStorage/1/workspace.json`]: '{"folder": "file:///src/d"}',
      [`${SETTINGS}/VSCodium/User/workspaceStorage/2/workspace.json`]: '{"folder": ',
    });
    const file = join(it.home, 'x.code-workspace');
    await writeFile(
      file,
      '{\n  // "path": "no",\n  "folders": [{"path": "e//f"}, {"uri": "file:///src/g"},],\n}',
    );
    const noted = join(it.home, SETTINGS, 'VSCodium/User/workspaceStorage/3/workspace.json');
    await mkdir(dirname(noted));
    await writeFile(noted, JSON.stringify({ workspace: pathToFileURL(file).href }));
    const { paths, ...rest } = await vscode.read(it);
    expect(paths.toSorted()).toEqual(
      [
        '/src/a b',
        '/src/c',
        '/src/d',
        '/src/g',
        '/src/ü%',
        ...['e/f', 'p', 'q'].map((one) => join(it.home, one)),
      ].toSorted(),
    );
    expect(rest).toEqual({
      elsewhere: 1,
      unused: [`~/${SETTINGS}/VSCodium/User/workspaceStorage/2/workspace.json is no JSON`],
    });
  });

  test('may be asked where they have never been', async () => {
    expect(await vscode.read(await homeWith({}))).toEqual({ paths: [], elsewhere: 0, unused: [] });
  });
});

describe('import --from', () => {
  test('registers what is there of it, and leaves out parts, doubles and what nobody means', async () => {
    const cli = await commandLine();
    await cli.codebase('src/mono', { '.git/HEAD': '', 'a.ts': '', 'part/package.json': '' });
    await cli.codebase('notes', { 'a.md': '' });
    await symlink(join(cli.home, 'src'), join(cli.home, 'link'));
    await symlink(cli.home, join(cli.home, 'me'));
    const folders = ['src/mono', 'src/mono/part', 'link/mono', 'notes', 'gone', '.', 'me'].map((path) => ({
      folderUri: pathToFileURL(join(cli.home, path)).href,
    }));
    await cli.codebase(`${SETTINGS}/Code/User/globalStorage`, {
      'storage.json': JSON.stringify({ backupWorkspaces: { folders } }),
    });
    expect(await cli.json(['import', '--from', 'vscode', '--yes', '--tag', 'x'])).toMatchObject({
      found: [
        { kind: 'folder', name: 'notes' },
        { kind: 'repository', name: 'mono' },
      ],
      projects: [{ name: 'notes', tags: ['x'] }, { name: 'mono' }],
      gone: 1,
    });
    expect(await cli.run(['import', '--from', 'vscode'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'nothing new was found, 2 known already, 1 not there any more\n',
    });
  });

  test('takes repositories of ghq however deep they are, and no packages', async () => {
    const cli = await commandLine();
    await cli.codebase('ghq', { 'h/o/r/.git/HEAD': '', 'h/a/b/c/d/r/.git/HEAD': '', 'h/p/package.json': '' });
    const { stderr, stdout } = await cli.run(['import', '--from', 'ghq']);
    expect(stdout).toMatch(/^NAME .*\nd-r .*\no-r .*\n$/);
    expect(stderr).toContain('to register all: gardener import --from ghq --yes\n');
  });

  test('says where it has looked when there is nothing', async () => {
    const cli = await commandLine();
    expect(await cli.run(['import', '--from', 'ghq'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'gardener: cannot import from ghq: it has no codebase here; looked at GHQ_ROOT, ghq.root of git, ~/ghq\n' +
        'try: gardener scan <directory>\n',
    });
  });

  test.each([
    [[], 'cannot tell what to import: the file is missing'],
    [['x', '--from', 'ghq'], 'cannot import a file and what another program knows at once'],
    [['x', '--yes'], 'cannot use --yes with a file: it is for --from'],
    [['x', '--tag', 'y'], 'cannot use --tag with a file: it is for --from'],
    [
      ['--from', 'vim'],
      "option '--from <program>' argument 'vim' is invalid: it is one of ghq, vscode, git-maintenance",
    ],
  ])('with %j is wrong usage', async (words, message) => {
    const { env, run } = terminal({ home: await temporaryDirectory(), columns: 200 });
    env['NO_COLOR'] = '1';
    const { code, stderr } = await run(['import', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(`gardener: ${message}\n`);
  });
});
