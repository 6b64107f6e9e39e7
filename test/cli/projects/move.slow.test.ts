/** Codebases that lie elsewhere: how that is seen, told and offered. */
import { execFile } from 'node:child_process';
import { rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { commandLine, type CommandLine, type Finished } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';

const run = promisify(execFile);

async function git(directory: string, ...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
  const { stdout } = await run('git', ['-C', directory, ...identity, ...args], {
    env: environment(directory),
  });
  return stdout.trim();
}

/** A repository with a commit and a remote. */
async function repository(cli: CommandLine, name: string): Promise<string> {
  const directory = await cli.codebase(name, { 'a.ts': name });
  await git(directory, 'init', '-q');
  await git(directory, 'add', '.');
  await git(directory, 'commit', '-q', '-m', 'first');
  await git(directory, 'remote', 'add', 'origin', `git@GitHub.com:ada/${name.replace(/.*\//, '')}.git`);
  return directory;
}

test('add notes the repository, and edit notes it anew', async (context) => {
  requireTools(context, 'git');
  const cli = await commandLine();
  const directory = await repository(cli, 'src/payments');
  const root_commit = await git(directory, 'rev-parse', 'HEAD');
  const expected = { root_commit, remote: 'github.com/ada/payments' };
  expect(await cli.json(['add', directory])).toMatchObject({ repository: expected });
  const shown = (await cli.run(['show', 'payments'])).stdout;
  expect(shown).toMatch(
    new RegExp(`^  repository +github.com/ada/payments, begun with ${root_commit.slice(0, 12)}$`, 'm'),
  );
  await git(directory, 'remote', 'remove', 'origin');
  expect(await cli.json(['edit', 'payments', '--rescan'])).toMatchObject({
    repository: { root_commit, remote: null },
  });
  // Cloned without its history.
  await run('git', ['clone', '-q', '--depth', '1', `file://${directory}`, join(cli.home, 'src/shallow')], {
    env: environment(cli.home),
  });
  expect(await cli.json(['add', 'src/shallow'])).toMatchObject({ repository: null });
  expect(await cli.json(['add', await cli.codebase('src/plain', {})])).toMatchObject({ repository: null });
});

test('a codebase that has moved is marked, named where it is added again, and followed', async (context) => {
  requireTools(context, 'git');
  const cli = await commandLine();
  const directory = await repository(cli, 'src/payments');
  await cli.json(['add', directory]);
  expect((await cli.run(['ls'])).stdout).not.toContain('gone');
  await rename(directory, join(cli.home, 'moved'));
  expect((await cli.run(['ls'])).stdout).toMatch(/~\/src\/payments \(gone\)$/m);
  expect((await cli.run(['show', 'payments'])).stdout).toContain('~/src/payments (gone)\n');
  expect((await cli.run(['use', 'payments'])).stdout).toContain('~/src/payments (gone)\n');
  expect((await cli.run(['status'])).stdout).toMatch(
    /^moved\? +payments .*; ~\/moved has the same history +gardener mv payments ~\/moved$/m,
  );
  const added = await cli.run(['add', 'moved', '--name', 'again']);
  expect(added).toMatchObject({ code: 0 });
  expect(added.stderr).toContain(
    'note: "payments" is registered for the same repository at ~/src/payments, which is gone; to have it here instead: gardener mv payments',
  );
  await cli.json(['rm', 'again', '--yes']);
  expect(await cli.run(['mv', 'payments', 'moved'])).toMatchObject({
    code: 0,
    stdout: 'payments is at ~/moved now\n',
  });
  expect((await cli.run(['ls'])).stdout).not.toContain('gone');
});

test('projects of a directory that has moved follow together', async () => {
  const cli = await commandLine();
  for (const name of ['one', 'two']) await cli.json(['add', await cli.codebase(`old/${name}`, {})]);
  await cli.json(['add', await cli.codebase('older', {})]);
  await rename(join(cli.home, 'old'), join(cli.home, 'new'));
  expect(await cli.json(['mv', 'old', 'new'])).toMatchObject({
    projects: [
      { name: 'one', source_path: join(cli.home, 'new/one') },
      { name: 'two', source_path: join(cli.home, 'new/two') },
    ],
  });
  expect(await cli.run(['mv', './old', 'new'])).toMatchObject({ code: 1 });
  await rm(join(cli.home, 'new'), { recursive: true });
  expect(await cli.run(['mv', 'one', 'new'])).toMatchObject({ code: 1, stdout: '' });
});

describe('what mv(1) takes, gardener mv takes after it', () => {
  interface Moving extends CommandLine {
    /** Registers a directory below the home. */
    add(directory: string, ...more: readonly string[]): Promise<void>;
    /** Moves files, from a directory below the home, and tells the registry in the same words. */
    mv(words: readonly string[], cwd?: string): Promise<Finished>;
    /** Where each project is, below the home. */
    places(): Promise<Record<string, string>>;
  }

  async function moving(): Promise<Moving> {
    const cli = await commandLine();
    return {
      ...cli,
      async add(directory, ...more) {
        await cli.json(['add', await cli.codebase(directory, { 'a.ts': '' }), ...more]);
      },
      async mv(words, cwd = '.') {
        await run('mv', [...words], { cwd: join(cli.home, cwd) });
        return await cli.run(['mv', ...words], { cwd: join(cli.home, cwd) });
      },
      async places() {
        const { projects } = (await cli.json(['ls'])) as {
          projects: { name: string; source_path: string }[];
        };
        return Object.fromEntries(
          projects.map(({ name, source_path: path }) => [name, path.slice(cli.home.length + 1)]),
        );
      },
    };
  }

  test('into a directory, out of it, and under another name', async () => {
    const { codebase, add, mv, places } = await moving();
    await add('src/pj');
    await codebase('work/other', {});
    expect(await mv(['pj', '../work/'], 'src')).toMatchObject({
      code: 0,
      stdout: 'pj is at ~/work/pj now\n',
    });
    expect(await mv(['work/pj', 'src'])).toMatchObject({ code: 0, stdout: 'pj is at ~/src/pj now\n' });
    expect(await mv(['pj', '../work/renamed'], 'src')).toMatchObject({
      code: 0,
      stdout: 'pj is at ~/work/renamed now\n',
      stderr: '',
    });
    expect(await mv(['work/renamed', '.'])).toMatchObject({ code: 0, stdout: 'pj is at ~/renamed now\n' });
    expect(await places()).toEqual({ pj: 'renamed' });
  });

  test('a directory of several projects, into another one and back', async () => {
    const { codebase, add, mv, places } = await moving();
    for (const name of ['one', 'two/deep']) await add(`old/${name}`);
    await codebase('new', {});
    expect(await mv(['old', 'new'])).toMatchObject({ code: 0, stderr: '' });
    expect(await places()).toEqual({ one: 'new/old/one', deep: 'new/old/two/deep' });
    expect(await mv(['new/old', '.'])).toMatchObject({ code: 0, stderr: '' });
    expect(await places()).toEqual({ one: 'old/one', deep: 'old/two/deep' });
  });

  test('a codebase with a directory of its own name in it is not taken for what is in it', async (context) => {
    requireTools(context, 'git');
    const { home, codebase, json, mv, places } = await moving();
    const cli = { home, codebase } as CommandLine;
    await repository(cli, 'payments');
    await codebase('payments/payments', { 'b.ts': '' });
    await json(['add', 'payments']);
    expect(await mv(['payments', 'pay'])).toMatchObject({ stdout: 'payments is at ~/pay now\n', stderr: '' });
    await codebase('work', {});
    expect(await mv(['pay', 'work'])).toMatchObject({
      stdout: 'payments is at ~/work/pay now\n',
      stderr: '',
    });
    expect(await places()).toEqual({ payments: 'work/pay' });
  });

  test('where nothing tells which is meant it is what mv does, and the other is told', async () => {
    const { home, codebase, add, mv, run: gardener, places } = await moving();
    await add('pj');
    await codebase('pj/pj', {});
    expect(await mv(['pj', 'renamed'])).toMatchObject({
      code: 0,
      stdout: 'pj is at ~/renamed/pj now\n',
      stderr: `note: taken for moved into ~/renamed, as ~/renamed/pj is there; if not: gardener edit --path ${home}/renamed pj\n`,
    });
    await gardener(['edit', 'pj', '--path', 'renamed']);
    expect(await places()).toEqual({ pj: 'renamed' });
  });

  test('through links, of the path that is moved and of the one that is registered', async () => {
    const { home, codebase, add, mv, places } = await moving();
    await codebase('disk/src', {});
    await symlink(join(home, 'disk/src'), join(home, 'src'));
    await add('src/linked');
    await add('disk/src/plain');
    await codebase('work', {});
    // The shell's directory is behind the link.
    expect(await mv(['linked', '../../work/'], 'src')).toMatchObject({ code: 0, stderr: '' });
    expect(await mv(['src/plain', 'work/'])).toMatchObject({ code: 0, stderr: '' });
    expect(await places()).toEqual({ linked: 'work/linked', plain: 'work/plain' });
    await mv(['work/linked', 'src/linked']);
    await mv(['work/plain', 'disk/src/plain']);
    // The link leads nowhere then.
    expect(await mv(['disk/src', 'disk/code'])).toMatchObject({ code: 0 });
    expect(await places()).toEqual({ linked: 'disk/code/linked', plain: 'disk/code/plain' });
  });

  test('a dry run changes nothing, and files that were not moved are told', async () => {
    const { home, add, codebase, run: gardener, json, places } = await moving();
    await add('pj');
    await codebase('work', {});
    expect(await gardener(['mv', 'pj', 'work', '--dry-run'])).toMatchObject({
      code: 0,
      stdout: 'pj would be at ~/work\n',
      stderr: 'note: ~/pj is still there, and gardener mv moves no files\n',
    });
    expect(await json(['mv', 'pj', 'work', '--dry-run'])).toMatchObject({
      projects: [{ name: 'pj', source_path: join(home, 'work') }],
      dry_run: true,
    });
    expect(await places()).toEqual({ pj: 'pj' });
    expect((await gardener(['mv', 'pj', 'work'])).stderr).toBe(
      `note: ~/pj is still there, and gardener mv moves no files; to take it back: gardener edit --path ${home}/pj pj\n`,
    );
    expect(await gardener(['edit', '--path', join(home, 'pj'), 'pj'])).toMatchObject({ code: 0 });
    // Whoever left a link there knows.
    await run('rmdir', [join(home, 'work')]);
    await run('mv', [join(home, 'pj'), join(home, 'work')]);
    await symlink(join(home, 'work'), join(home, 'pj'));
    expect(await gardener(['mv', 'pj', 'work'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('of a directory that was not moved, or of which nothing is there, none follows', async () => {
    const { home, add, codebase, mv, run: gardener, json, places } = await moving();
    for (const name of ['one', 'two']) await add(`src/${name}`);
    await codebase('work', {});
    for (const words of [[], ['--dry-run']]) {
      expect(await gardener(['mv', 'src', 'work', ...words])).toMatchObject({
        code: 1,
        stdout: '',
        stderr: `gardener: cannot note that ~/src is at ~/work now: none of its 2 projects is there, and gardener mv moves no files\ntry: mv ${home}/src ${home}/work, then the same again\n`,
      });
    }
    expect(JSON.parse((await gardener(['mv', 'src', 'work', '--json'])).stdout)).toMatchObject({
      error: { data: { kind: 'source_path_missing', source_path: join(home, 'work/one') } },
    });
    expect(await places()).toEqual({ one: 'src/one', two: 'src/two' });
    expect(await mv(['src', 'work'])).toMatchObject({ code: 0, stderr: '' });
    expect(await places()).toEqual({ one: 'work/src/one', two: 'work/src/two' });
    // To somewhere else than is said.
    await json(['rm', 'two', '--yes']);
    await codebase('dev', {});
    await run('mv', [join(home, 'work/src'), join(home, 'moved')]);
    expect(await gardener(['mv', 'work/src', 'dev'])).toMatchObject({
      code: 1,
      stderr:
        'gardener: cannot note that ~/work/src is at ~/dev now: "one" is not at ~/dev/one\ntry: the directory that it is in now\n',
    });
    expect(await gardener(['mv', 'work/src', 'moved'])).toMatchObject({ code: 0 });
    expect(await places()).toEqual({ one: 'moved/one' });
  });

  test('of a directory of which a part was moved, that part follows', async () => {
    const { home, add, codebase, run: gardener, json, places } = await moving();
    for (const name of ['one', 'two', 'three', 'gone']) await add(`src/${name}`);
    await codebase('work', {});
    await rm(join(home, 'src/gone'), { recursive: true });
    await run('mv', ['src/one', 'src/two', 'work'], { cwd: home });
    const note = 'note: 2 projects stay registered in ~/src, as they are not in ~/work: "three", "gone"\n';
    expect(await gardener(['mv', 'src', 'work', '--dry-run'])).toMatchObject({
      code: 0,
      stdout: 'one would be at ~/work/one\ntwo would be at ~/work/two\n',
      stderr: note,
    });
    expect(await places()).toMatchObject({ one: 'src/one', two: 'src/two' });
    expect(await gardener(['mv', 'src', 'work'])).toMatchObject({
      code: 0,
      stdout: 'one is at ~/work/one now\ntwo is at ~/work/two now\n',
      stderr: note,
    });
    expect(await places()).toEqual({
      one: 'work/one',
      two: 'work/two',
      three: 'src/three',
      gone: 'src/gone',
    });
    // What was gone before lies, as far as anybody knows, with those that it lay with.
    await run('mv', ['src/three', 'work'], { cwd: home });
    expect(await json(['mv', 'src', 'work'])).toEqual({
      projects: [
        expect.objectContaining({ name: 'three', source_path: join(home, 'work/three') }),
        expect.objectContaining({ name: 'gone', source_path: join(home, 'work/gone') }),
      ],
    });
  });

  test('to where another project is, both are told', async () => {
    const { add, mv, json, run: gardener } = await moving();
    await add('pj');
    await add('other');
    expect(await gardener(['mv', 'pj', 'other'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(
        'note: "other" is registered at ~/other, too, where a path no longer tells which of them is meant; if it is not needed: gardener rm other\n',
      ) as string,
    });
    expect(await json(['mv', 'pj', 'other'])).toMatchObject({ others: [{ name: 'other' }] });
    expect(await mv(['other', 'elsewhere'])).toMatchObject({ code: 0 });
  });

  test('a name that is a directory with another project here, too, is not guessed at', async () => {
    const { home, add, codebase, mv, run: gardener, places } = await moving();
    await add('a/payments');
    await add('b/payments', '--name', 'pay');
    await codebase('work', {});
    expect(await mv(['payments', '../work'], 'b')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^gardener: cannot tell what payments means: the project of that name, at ~\/a\/payments, or the directory ~\/b\/payments, with "pay"\ntry: gardener mv \.\/payments \S+\/work, or gardener mv /,
      ) as string,
    });
    expect(await gardener(['mv', './payments', '../work'], { cwd: join(home, 'b') })).toMatchObject({
      code: 0,
    });
    expect(await places()).toEqual({ payments: 'a/payments', pay: 'work/payments' });
  });

  test('what lay in a project that is named is told to have moved with it', async () => {
    const { home, add, mv, run: gardener, places } = await moving();
    await add('pj');
    await add('pj/sub');
    await run('mv', [join(home, 'pj'), join(home, 'new')]);
    const { stderr } = await gardener(['mv', 'pj', join(home, 'new')], { cwd: '/' });
    expect(stderr).toBe(
      `note: 1 other project lay in ~/pj and is gone from there: "sub"; to have them follow: gardener mv ${home}/pj ${home}/new\n`,
    );
    expect(await gardener(['mv', join(home, 'pj'), join(home, 'new')])).toMatchObject({ code: 0 });
    expect(await places()).toEqual({ pj: 'new', sub: 'new/sub' });
    expect(await mv(['new', 'pj'])).toMatchObject({ code: 0, stderr: '' });
    expect(await places()).toEqual({ pj: 'pj', sub: 'pj/sub' });
  });
});

test('whoever has told it already is not told to do it again', async () => {
  const cli = await commandLine();
  const outer = await cli.codebase('dst', {});
  await cli.json(['add', outer, '--name', 'outer']);
  const inner = await cli.codebase('dst/inner', {});
  await cli.json(['add', inner, '--name', 'inner']);
  await rm(inner, { recursive: true });
  expect(await cli.run(['mv', 'outer', 'dst'])).toMatchObject({ code: 0, stderr: '' });
});
