/** Which project a path means, where links and worktrees are in the way; asked of a daemon, with real directories. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { type RunningDaemon, startDaemon } from '../../support/daemon.ts';
import { environment } from '../../support/home.ts';
import type { LineClient } from '../../support/lines.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { request } from '../../support/world.ts';

const run = promisify(execFile);

let daemon: RunningDaemon;
let peer: LineClient;

beforeEach(async () => {
  daemon = await startDaemon();
  peer = await daemon.connect();
  await register('active');
});

/** Registers a directory of the home, making it; returns its path. */
async function register(name: string, directory = name): Promise<string> {
  const path = await daemon.codebase(directory);
  await peer.call('projects.register', { name, source_path: path });
  return path;
}

/** `name resolved_by` */
async function resolved(cwd: string): Promise<string> {
  return nameAndWhy(await peer.call('projects.resolve', { cwd }));
}

function nameAndWhy(answer: unknown): string {
  const { project, resolved_by } = answer as { project: { name: string }; resolved_by: string };
  return `${project.name} ${resolved_by}`;
}

async function git(directory: string, ...args: string[]): Promise<void> {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'init.defaultBranch=main'];
  await run('git', ['-C', directory, ...identity, ...args], { env: environment(directory) });
}

/** A repository with one commit. */
async function repository(directory: string): Promise<void> {
  await git(directory, 'init', '-q');
  await git(directory, 'commit', '-q', '--allow-empty', '-m', 'first');
}

describe('a path through links', () => {
  test('means the project behind them, and the project that is registered through one', async () => {
    const real = await register('plain');
    const home = await daemon.codebase('elsewhere');
    await symlink(real, join(home, 'entry'));
    const target = await daemon.codebase('target');
    await symlink(target, join(home, 'shortcut'));
    await peer.call('projects.register', { name: 'linked', source_path: join(home, 'shortcut') });
    expect(await resolved(join(home, 'entry', 'deep'))).toBe('plain cwd');
    expect(await resolved(join(target, 'deep'))).toBe('linked cwd');
    expect(await resolved(join(home, 'shortcut', 'deep'))).toBe('linked cwd');
    expect(await resolved(home)).toBe('active active');
    expect(await peer.call('projects.get', { project: join(target, 'x') })).toMatchObject({ name: 'linked' });
  });

  test('means the deeper of the project that it is written in and the one that it leads to', async () => {
    const outer = await register('outer');
    const inner = await register('inner');
    await symlink(inner, join(outer, 'vendor'));
    expect(await resolved(join(outer, 'vendor', 'lib'))).toBe('inner cwd');
    await symlink(await daemon.codebase('unregistered'), join(outer, 'other'));
    expect(await resolved(join(outer, 'other', 'lib'))).toBe('outer cwd');
  });

  test('means the deeper one also where the link lies right below a project', async () => {
    const home = await register('dotfiles');
    const payments = await register('payments', 'real/payments');
    await mkdir(join(payments, 'api', 'v1'), { recursive: true });
    await symlink(join(payments, 'api'), join(home, 'apilink'));
    expect(await resolved(join(home, 'apilink'))).toBe('payments cwd');
    expect(await resolved(join(home, 'apilink', 'v1'))).toBe('payments cwd');
  });

  test('is told apart where a link is made to lead elsewhere', async () => {
    const first = await daemon.codebase('first');
    const second = await daemon.codebase('second');
    const link = join(first, '..', 'current');
    await symlink(first, link);
    await peer.call('projects.register', { name: 'moving', source_path: link });
    expect(await resolved(first)).toBe('moving cwd');
    await rm(link);
    await symlink(second, link);
    // What is known of links is asked again when another project comes, or after a while.
    await register('another');
    expect(await resolved(second)).toBe('moving cwd');
    expect(await resolved(first)).toBe('active active');
  });
});

