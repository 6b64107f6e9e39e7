/** Worktrees of every kind: the prompt of each shell names what `gardener which` names there, or nothing. */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandLine } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';
import { runIn, type Shell, SHELLS } from './shells.ts';

/** Where one stands, and whether the shells can tell the project themselves. */
const CASES: Readonly<Record<string, 'told' | 'untold'>> = {
  repo: 'told',
  linked: 'told',
  'linked/pkg': 'told',
  'repo/.trees/inner/pkg': 'told',
  unended: 'told',
  relative: 'told',
  'through/pkg': 'told',
  moved: 'told',
  'linked-dot': 'told',
  'linked-own/pkg': 'told',
  pruned: 'told',
  'super/sub': 'told',
  'linked-sub': 'told',
  apart: 'told',
  'linked-apart': 'untold',
  'linked-bare': 'untold',
  'bare-dot/linked': 'untold',
  jj: 'untold',
  'jj/own': 'told',
};

const PROJECTS = ['active', 'repo', 'repo/pkg', 'linked-own/pkg', 'super', 'super/sub', 'apart', 'jj/own'];

async function make(home: string): Promise<void> {
  const git = (directory: string, ...words: string[]): void => {
    const who = ['-c', 'user.name=n', '-c', 'user.email=e', '-c', 'protocol.file.allow=always'];
    execFileSync('git', [...who, '-C', join(home, directory), ...words], {
      env: { ...environment(home), GIT_CONFIG_NOSYSTEM: '1' },
      stdio: 'pipe',
    });
  };
  const commit = async (directory: string): Promise<void> => {
    await mkdir(join(home, directory, 'pkg'), { recursive: true });
    await writeFile(join(home, directory, 'pkg/x'), '');
    git(directory, 'add', '.');
    git(directory, 'commit', '-qm', 'x');
  };
  const edit = async (file: string, change: (text: string) => string): Promise<void> => {
    await writeFile(join(home, file), change(await readFile(join(home, file), 'utf8')));
  };
  await mkdir(join(home, 'active'));
  git('.', 'init', '-q', 'repo');
  await commit('repo');
  for (const name of [
    'linked',
    'repo/.trees/inner',
    'unended',
    'relative',
    'moving',
    'linked-own',
    'pruned',
    'dot',
  ]) {
    git('repo', 'worktree', 'add', '-q', '--detach', join(home, name));
  }
  await edit('unended/.git', (text) => text.trimEnd());
  await edit('relative/.git', () => 'gitdir: ../repo/.git/worktrees/relative\n');
  await edit('repo/.git/worktrees/relative/gitdir', () => '../../../../relative/.git\n');
  await symlink(join(home, 'repo'), join(home, 'repo-link'));
  git('repo-link', 'worktree', 'add', '-q', '--detach', join(home, 'through'));
  await edit('through/.git', () => `gitdir: ${home}/repo-link/.git/worktrees/through`);
  await rename(join(home, 'moving'), join(home, 'moved'));
  await edit('pruned/.git', () => 'gitdir: /nowhere/.git/worktrees/pruned\n');
  await mkdir(join(home, 'linked-dot'));
  await symlink(join(home, 'repo/.git/worktrees/dot'), join(home, 'linked-dot/.git'));
  git('.', 'init', '-q', 'super');
  await commit('super');
  git('super', 'submodule', '--quiet', 'add', join(home, 'repo'), 'sub');
  git('super/sub', 'worktree', 'add', '-q', '--detach', join(home, 'linked-sub'));
  git('.', 'init', '-q', '--separate-git-dir', join(home, 'kept'), 'apart');
  await commit('apart');
  git('apart', 'worktree', 'add', '-q', '--detach', join(home, 'linked-apart'));
  git('.', 'clone', '-q', '--bare', 'repo', 'bare.git');
  git('bare.git', 'worktree', 'add', '-q', '--detach', join(home, 'linked-bare'));
  await mkdir(join(home, 'bare-dot'));
  git('.', 'clone', '-q', '--bare', 'repo', 'bare-dot/.git');
  git('bare-dot', 'worktree', 'add', '-q', '--detach', 'linked');
  await mkdir(join(home, 'jj/.jj'), { recursive: true });
  await mkdir(join(home, 'jj/own'));
  await writeFile(join(home, 'jj/.jj/repo'), '/nowhere/.jj/repo');
}

test('they are found as the program finds them, or nothing is said', async (context) => {
  requireTools(context, ['git']);
  const shells = Object.keys(SHELLS) as Shell[];
  for (const shell of shells) requireTools(context, shell);
  const cli = await commandLine();
  await make(cli.home);
  for (const path of PROJECTS) {
    await mkdir(join(cli.home, path), { recursive: true });
    await cli.json(['add', join(cli.home, path), '--name', path.replaceAll('/', ' ')]);
  }
  await cli.json(['use', 'active']);
  await cli.json(['daemon', 'stop']);
  // Where no daemon answers for the file.
  await mkdir(join(cli.home, 'copy'));
  await copyFile(join(cli.dataDir, 'registry.json'), join(cli.home, 'copy/registry.json'));
  const found: Record<string, Record<string, string>> = {};
  const expected: typeof found = {};
  for (const [place, told] of Object.entries(CASES)) {
    const cwd = join(cli.home, place);
    const which = (await cli.run(['which'], { cwd })).stdout;
    expected[place] = Object.fromEntries(shells.map((shell) => [shell, told === 'told' ? which : '']));
    const env = { ...environment(cli.home), CODEBASE_GARDENER_DATA_DIR: join(cli.home, 'copy'), PWD: cwd };
    const answers = shells.map(async (shell) => [
      shell,
      (await runIn(shell, 'gardener_prompt', { env, cwd })).stdout,
    ]);
    found[place] = Object.fromEntries(await Promise.all(answers)) as Record<string, string>;
  }
  expect(found).toEqual(expected);
}, 120_000);
