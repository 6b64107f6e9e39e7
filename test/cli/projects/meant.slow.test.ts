/** Which project a command means: where the person stands, what they typed, what a trainer was given. */
import { execFile } from 'node:child_process';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { builtProgram, commandLine, type CommandLine } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';

const run = promisify(execFile);

/** A command line with two projects, of which `website` is the active one. */
async function twoProjects(): Promise<CommandLine & { payments: string; website: string }> {
  const cli = await commandLine();
  const payments = await cli.codebase('src/payments', { 'build/a.js': '', 'main.ts': '' });
  const website = await cli.codebase('src/website', { 'index.html': '' });
  await cli.json(['add', payments]);
  await cli.json(['add', website, '--use']);
  return { ...cli, payments, website };
}

test('a worktree means its repository, on every command', async (context) => {
  requireTools(context, 'git');
  const cli = await twoProjects();
  const git = (...args: string[]): Promise<unknown> =>
    run('git', ['-C', cli.payments, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      env: environment(cli.home),
    });
  await git('init', '-q');
  await git('add', '.');
  await git('commit', '-q', '-m', 'first');
  await git('worktree', 'add', '-q', '../payments-wt');
  const cwd = join(cli.home, 'src/payments-wt');
  expect(await cli.run(['which'], { cwd })).toMatchObject({ code: 0, stdout: 'payments\n', stderr: '' });
  expect(await cli.json(['which'], { cwd })).toMatchObject({ resolved_by: 'worktree' });
  expect(await cli.json(['edit', '.', '--tag', 'here'], { cwd })).toMatchObject({ name: 'payments' });
  expect(await cli.run(['rm', '.', '--yes'], { cwd })).toMatchObject({ code: 2, stdout: '' });
});

test('the active project does not stand in for an unregistered codebase without a word', async () => {
  const cli = await twoProjects();
  const other = await cli.codebase('src/other/deep', {});
  expect(await cli.run(['which'], { cwd: other })).toMatchObject({ stdout: 'website\n', stderr: '' });
  await mkdir(join(other, '../.git'));
  for (const words of [['which'], ['show']]) {
    const { code, stderr } = await cli.run(words, { cwd: other });
    expect(code).toBe(0);
    expect(stderr).toBe('not registered: using the active project "website"\n');
  }
  expect((await cli.run(['which'], { cwd: join(cli.payments, 'build') })).stderr).toBe('');
});

describe('a path that is not there', () => {
  const commands: readonly (readonly [command: string, words: (path: string) => string[]])[] = [
    ['edit', (path) => ['edit', path, '--tag', 'x']],
    ['use', (path) => ['use', path]],
    ['retrain', (path) => ['retrain', path]],
    ['train', (path) => ['train', path, '--', 'true']],
    ['train --cancel', (path) => ['train', '--cancel', path]],
  ];

  test.each(commands)('is a mistake where it would be changed: %s', async (_command, words) => {
    const cli = await twoProjects();
    const before = await cli.json(['show', 'payments']);
    for (const path of ['src/payments/biuld', 'src/payments/main.ts/x']) {
      expect(await cli.run(words(`./${path}`))).toMatchObject({
        code: 1,
        stdout: '',
        stderr: `gardener: cannot tell which project is meant: there is no ~/${path}; did you mean payments?\n`,
      });
    }
    expect(await cli.json(['show', 'payments'])).toEqual(before);
    expect((await cli.run(words(join(cli.payments, 'main.ts')))).code).toBe(0);
    expect(await cli.run(['show', join(cli.payments, 'biuld')])).toMatchObject({ code: 0 });
  });

  test.each(commands)('is meant where it is a project’s own: %s', async (_command, words) => {
    const cli = await twoProjects();
    await rm(cli.payments, { recursive: true });
    expect((await cli.run(words(`${cli.payments}/`))).code).toBe(0);
  });
});

