/** Codebases that lie elsewhere: how that is seen, told and offered. */
import { execFile } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { commandLine, type CommandLine } from '../support/cli.ts';
import { environment } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';

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
  expect((await cli.run(['status'])).stdout).toMatch(/^gone +1 codebase; gardener doctor names them$/m);
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
