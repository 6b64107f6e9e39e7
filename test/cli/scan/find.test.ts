import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { findCodebases, type FindOptions } from '../../../client/cli/scan/find.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { asOrdinaryUser } from '../../support/store.ts';

let home: string;
beforeEach(async () => {
  home = await temporaryDirectory();
});

/** A path that ends in a slash is a directory. */
async function make(...paths: readonly (string | readonly [path: string, text: string])[]): Promise<void> {
  for (const one of paths) {
    const [path, text] = typeof one === 'string' ? [one, ''] : one;
    await mkdir(join(home, path.endsWith('/') ? path : dirname(path)), { recursive: true });
    if (!path.endsWith('/')) await writeFile(join(home, path), text);
  }
}

async function find(options: Partial<FindOptions> = {}, ...roots: readonly string[]) {
  const at = roots.length > 0 ? roots : ['.'];
  const finds = await findCodebases(
    at.map((root) => join(home, root)),
    { depth: 5, home, ...options },
  );
  return {
    ...finds,
    paths: finds.codebases.map(({ path, kind }) => `${path.slice(home.length + 1)} ${kind}`),
  };
}

describe('finds', () => {
  test('repositories of git and jj, also where .git is a file or a link, and packages that lie in none', async () => {
    await make('a/git/.git/', 'a/jj/.jj/repo/', 'b/rust/Cargo.toml', 'b/go/go.mod', 'plain/readme');
    await make(
      ['a/separate/.git', 'gitdir: /elsewhere/x.git\n'],
      ['a/module/.git', 'gitdir: ../.git/modules/m\n'],
    );
    await make('c/');
    await symlink('/nowhere', join(home, 'c', '.git'));
    expect((await find()).paths).toEqual([
      'a/git repository',
      'a/jj repository',
      'a/module repository',
      'a/separate repository',
      'b/go package',
      'b/rust package',
      'c repository',
    ]);
  });

  test('of a repository and of a package the whole: what lies in it is a part of it', async () => {
    await make('mono/.git/', 'mono/packages/a/package.json', 'mono/vendor/lib/.git/');
    await make('app/package.json', 'app/plugin/package.json');
    expect((await find()).paths).toEqual(['app package', 'mono repository']);
  });

  test('what lies around by mistake is no package where repositories are below it', async () => {
    await make('package.json', 'src/package.json', 'src/a/.git/', 'src/b/go.mod', 'src/b/sub/go.mod');
    expect((await find()).paths).toEqual(['src/a repository', 'src/b package']);
  });

  test('those of a person who keeps the home directory itself in a repository', async () => {
    await make('.git/', 'src/a/.git/');
    expect((await find()).paths).toEqual(['src/a repository']);
  });

  test('the directory itself that was given, in the spelling that it was given in', async () => {
    await make('src/a/.git/');
    await symlink('src', join(home, 'link'));
    expect((await find({}, 'link/a')).paths).toEqual(['link/a repository']);
    expect((await find({}, 'link')).codebases).toEqual([
      { path: join(home, 'link/a'), real: join(home, 'src/a'), kind: 'repository' },
    ]);
    // Once, whatever way there is to it.
    expect((await find({}, 'link', 'src', '.')).paths).toEqual(['link/a repository']);
  });
});

describe('leaves out', () => {
  test('bare repositories, what tools fill, hidden directories and what is kept in a home by systems', async () => {
    await make('bare.git/HEAD', 'bare.git/objects/', 'bare.git/refs/', 'bare.git/x/.git/');
    await make('env/pyvenv.cfg', 'env/lib/x/package.json', 'conda/conda-meta/', 'conda/pkgs/x/package.json');
    await make('tmp/CACHEDIR.TAG', 'tmp/x/.git/', 'node_modules/x/package.json', '.cache/x/.git/');
    await make('Library/x/.git/', 'go/pkg/mod/x/go.mod', 'go/src/x/.git/', 'src/Library/.git/');
    expect((await find()).paths).toEqual(['go/src/x repository', 'src/Library repository']);
  });

  test('linked worktrees and workspaces of jj, and counts them', async () => {
    await make('a/.git/worktrees/b/', ['b/.git', `gitdir: ${home}/a/.git/worktrees/b\n`]);
    await make('j/.jj/repo/', ['k/.jj/repo', '../../j/.jj/repo']);
    expect(await find()).toMatchObject({ paths: ['a repository', 'j repository'], worktrees: 2 });
  });

  test('of a bare repository all worktrees but one, that of the main branch, which is called as the whole', async () => {
    for (const [name, kept] of [
      ['one', '.bare'],
      ['two', '.git'],
    ] as const) {
      await make([`${name}/${kept}/config`, '[core]\n\tbare = true\n']);
      if (kept === '.bare') await make([`${name}/.git`, 'gitdir: ./.bare\n']);
      for (const tree of ['feature', 'main'])
        await make([`${name}/${tree}/.git`, `gitdir: ${home}/${name}/${kept}/worktrees/${tree}\n`]);
    }
    const { codebases, worktrees } = await find();
    expect(worktrees).toBe(2);
    expect(codebases).toMatchObject([
      { path: join(home, 'one/main'), namedAfter: join(home, 'one') },
      { path: join(home, 'two/main'), namedAfter: join(home, 'two') },
    ]);
  });

  test('what is only reached through links, however they go round', async () => {
    await make('a/.git/', 'b/');
    await symlink('..', join(home, 'b/up'));
    await symlink('b', join(home, 'c'));
    await symlink('loop', join(home, 'loop'));
    expect(await find({ depth: 100 })).toMatchObject({ paths: ['a repository'], unreadableCount: 0 });
  });

  test('what lies deeper than asked', async () => {
    await make('.hidden/', 'a/.git/', 'x/b/.git/', 'x/y/c/.git/');
    expect((await find({ depth: 2 })).paths).toEqual(['a repository', 'x/b repository']);
    expect(await find({ depth: 0 })).toMatchObject({ paths: [], stopped: false });
  });
});

test('a name that is no UTF-8 cannot be given, and counts as what cannot be looked at', async () => {
  await make('a/.git/');
  await mkdir(Buffer.concat([Buffer.from(`${home}/`), Buffer.from([0x66, 0xff])]));
  expect(await find()).toMatchObject({ paths: ['a repository'], unreadableCount: 1 });
});

test('what may not be read is counted, and some of it named', async () => {
  await make('a/.git/', 'locked/b/.git/');
  await chmod(join(home, 'locked'), 0o000);
  const finds = await asOrdinaryUser([home], () => find());
  expect(finds).toMatchObject({
    paths: ['a repository'],
    unreadable: [join(home, 'locked')],
    unreadableCount: 1,
  });
});

test('it ends after so many directories, and says so', async () => {
  await make(...Array.from({ length: 40 }, (_, at) => `d${at}/e/f/`), 'a/.git/');
  const finds = await find({ limit: 30 });
  expect(finds.stopped).toBe(true);
  expect((await find()).stopped).toBe(false);
});