describe('a working directory that is gone', () => {
  /** Runs `gardener` in a directory that is deleted first; a command may make another one in its place. */
  async function inDeleted(
    cli: CommandLine,
    directory: string,
    words: readonly string[],
    before = ':',
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    await mkdir(directory, { recursive: true });
    const script = `cd "$1" && rmdir "$1" && ${before} && shift && exec "$@"`;
    const program = [process.execPath, builtProgram('gardener.js'), ...words];
    const env = environment(cli.home);
    return await run('sh', ['-c', script, 'sh', directory, ...program], { env }).then(
      (output) => ({ code: 0, ...output }),
      (error: unknown) => error as { code: number; stdout: string; stderr: string },
    );
  }

  test.each([
    ['gone', ':'],
    ['made again', 'mkdir "$1"'],
  ])('and %s is still in the project that it was in', async (_what, before) => {
    const cli = await twoProjects();
    const gone = join(cli.payments, 'gone');
    for (const words of [['which'], ['which', '.'], ['which', '..'], ['which', '../build']]) {
      expect(await inDeleted(cli, gone, words, before), words.join(' ')).toMatchObject({
        code: 0,
        stdout: 'payments\n',
        stderr: '',
      });
      await rm(gone, { recursive: true, force: true });
    }
    expect((await inDeleted(cli, gone, ['rm', '.', '--yes'], before)).code).toBe(2);
  });

  test('is told where the active project stands in', async () => {
    const cli = await twoProjects();
    expect(await inDeleted(cli, join(cli.home, 'gone'), ['which'])).toMatchObject({
      code: 0,
      stdout: 'website\n',
      stderr: 'the working directory is gone: using the active project "website"\n',
    });
  });

  test('is what a relative path would start from, and nothing else is said', async () => {
    const cli = await twoProjects();
    const gone = join(cli.payments, 'gone');
    for (const words of [
      ['--data-dir', 'data', 'which'],
      ['--socket', 'socket', 'which'],
      ['add', '.'],
    ]) {
      expect(await inDeleted(cli, gone, words), words.join(' ')).toMatchObject({
        code: 1,
        stdout: '',
        stderr:
          'gardener: cannot tell the working directory: it is gone\ntry: from a directory that exists\n',
      });
    }
  });
});

test('a path that goes up goes up from behind the links, as with every other program', async () => {
  const cli = await twoProjects();
  const link = join(cli.website, 'link');
  await symlink(join(cli.payments, 'build'), link);
  const there = { cwd: link, env: { PWD: link } };
  for (const path of ['..', './..', '../build', '../']) {
    expect((await cli.run(['which', path], there)).stdout, path).toBe('payments\n');
  }
  expect(await cli.json(['export', '../out.json'], there)).toMatchObject({
    file: join(cli.payments, 'out.json'),
  });
  expect(await cli.json(['import', '../out.json', '--dry-run'], there)).toBeDefined();
  expect((await cli.run(['rm', '..', '--yes'], there)).stdout).toBe('removed payments\n');
  expect((await cli.run(['which', '.'], there)).stdout).toBe('website\n');
});

test('what is listed may be a path from here, or one that Tab has completed', async () => {
  const cli = await twoProjects();
  const names = async (query: string, cwd: string): Promise<string[]> => {
    const { projects } = (await cli.json(['ls', query], { cwd })) as { projects: { name: string }[] };
    return projects.map(({ name }) => name);
  };
  const src = join(cli.home, 'src');
  expect(await names('.', src)).toEqual(['payments', 'website']);
  expect(await names('.', cli.payments)).toEqual(['payments']);
  expect(await names('..', cli.payments)).toEqual(['payments', 'website']);
  expect(await names('./payments/', cli.home)).toEqual([]);
  expect(await names('src/payments/', cli.home)).toEqual(['payments']);
  expect(await names('~/src/website', '/')).toEqual(['website']);
});

describe('a bare word', () => {
  test('that is a directory here and no project’s name means the directory', async () => {
    const cli = await twoProjects();
    const cwd = join(cli.home, 'src/payments');
    expect(await cli.run(['which', 'build'], { cwd })).toMatchObject({ code: 0, stdout: 'payments\n' });
    expect(await cli.json(['edit', 'build', '--tag', 'a'], { cwd })).toMatchObject({ name: 'payments' });
    expect(await cli.json(['retrain', 'build'], { cwd })).toMatchObject({ name: 'payments' });
    expect(await cli.json(['use', 'build'], { cwd })).toMatchObject({ active_project: { name: 'payments' } });
  });

  test('that is a project’s name means the project, whatever directory is here', async () => {
    const cli = await twoProjects();
    await cli.codebase('src/payments/website', {});
    expect((await cli.run(['which', 'website'], { cwd: cli.payments })).stdout).toBe('website\n');
  });
});

