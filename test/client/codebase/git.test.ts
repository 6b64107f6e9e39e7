/**
 * Git and a repository that nobody has reason to trust. Each door is armed and, where a plain command opens it, seen to
 * open for that: otherwise a witness that does not appear would say nothing.
 */
import { existsSync } from 'node:fs';
import { chown, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { isGone } from '../../../client/cli/daemon/processes.ts';
import { askGit } from '../../../client/codebase/git.ts';
import { scan } from '../../../client/codebase/files/scan.ts';
import { aheadOf, sourceAt } from '../../../client/codebase/source.ts';
import { commandLine } from '../../support/cli.ts';
import { type Repository, repository, stand } from '../../support/repository.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';

beforeEach((context) => requireTools(context, 'git'));

/**
 * A partial clone whose index has a directory that is not checked out as one entry, which to open takes a tree that is
 * not there: it would have to be fetched from `url`.
 */
async function incomplete(it: Repository, url: string): Promise<void> {
  for (const name of ['a', 'b', 'c']) await it.write(`out/${name}.go`, name);
  await it.git('add', '.');
  await it.git('commit', '-qm', 'second');
  await it.git('sparse-checkout', 'init', '--cone', '--sparse-index');
  await it.git('sparse-checkout', 'set', 'in');
  const tree = await it.git('rev-parse', 'HEAD:out');
  await rm(join(it.root, '.git/objects', tree.slice(0, 2), tree.slice(2)));
  await it.git('config', 'core.repositoryFormatVersion', '1');
  await it.git('config', 'extensions.partialClone', 'origin');
  await it.git('config', 'remote.origin.promisor', 'true');
  await it.git('config', 'remote.origin.url', url);
  // What a repository allows goes before what the command line forbids in general.
  for (const protocol of ['ssh', 'ext', 'git', 'file']) {
    await it.git('config', `protocol.${protocol}.allow`, 'always');
  }
}

interface Door {
  readonly arm: (it: Repository, program: string) => Promise<unknown>;
  /** Opens it. */
  readonly opener?: string;
}

const DOORS: Readonly<Record<string, Door>> = {
  'a file system monitor': {
    arm: (it, program) => it.git('config', 'core.fsmonitor', program),
    opener: 'git status',
  },
  'a monitor in a file that the settings include': {
    async arm(it, program) {
      await it.write('.git/more', `[core]\n\tfsmonitor = ${program}\n`);
      await it.git('config', 'include.path', 'more');
    },
    opener: 'git status',
  },
  'a monitor in the settings of one work tree': {
    async arm(it, program) {
      await it.git('config', 'extensions.worktreeConfig', 'true');
      await it.git('config', '--worktree', 'core.fsmonitor', program);
    },
    opener: 'git status',
  },
  'a hook': {
    async arm(it, program) {
      await it.write('.git/hooks/post-index-change', `#!/bin/sh\n${program}\n`, 0o755);
      await it.write('in/a.py', 'changed');
    },
    opener: 'git add .',
  },
  'a hook elsewhere': {
    async arm(it, program) {
      await it.write('tools/post-index-change', `#!/bin/sh\n${program}\n`, 0o755);
      await it.git('config', 'core.hooksPath', join(it.root, 'tools'));
    },
    opener: 'git add .',
  },
  'a filter': {
    async arm(it, program) {
      await it.git('config', 'filter.evil.clean', program);
      await it.write('.gitattributes', '* filter=evil\n');
      await it.write('in/a.py', 'A');
    },
    opener: 'git ls-files --modified',
  },
  'a filter that goes on running': {
    async arm(it, program) {
      await it.git('config', 'filter.evil.process', program);
      await it.write('.git/info/attributes', '* filter=evil\n');
      await it.write('in/a.py', 'A');
    },
    opener: 'git ls-files --modified',
  },
  'a program that shows differences': {
    async arm(it, program) {
      await it.git('config', 'diff.external', program);
      await it.write('in/a.py', 'A');
    },
    opener: 'git diff',
  },
  'a program that makes files readable': {
    async arm(it, program) {
      await it.git('config', 'diff.evil.textconv', program);
      await it.write('.gitattributes', '* diff=evil\n');
      await it.write('in/a.py', 'A');
    },
    opener: 'git diff',
  },
  'a pager': {
    async arm(it, program) {
      await it.git('config', 'core.pager', program);
      await it.git('config', 'pager.ls-files', program);
    },
  },
  'a helper for passwords': {
    arm: (it, program) => it.git('config', 'credential.helper', `!${program}`),
    opener: String.raw`printf 'protocol=https\nhost=example.org\n\n' | git credential fill`,
  },
  'ssh, for what is missing': {
    async arm(it, program) {
      await incomplete(it, 'ssh://x/y');
      await it.git('config', 'core.sshCommand', program);
    },
    opener: 'git ls-files',
  },
  'a transport of its own, for what is missing': {
    arm: (it, program) => incomplete(it, `ext::sh -c ${program.replaceAll(/[ %]/g, '%$&')}`),
    opener: 'git ls-files',
  },
  'a proxy, for what is missing': {
    async arm(it, program) {
      await incomplete(it, 'git://127.0.0.1/y');
      await it.write('tools/proxy', `#!/bin/sh\n${program}\n`, 0o755);
      await it.git('config', 'core.gitProxy', join(it.root, 'tools/proxy'));
    },
    opener: 'git ls-files',
  },
  'the other side of a copy on this disk, for what is missing': {
    async arm(it, program) {
      await incomplete(it, it.root);
      await it.git('config', 'remote.origin.uploadpack', program);
    },
    opener: 'git ls-files',
  },
  'a bare repository among the files': {
    async arm(it, program) {
      await it.shell('git init -q --bare in/store && cp .git/index in/store/');
      await it.shell(`git --git-dir in/store config core.bare false`);
      await it.shell(`git --git-dir in/store config core.worktree ..`);
      await it.shell(`git --git-dir in/store config core.fsmonitor '${program}'`);
    },
    opener: 'git -C in/store status',
  },
};

describe('git runs nothing that a repository names:', () => {
  test.each(Object.entries(DOORS))('%s', async (_what, { arm, opener }) => {
    const it = await repository();
    await arm(it, `touch ${it.witness}`);
    await rm(it.witness, { force: true });
    for (const place of [it.root, join(it.root, 'in'), join(it.root, 'in/store')]) {
      if (!existsSync(place)) continue;
      await scan(place, { env: it.env });
      await sourceAt(place, it.env);
      await aheadOf({ directory: place, commit: await it.git('rev-parse', 'HEAD') }, it.env);
    }
    expect(existsSync(it.witness)).toBe(false);
    if (opener === undefined) return;
    await it.shell(opener);
    expect(existsSync(it.witness), 'the door is one').toBe(true);
  });

  test('not even with a git that would fetch what is missing whatever it is told', async () => {
    const it = await repository();
    await incomplete(it, 'ssh://x/y');
    await it.git('config', 'core.sshCommand', `touch ${it.witness}`);
    const old = await stand(it, 'unset GIT_NO_LAZY_FETCH; PATH=$REAL_PATH exec git "$@"');
    await scan(it.root, { env: { ...old, REAL_PATH: it.env['PATH'] } });
    expect(existsSync(it.witness)).toBe(false);
  });

  test('when a codebase is added, and when it is counted again', async () => {
    const cli = await commandLine();
    const it = await repository();
    await incomplete(it, 'ssh://x/y');
    await it.git('config', 'core.sshCommand', `sh -c "echo pwned >>${it.witness}"`);
    await it.write('in/new.py', '');
    const told =
      /^note: git could not list its files: \S.*; counted instead were all that no .gitignore hides$/m;
    const added = await cli.run(['add', it.root, '--json']);
    expect(added).toMatchObject({ code: 0, stderr: expect.stringMatching(told) as string });
    expect(JSON.parse(added.stdout)).toMatchObject({ file_count: 4, language: 'python' });
    const again = await cli.run(['edit', 'codebase', '--rescan']);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(told) as string });
    expect(existsSync(it.witness)).toBe(false);
  });
});