describe('a change of a project that is named by a path behind links', () => {
  /** Two links, each a project's, and the directories behind them, which change places after they were looked at. */
  async function exchanged(): Promise<{ first: string; second: string }> {
    const [first, second] = [await daemon.codebase('first'), await daemon.codebase('second')];
    const [one, two] = [join(first, '..', 'one'), join(first, '..', 'two')];
    await symlink(first, one);
    await symlink(second, two);
    await peer.call('projects.register', { name: 'one', source_path: one });
    await peer.call('projects.register', { name: 'two', source_path: two });
    expect(await resolved(first)).toBe('one cwd');
    for (const link of [one, two]) await rm(link);
    await symlink(second, one);
    await symlink(first, two);
    return { first, second };
  }

  test.each([
    ['projects.update', { tags: ['a'] }],
    ['projects.set_status', { status: 'completed' }],
    ['projects.touch', {}],
    ['projects.retrain', {}],
    ['training.cancel', {}],
  ])('is one of where they lead now: %s', async (method, params) => {
    const { first, second } = await exchanged();
    expect(await peer.call(method, { ...params, project: first })).toMatchObject({ name: 'two' });
    expect(await peer.call(method, { ...params, project: join(second, 'src') })).toMatchObject({
      name: 'one',
    });
  });

  test('is so too where it moves, begins a training, activates and removes', async () => {
    const { first, second } = await exchanged();
    expect(await peer.call('projects.activate', { project: first })).toMatchObject({
      active_project: { name: 'two' },
    });
    expect(await peer.call('training.begin', { project: second })).toMatchObject({
      project: { name: 'one' },
    });
    const to = await daemon.codebase('third');
    expect(await peer.call('projects.remove', { project: first })).toMatchObject({
      active_project: expect.any(String),
    });
    expect(await peer.call('projects.count')).toBe(2);
    expect(await peer.call('projects.get', { project: 'one' })).toMatchObject({ name: 'one' });
    expect(await peer.call('projects.move', { project: second, to })).toMatchObject({
      projects: [{ name: 'one', source_path: to }],
    });
  });

  test('is refused where nothing leads there any more', async () => {
    const { first } = await exchanged();
    await rm(join(first, '..', 'two'));
    expect(await peer.refusal('projects.remove', { project: first })).toMatchObject({
      data: { kind: 'project_not_found' },
    });
    expect(await peer.call('projects.count')).toBe(3);
  });

  test('is refused where another one is there as well by now', async () => {
    const { first } = await exchanged();
    // Asked for, so that this one is known to be there, and the other is not.
    expect(await resolved(first)).toBe('two cwd');
    await rm(join(first, '..', 'one'));
    await symlink(first, join(first, '..', 'one'));
    expect(await peer.refusal('projects.remove', { project: first })).toMatchObject({
      data: { kind: 'ambiguous_project', suggestions: ['one', 'two'] },
    });
  });

  test.each<[string, (link: string, first: string) => Promise<void>]>([
    ['led elsewhere', (link, first) => symlink(first, link)],
    ['led nowhere', (link) => symlink('not-there', link)],
    [
      'lies behind another one that led elsewhere',
      async (link, first) => {
        await mkdir(join(first, 'same'));
        await symlink(first, join(link, '..', 'outer'));
        await symlink(join('outer', 'same'), link);
      },
    ],
  ])('is one of the project that is nearer by now, where its link %s', async (_what, make) => {
    const around = await register('around');
    const [first, second] = [join(around, 'v1'), join(around, 'v2')];
    for (const path of [first, second]) await mkdir(path);
    const link = join(around, 'current');
    await symlink(first, link);
    await peer.call('projects.register', { name: 'linked', source_path: link });
    await rm(link);
    await make(link, first);
    // The last look is at what is there by then.
    await register('another');
    expect(await resolved(second)).toBe('around cwd');
    await rm(link);
    await symlink(second, link);
    expect(await peer.call('projects.retrain', { project: join(second, 'src') })).toMatchObject({
      name: 'linked',
    });
  });

  test('is one of where the directory leads now that many projects are behind', async () => {
    const [first, second] = [await daemon.codebase('first/a'), await daemon.codebase('second/a')];
    const around = await register('around', 'second');
    const link = join(around, '..', 'current');
    await symlink('first', link);
    await peer.call('projects.register', { name: 'a', source_path: join(link, 'a') });
    expect(await resolved(first)).toBe('a cwd');
    await rm(link);
    await symlink('second', link);
    expect(await peer.call('projects.retrain', { project: second })).toMatchObject({ name: 'a' });
  });

  test('is no other one for whoever asks first which one that is', async () => {
    const { first, second } = await exchanged();
    expect([await resolved(first), await resolved(second)]).toEqual(['two cwd', 'one cwd']);
  });
});