describe('rm', () => {
  test('does not take what lies in a project for the project', async () => {
    const cli = await twoProjects();
    for (const word of ['./build', 'build', join(cli.payments, 'build')]) {
      const { code, stdout, stderr } = await cli.run(['rm', word, '--yes'], { cwd: cli.payments });
      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toBe(
        `gardener: cannot remove ${word.replace(cli.home, '~')}: it is not the directory of "payments" but belongs to it\n` +
          'try: gardener rm payments\n',
      );
    }
    expect(await cli.json(['ls'])).toMatchObject({ projects: [{ name: 'payments' }, { name: 'website' }] });
  });

  test('takes the project’s own directory, however it is written', async () => {
    const cli = await twoProjects();
    await symlink(cli.payments, join(cli.home, 'entry'));
    expect(await cli.run(['rm', '~/entry/', '--yes'])).toMatchObject({
      code: 0,
      stdout: 'removed payments\n',
    });
    expect(await cli.run(['rm', '.', '--yes'], { cwd: cli.website })).toMatchObject({ code: 0 });
  });
});

describe('train', () => {
  test('takes what stands behind the dashes for the command, and the project from where it is called', async () => {
    const cli = await twoProjects();
    const trained = await cli.run(['train', '--', 'sh', '-c', 'echo "$GARDENER_PROJECT_NAME"'], {
      cwd: cli.payments,
    });
    expect(trained).toMatchObject({
      code: 0,
      stdout: 'payments\n',
      stderr: expect.stringContaining('training payments: around the working directory\n'),
    });
    const elsewhere = await cli.run(['train', '--', 'true']);
    expect(elsewhere).toMatchObject({
      code: 2,
      stderr:
        'gardener: cannot tell which project to train: none is named, and the working directory is in none\n' +
        'try: gardener train <project> -- <command>\n',
    });
    expect(await cli.run(['train', 'payments', 'website', '--', 'true'])).toMatchObject({ code: 2 });
    expect(await cli.run(['train', '--claim', 'payments', '--', 'true'])).toMatchObject({ code: 2 });
    expect(await cli.run(['train', 'payments', '--', 'echo', '--', 'x'])).toMatchObject({ stdout: '-- x\n' });
    expect(await cli.run(['train', 'payments', 'echo', 'x'])).toMatchObject({ code: 0, stdout: 'x\n' });
  });

  test('has every command in the trainer mean the project that is trained', async () => {
    const cli = await twoProjects();
    const which = [process.execPath, builtProgram('gardener.js'), 'which', '--json'];
    const { stdout } = await cli.run(['train', 'payments', '--', ...which], { cwd: cli.website });
    expect(JSON.parse(stdout)).toMatchObject({ project: { name: 'payments' }, resolved_by: 'env' });
  });
});

test('flags that are relative lead a trainer’s own commands to the same registry', async () => {
  const cli = await commandLine();
  const codebase = await cli.codebase('web', {});
  const flags = ['--data-dir', './data'];
  await cli.json([...flags, 'add', codebase]);
  const which = `cd / && ${process.execPath} ${builtProgram('gardener.js')} which`;
  expect(await cli.run([...flags, 'train', 'web', '--', 'sh', '-c', which])).toMatchObject({
    code: 0,
    stdout: 'web\n',
  });
  await cli.run([...flags, 'daemon', 'stop']);
});

test('an error about a project that the environment named says so', async () => {
  const cli = await twoProjects();
  const env = { CODEBASE_GARDENER_PROJECT: 'nothing' };
  const { code, stderr } = await cli.run(['which'], { env, cwd: cli.payments });
  expect(code).toBe(1);
  expect(stderr).toContain('(named by CODEBASE_GARDENER_PROJECT in the environment)');
  expect(stderr).toContain('try: gardener ls, or unset CODEBASE_GARDENER_PROJECT\n');
});