test('what the environment says to git is not heard: not another repository, not a trace, not a program', async () => {
  const it = await repository();
  const other = await repository();
  await rm(join(other.root, 'in/a.py'));
  await other.git('add', '.');
  const program = `touch ${it.witness}`;
  const env = {
    ...it.env,
    GIT_DIR: join(other.root, '.git'),
    GIT_WORK_TREE: other.root,
    GIT_INDEX_FILE: join(other.root, '.git/index'),
    GIT_OBJECT_DIRECTORY: join(other.root, '.git/objects'),
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'core.fsmonitor',
    GIT_CONFIG_VALUE_0: program,
    GIT_CONFIG_PARAMETERS: `'core.worktree=${other.root}'`,
    GIT_TRACE: it.witness,
    GIT_TRACE2: it.witness,
    GIT_EXTERNAL_DIFF: program,
    GIT_SSH_COMMAND: program,
    GIT_PAGER: program,
  };
  expect(await scan(it.root, { env })).toMatchObject({ files: 3 });
  expect(existsSync(it.witness)).toBe(false);
});

test('a linked work tree, also of a bare repository, and a submodule have their own files', async () => {
  const it = await repository();
  await it.git('worktree', 'add', '-q', '../linked');
  expect(await scan(join(it.root, '../linked'), { env: it.env })).toEqual(counted(3));
  await it.git('clone', '-q', '--bare', '.', '../bare');
  await it.git('-C', '../bare', 'worktree', 'add', '-q', '../of-bare', 'main');
  expect(await scan(join(it.root, '../of-bare'), { env: it.env })).toEqual(counted(3));
  await it.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', '../bare', 'sub');
  await it.write('sub/untracked.py', '');
  expect(await scan(join(it.root, 'sub'), { env: it.env })).toEqual(counted(3));
  // With .gitmodules and the submodule.
  expect(await scan(it.root, { env: it.env })).toEqual(counted(5));
  expect((await scan(join(it.root, '../bare'), { env: it.env })).gitFault).toBeUndefined();
});