describe('a linked worktree', () => {
  beforeEach((context) => requireTools(context, 'git'));

  test('means the project of its repository, at the same place', async () => {
    const main = await register('payments');
    await register('api', 'payments/packages/api');
    await repository(main);
    const worktree = join(main, '..', 'payments-wt');
    await git(main, 'worktree', 'add', '-q', worktree);
    await mkdir(join(worktree, 'packages', 'api', 'src'), { recursive: true });
    expect(await resolved(worktree)).toBe('payments worktree');
    expect(await resolved(join(worktree, 'packages'))).toBe('payments worktree');
    expect(await resolved(join(worktree, 'packages', 'api', 'src'))).toBe('api worktree');
    expect(await resolved(join(worktree, 'packages', 'api', 'not-there.ts'))).toBe('api worktree');
    expect(nameAndWhy(await peer.call('projects.resolve', { project: worktree }))).toBe('payments argument');
    expect(await peer.call('projects.touch', { project: worktree })).toMatchObject({ name: 'payments' });
  });

  test('is its repository’s also behind a link that lies in another project', async () => {
    const home = await register('dotfiles');
    const main = await register('payments', 'real/payments');
    await repository(main);
    await git(main, 'worktree', 'add', '-q', join(main, '..', 'wt'));
    await symlink(join(main, '..', 'wt'), join(home, 'wtlink'));
    expect(await resolved(join(home, 'wtlink'))).toBe('payments worktree');
  });

  test('that is a project, or has one in it, comes before its repository', async () => {
    const main = await register('payments');
    await repository(main);
    await git(main, 'worktree', 'add', '-q', join(main, '..', 'payments-wt'));
    const worktree = await register('worktree', 'payments-wt');
    await register('inner', 'payments-wt/inner');
    expect(await resolved(worktree)).toBe('worktree cwd');
    expect(await resolved(join(worktree, 'inner'))).toBe('inner cwd');
    expect(await resolved(join(worktree, 'docs'))).toBe('worktree cwd');
  });

  test('comes before a project that merely contains it, also in its own repository', async () => {
    const around = await register('around');
    const main = await register('payments');
    await register('api', 'payments/api');
    await repository(main);
    await git(main, 'worktree', 'add', '-q', join(around, 'wt'));
    await git(main, 'worktree', 'add', '-q', join(main, '.worktrees', 'fix'));
    expect(await resolved(join(around, 'wt'))).toBe('payments worktree');
    expect(await resolved(join(main, '.worktrees', 'fix', 'api'))).toBe('api worktree');
    expect(await resolved(join(around, 'other'))).toBe('around cwd');
  });

  test('of a repository that lies in a project means that one, where nothing is nearer', async () => {
    const around = await register('around');
    await daemon.codebase('around/repo');
    await repository(join(around, 'repo'));
    const worktree = join(around, '..', 'wt');
    await git(join(around, 'repo'), 'worktree', 'add', '-q', worktree);
    expect(await resolved(worktree)).toBe('around worktree');
  });

  test('of a repository that nobody registered means nothing', async () => {
    const main = await daemon.codebase('unregistered');
    await repository(main);
    await git(main, 'worktree', 'add', '-q', join(main, '..', 'wt'));
    expect(await resolved(join(main, '..', 'wt'))).toBe('active active');
    expect(await peer.ask('projects.get', { project: join(main, '..', 'wt') })).toMatchObject({
      error: { data: { kind: 'project_not_found' } },
    });
  });

  test('is found through links, and from a submodule in it', async () => {
    const main = await register('payments');
    const library = await daemon.codebase('library');
    await repository(library);
    await repository(main);
    await git(main, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'lib');
    await git(main, 'commit', '-q', '-m', 'lib');
    const worktree = join(main, '..', 'wt');
    await git(main, 'worktree', 'add', '-q', worktree);
    await git(worktree, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init');
    await symlink(worktree, join(library, 'entry'));
    expect(await resolved(join(library, 'entry'))).toBe('payments worktree');
    expect(await resolved(join(worktree, 'lib'))).toBe('payments worktree');
    expect(await resolved(join(main, 'lib'))).toBe('payments cwd');
  });

  test('of a submodule means the project of the submodule', async () => {
    const library = await daemon.codebase('library');
    const main = await daemon.codebase('payments');
    await repository(library);
    await repository(main);
    await git(main, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'lib');
    await register('lib', 'payments/lib');
    await git(join(main, 'lib'), 'worktree', 'add', '-q', join(main, '..', 'lib-wt'));
    expect(await resolved(join(main, '..', 'lib-wt'))).toBe('lib worktree');
  });

  test.each([
    ['bare, beside its worktrees', 'project.git', '--bare'],
    ['bare, in a directory named .git', 'project/.git', '--bare'],
    ['bare, with any name', 'project/.bare', '--bare'],
  ])(
    'of a repository that is %s means the one that is registered of the others',
    async (_what, name, bare) => {
      const source = await daemon.codebase('source');
      await repository(source);
      const top = join(source, '..');
      await mkdir(join(top, 'project'), { recursive: true });
      await run('git', ['clone', '-q', bare, source, join(top, name)], { env: environment(top) });
      for (const worktree of ['one', 'two', 'three']) {
        await git(join(top, name), 'worktree', 'add', '-q', join(top, 'project', worktree), '-b', worktree);
      }
      expect(await resolved(join(top, 'project', 'two'))).toBe('active active');
      await register('one', 'project/one');
      expect(await resolved(join(top, 'project', 'two', 'src'))).toBe('one worktree');
      // Which of the two is not for the registry to say.
      await register('three', 'project/three');
      expect(await peer.ask('projects.resolve', { cwd: join(top, 'project', 'two') })).toMatchObject({
        error: { data: { kind: 'ambiguous_project', suggestions: ['one', 'three'] } },
      });
    },
  );

  test.each(['by a file', 'by a link'])(
    'of a repository that is kept elsewhere, %s, means its project',
    async (how) => {
      const main = await daemon.codebase('payments');
      const kept = join(main, '..', 'kept', 'payments.git');
      await mkdir(join(kept, '..'));
      if (how === 'by a file') await git(main, 'init', '-q', '--separate-git-dir', kept);
      else {
        await git(main, 'init', '-q');
        await rename(join(main, '.git'), kept);
        await symlink(kept, join(main, '.git'));
      }
      await git(main, 'commit', '-q', '--allow-empty', '-m', 'first');
      const worktree = join(main, '..', 'wt');
      await git(main, 'worktree', 'add', '-q', worktree);
      expect(await resolved(worktree)).toBe('active active');
      await register('api', 'payments/packages/api');
      expect(await resolved(join(worktree, 'packages', 'api', 'src'))).toBe('api worktree');
      expect(await resolved(worktree)).toBe('active active');
      await register('payments');
      expect(await resolved(join(main, 'src'))).toBe('payments cwd');
      expect(await resolved(join(worktree, 'src'))).toBe('payments worktree');
      // Where it was once found is not where it must be for ever.
      await rename(main, join(main, '..', 'moved'));
      await peer.call('projects.move', { from: main, to: join(main, '..', 'moved') });
      expect(await resolved(join(worktree, 'src'))).toBe('payments worktree');
    },
  );

  test('is followed where git moves it, and where it is in the main one', async () => {
    const main = await register('payments');
    await repository(main);
    const nested = join(main, '.claude', 'worktrees', 'fix');
    await git(main, 'worktree', 'add', '-q', nested);
    expect(await resolved(join(nested, 'src'))).toBe('payments worktree');
    await git(main, 'worktree', 'move', nested, join(main, '..', 'moved'));
    expect(await resolved(join(main, '..', 'moved'))).toBe('payments worktree');
    // One that was made from a worktree and lies in it.
    const inner = join(main, '..', 'moved', '.worktrees', 'inner');
    await git(join(main, '..', 'moved'), 'worktree', 'add', '-q', inner);
    expect(await resolved(inner)).toBe('payments worktree');
  });

  test('of a repository of which only a part is a project means that part and nothing else', async () => {
    const part = await register('api', 'repo/packages/api');
    const main = join(part, '..', '..');
    await repository(main);
    for (const worktree of [join(main, '..', 'wt'), join(main, '.worktrees', 'wt2')]) {
      await git(main, 'worktree', 'add', '-q', worktree);
      await mkdir(join(worktree, 'packages', 'web'), { recursive: true });
      expect(await resolved(join(worktree, 'packages', 'api', 'src'))).toBe('api worktree');
      expect(await resolved(join(worktree, 'packages', 'web'))).toBe('active active');
      expect(await resolved(worktree)).toBe('active active');
    }
  });

  describe('is not believed', () => {
    /** A repository of nobody's project, with a worktree, and a project that has nothing to do with it. */
    async function strangers(...init: string[]): Promise<{ home: string; kept: string; worktree: string }> {
      const home = await register('home', 'someone');
      const kept = join(home, '..', 'stranger');
      await mkdir(kept);
      await git(kept, 'init', '-q', ...init);
      const tree = await run('git', ['-C', kept, 'hash-object', '-t', 'tree', '-w', '/dev/null']);
      await git(kept, 'update-ref', 'refs/heads/main', await commit(kept, tree.stdout.trim()));
      const worktree = join(home, '..', 'stranger-wt');
      await git(kept, 'worktree', 'add', '-q', worktree, '-b', 'wt');
      return { home, kept, worktree };
    }

    async function commit(repo: string, tree: string): Promise<string> {
      const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
      const { stdout } = await run('git', ['-C', repo, ...identity, 'commit-tree', tree, '-m', 'first']);
      return stdout.trim();
    }

    test.each(['nothing', 'a repository of its own', 'another worktree'])(
      'a bare repository that calls a directory its worktree which is %s',
      async (what) => {
        const { home, kept, worktree } = await strangers('--bare');
        if (what !== 'nothing') await repository(home);
        if (what === 'another worktree') {
          const other = await daemon.codebase('other');
          await repository(other);
          await rm(home, { recursive: true });
          await git(other, 'worktree', 'add', '-q', home);
        }
        await mkdir(join(kept, 'worktrees', 'claim'));
        await writeFile(join(kept, 'worktrees', 'claim', 'gitdir'), `${join(home, '.git')}\n`);
        await writeFile(join(kept, 'worktrees', 'claim', 'commondir'), '../..\n');
        expect(await resolved(worktree)).toBe('active active');
      },
    );

    test('a repository that calls a directory its main worktree', async () => {
      const { home, kept, worktree } = await strangers();
      await git(kept, 'config', 'core.worktree', home);
      expect(await resolved(worktree)).toBe('active active');
      await repository(home);
      expect(await resolved(worktree)).toBe('active active');
    });

    test('a directory that no repository has made', async () => {
      const { home } = await strangers();
      await repository(home);
      const claim = await daemon.codebase('claim/.fake');
      await writeFile(join(claim, 'commondir'), `${join(home, '.git')}\n`);
      await writeFile(join(claim, '..', '.git'), 'gitdir: .fake\n');
      expect(await resolved(join(claim, '..'))).toBe('active active');
    });
  });

  test('of a bare repository with many is told whichever of them is registered, and where there are too many', async () => {
    const home = await daemon.codebase('many');
    const bare = join(home, 'repo.git');
    await repository(home);
    await run('git', ['clone', '-q', '--bare', home, bare], { env: environment(home) });
    for (const name of ['first', 'last'])
      await git(bare, 'worktree', 'add', '-q', join(home, name), '-b', name);
    // As git would leave them behind where somebody else had removed the directories.
    const stale = async (name: string): Promise<void> => {
      await mkdir(join(bare, 'worktrees', name));
      await writeFile(join(bare, 'worktrees', name, 'gitdir'), `${join(home, name, '.git')}\n`);
      await writeFile(join(bare, 'worktrees', name, 'commondir'), '../..\n');
    };
    for (let number = 2; number < 500; number += 1) await stale(`k${number}`);
    await register('last', 'many/last');
    expect(await resolved(join(home, 'first'))).toBe('last worktree');
    await stale('z');
    expect((await peer.refusal('projects.resolve', { cwd: join(home, 'first') })).message).toBe(
      `cannot tell which project ${join(home, 'first')} belongs to: its repository has more than 500 worktrees and no main one; name the project`,
    );
    expect(await resolved(join(home, 'last'))).toBe('last cwd');
  });

  test('costs nothing where its files are nonsense, pipes, gone or forbidden', async () => {
    const main = await register('payments');
    await repository(main);
    const worktree = join(main, '..', 'wt');
    await git(main, 'worktree', 'add', '-q', worktree);
    const link = join(worktree, '.git');
    const own = join(main, '.git', 'worktrees', 'wt');
    const attempts: [string, () => Promise<unknown>][] = [
      ['nonsense', () => writeFile(link, 'gitdir')],
      ['leads nowhere', () => writeFile(link, 'gitdir: /nowhere\n')],
      ['a device', () => writeFile(link, 'gitdir: /dev/zero\n')],
      ['a NUL', () => writeFile(link, 'gitdir: /a\0b\n')],
      ['very long', () => writeFile(link, `gitdir: ${'x'.repeat(300_000)}\n`)],
      ['a pipe', () => rm(link).then(() => run('mkfifo', [link]))],
      ['a loop', () => rm(link).then(() => symlink(link, link))],
      [
        'a common directory that is a pipe',
        async () => {
          await rm(link);
          await writeFile(link, `gitdir: ${own}\n`);
          await rm(join(own, 'commondir'));
          await run('mkfifo', [join(own, 'commondir')]);
        },
      ],
    ];
    for (const [what, attempt] of attempts) {
      await attempt();
      expect(await resolved(worktree), what).toBe('active active');
    }
  });

  test('is found in time, whatever thousands of paths others ask for', async () => {
    const main = await register('payments');
    await repository(main);
    const worktree = join(main, '..', 'wt');
    await git(main, 'worktree', 'add', '-q', worktree);
    const others = await Promise.all([1, 2, 3].map(daemon.connect));
    for (const other of others)
      other.send(
        Array.from({ length: 990 }, (_, id) =>
          request(id, 'projects.resolve', { cwd: `/not-there${'/a'.repeat(1_500)}` }),
        ),
      );
    await until(() => (daemon.daemon.status().requests['projects.resolve']?.count ?? 0) > 0, 'it has begun');
    expect(await resolved(worktree)).toBe('payments worktree');
    // Long before the others have all that they asked for.
    expect(others.map(({ waiting }) => waiting.length)).toEqual([0, 0, 0]);
  });

  test('that was moved without telling git still leads to its repository', async () => {
    const main = await register('payments');
    await repository(main);
    await git(main, 'worktree', 'add', '-q', join(main, '..', 'wt'));
    await rename(join(main, '..', 'wt'), join(main, '..', 'moved'));
    expect(await resolved(join(main, '..', 'moved'))).toBe('payments worktree');
  });
});

describe('a jj workspace', () => {
  /** The number of an operation. */
  const operation = Buffer.alloc(64, 0xe7);

  /** A project with a main workspace, and another workspace of it, as jj lays them out; returns both. */
  async function workspaces(): Promise<{ main: string; workspace: string }> {
    const main = await register('payments');
    const operations = join(main, '.jj', 'repo', 'op_store', 'operations');
    await mkdir(operations, { recursive: true });
    await writeFile(join(operations, operation.toString('hex')), '');
    const workspace = join(await daemon.codebase('payments-ws/src'), '..');
    await mkdir(join(workspace, '.jj', 'working_copy'), { recursive: true });
    await writeFile(join(workspace, '.jj', 'repo'), '../../payments/.jj/repo');
    await checkout(workspace, operation);
    return { main, workspace };
  }

  async function checkout(workspace: string, id: Buffer): Promise<void> {
    const message = [Buffer.from([0x12, id.length]), id, Buffer.from('\x1a\x02ws')];
    await writeFile(join(workspace, '.jj', 'working_copy', 'checkout'), Buffer.concat(message));
  }

  test('means the project of the main one', async () => {
    const { main, workspace } = await workspaces();
    expect(await resolved(join(workspace, 'src'))).toBe('payments worktree');
    await writeFile(join(workspace, '.jj', 'repo'), join(main, '.jj', 'repo'));
    expect(await resolved(join(workspace, 'src'))).toBe('payments worktree');
    expect(await resolved(main)).toBe('payments cwd');
  });

  test.each<[string, (workspace: string) => Promise<unknown>]>([
    ['is a git repository of its own', (workspace) => mkdir(join(workspace, '.git'))],
    [
      'has no state of a working copy',
      (workspace) => rm(join(workspace, '.jj', 'working_copy'), { recursive: true }),
    ],
    ['is at an operation that is not there', (workspace) => checkout(workspace, Buffer.alloc(64, 1))],
    [
      'borrows the state of another one by a link',
      async (workspace) => {
        const copy = join(workspace, '.jj', 'working_copy');
        await rename(copy, join(workspace, '..', 'payments', '.jj', 'working_copy'));
        await symlink('../../payments/.jj/working_copy', copy);
      },
    ],
    ['is at no operation', (workspace) => checkout(workspace, Buffer.alloc(0))],
  ])('counts only where its repository made it, not where it %s', async (_what, change) => {
    const { workspace } = await workspaces();
    await change(workspace);
    expect(await resolved(join(workspace, 'src'))).toBe('active active');
  });
});

test('a directory that may not be entered matches what it is written as', async () => {
  const main = await register('locked');
  await chmod(main, 0o000);
  expect(await resolved(join(main, 'src'))).toBe('locked cwd');
  await chmod(main, 0o700);
});

describe('what removes', () => {
  test('takes a path only when it is the project’s own', async () => {
    const main = await register('payments');
    await symlink(main, join(main, '..', 'entry'));
    const refused = await peer.ask('projects.remove', { project: join(main, 'build') });
    expect(refused).toMatchObject({
      error: { data: { kind: 'project_not_found', suggestions: ['payments'] } },
    });
    expect(refused.error?.message).toBe(
      `cannot find project "${join(main, 'build')}": it is not the directory of "payments" but in it`,
    );
    expect(await peer.call('projects.remove', { project: join(main, '..', 'entry/') })).toMatchObject({
      active_project: expect.any(String),
    });
    const again = await register('payments');
    expect(await peer.call('projects.remove', { project: `${again}/` })).toHaveProperty('project_id');
  });

  test('does not take a worktree for its repository', async (context) => {
    requireTools(context, 'git');
    const main = await register('payments');
    await repository(main);
    const worktree = join(main, '..', 'wt');
    await git(main, 'worktree', 'add', '-q', worktree);
    expect(await peer.ask('projects.remove', { project: worktree })).toMatchObject({
      error: { data: { kind: 'project_not_found' } },
    });
  });
});