function counted(files: number): object {
  return { files, language: 'python', stopped: false, unreadable: [], unreadableCount: 0 };
}

describe('what git says is not taken for the whole when', () => {
  const listing = String.raw`printf 'x.rs\0y.rs\0'`;

  test.each([
    ['it fails half-way', `${listing}; echo "fatal: index file corrupt" >&2; exit 128`, 'index file corrupt'],
    [
      'it ends well after an error',
      `${listing}; echo "error: could not read 05d02" >&2`,
      'could not read 05d02',
    ],
    ['it says nothing of why', `${listing}; exit 3`, 'it ended with exit code 3'],
    ['it is killed', `${listing}; kill -9 $$`, 'it ended with SIGKILL'],
    ['it does not end', `${listing}; exec sleep 1000`, 'it has not answered within 0.5 s'],
  ])('%s', async (_what, script, gitFault) => {
    const it = await repository();
    await it.write('untracked.py', '');
    expect(await scan(it.root, { env: await stand(it, script), deadline: 500 })).toMatchObject({
      files: 4,
      language: 'python',
      gitFault,
    });
  });

  test('its settings never end', async (context) => {
    requireTools(context, 'mkfifo');
    const it = await repository();
    await it.git('config', 'include.path', 'pipe');
    await it.shell('mkfifo .git/pipe');
    expect(await scan(it.root, { env: it.env, deadline: 500 })).toMatchObject({
      files: 3,
      gitFault: 'it has not answered within 0.5 s',
    });
  });

  test('it refuses to look at what belongs to somebody else', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs to be root to give a repository away');
    const it = await repository();
    await chown(it.root, 12_345, 12_345);
    await chown(join(it.root, '.git'), 12_345, 12_345);
    const { gitFault } = await scan(it.root, { env: it.env });
    expect(gitFault).toMatch(/dubious ownership/);
    await writeFile(join(it.env['HOME'] ?? '', '.gitconfig'), `[safe]\n\tdirectory = ${it.root}\n`);
    expect(await scan(it.root, { env: it.env })).toEqual(counted(3));
  });

  test('but there is nothing to tell where only a stand-in for git is installed, as on macOS', async () => {
    const it = await repository();
    const env = await stand(it, 'echo "xcrun: error: invalid active developer path" >&2; exit 1');
    expect(await scan(it.root, { env })).toEqual(counted(3));
  });

  test('but one that has ended well after a warning is believed', async () => {
    const it = await repository();
    const env = await stand(it, `${listing}; echo "warning: the weather is bad" >&2`);
    expect(await scan(it.root, { env })).toEqual({ ...counted(2), language: 'rust' });
  });
});

describe('git and what it started are gone', () => {
  const startTwo = 'sleep 1000 & echo $! $$ >"$HOME/pids.new"; mv "$HOME/pids.new" "$HOME/pids"; wait';
  const pidsOf = async (it: Repository): Promise<number[]> => {
    const file = join(it.env['HOME'] ?? '', 'pids');
    return (await until(() => readFile(file, 'utf8').catch(() => ''), 'git has started'))
      .split(' ')
      .map(Number);
  };
  const gone = (pids: readonly number[]) =>
    until(async () => (await Promise.all(pids.map(isGone))).every(Boolean), 'both processes have ended');

  test('when it took too long', async () => {
    const it = await repository();
    const { files } = await scan(it.root, { env: await stand(it, startTwo), deadline: 500 });
    expect(files).toBe(3);
    await gone(await pidsOf(it));
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('when the command line gets %s', async (signal) => {
    const cli = await commandLine();
    const it = await repository();
    const { child, finished } = cli.start(['add', it.root], {
      env: { PATH: (await stand(it, startTwo))['PATH'] },
    });
    const pids = (
      await until(() => readFile(join(cli.home, 'pids'), 'utf8').catch(() => ''), 'git has started')
    )
      .split(' ')
      .map(Number);
    child.kill(signal);
    const { code, signal: by } = await finished;
    expect([code, by]).toEqual(signal === 'SIGINT' ? [130, null] : [null, signal]);
    await gone(pids);
  });
});

test('however many gits run, the process has one set of listeners, and none after the last', async () => {
  const it = await repository();
  const counts = () => ['exit', 'SIGHUP', 'SIGTERM'].map((name) => process.listenerCount(name));
  const before = counts();
  const more = before.map((count) => count + 1);
  const gits = Array.from({ length: 12 }, () =>
    askGit(it.root, ['ls-files'], { env: it.env })[Symbol.asyncIterator](),
  );
  const [first, ...others] = gits;
  await Promise.all(gits.map((git) => git.next()));
  expect(counts()).toEqual(more);
  await first?.return?.();
  expect(counts()).toEqual(more);
  await Promise.all(others.map(async (git) => git.return?.()));
  expect(counts()).toEqual(before);
});
