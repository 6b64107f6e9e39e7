/** A project by a few letters, the one before, the one that is chosen; and where it lies, for a shell. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { workingDirectory } from '../../../client/cli/cwd.ts';
import { codebaseAround } from '../../../client/cli/projects/resolve.ts';
import { builtProgram, commandLine } from '../../support/cli.ts';
import { startDaemon } from '../../support/daemon.ts';
import { environment, temporaryDirectory } from '../../support/home.ts';
import { asOrdinaryUser, withMode } from '../../support/store.ts';
import { terminal } from '../../support/terminal.ts';
import { tmuxTerminal } from '../../support/tmux.ts';
import { requireTools } from '../../support/tools.ts';

/** Somebody at a terminal in their home directory, and projects, of which the first is active. */
async function desk(...names: readonly string[]) {
  const home = await temporaryDirectory();
  const daemon = await startDaemon({ dataDir: home });
  const registry = await daemon.connect();
  const ids: string[] = [];
  for (const name of names) {
    const params = { name, source_path: await daemon.codebase(name) };
    ids.push(String((await registry.call('projects.register', params))['project_id']));
  }
  const active = async () => {
    const { active_project: one } = await registry.call('projects.active');
    return (one as unknown as { name: string } | null)?.name;
  };
  const at = terminal({ home, columns: 200 });
  at.env['NO_COLOR'] = '1';
  return { ...at, home, registry, ids, active };
}

describe('the beginning of a name or id', () => {
  test('will do where one project has it, and is told', async () => {
    const { run, ids, active } = await desk('website', 'Payments', 'payroll');
    expect(await run(['use', 'PAYM'])).toMatchObject({ code: 0, stderr: 'taking "Payments" for PAYM\n' });
    expect(await active()).toBe('Payments');
    const id = String(ids[2]).slice(0, 13);
    expect(await run(['which', id])).toMatchObject({ stderr: `taking "payroll" for ${id}\n` });
    const { stdout, stderr } = await run(['path', 'web', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'website', project_id: ids[0] });
    expect(stderr).toBe('taking "website" for web\n');
  });

  test('stands behind a name that is whole, and a directory here', async () => {
    const { run, home, active } = await desk('web', 'website', 'api');
    expect(await run(['use', 'web'])).toMatchObject({ code: 0, stderr: '' });
    expect(await active()).toBe('web');
    await mkdir(join(home, 'ap'));
    expect(await run(['use', 'ap'])).toMatchObject({
      code: 1,
      stderr: expect.not.stringContaining('taking'),
    });
  });

  test('that several have is none, and a handful of them is named', async () => {
    const { run } = await desk('payments', 'payroll');
    expect((await run(['show', 'pay'])).stderr).toBe(
      'gardener: cannot tell which project is meant: 2 projects begin with "pay"\ntry: one of them by name: payments, payroll\n',
    );
    const many = await desk(...['a', 'b', 'c', 'd', 'e', 'f'].map((end) => `p${end}`));
    expect((await many.run(['show', 'p'])).stderr).toBe(
      'gardener: cannot tell which project is meant: many projects begin with "p"\ntry: one of them by name: pa, pb, pc, pd, pe\n',
    );
  });

  test('never names what is removed, or what the environment means', async () => {
    const { run, env } = await desk('website');
    const refused = { code: 1, stdout: '', stderr: expect.stringContaining('did you mean website?') };
    expect(await run(['rm', '--yes', 'web'])).toMatchObject(refused);
    expect(await run(['prune', '--dry-run', 'web'])).toMatchObject(refused);
    env['CODEBASE_GARDENER_PROJECT'] = 'web';
    expect(await run(['which'])).toMatchObject(refused);
  });
});

describe('use', () => {
  test('- goes back to the project before, and forth', async () => {
    const { run, active, home } = await desk('api', 'web');
    expect(await run(['use', '-'])).toMatchObject({
      code: 1,
      stderr: `gardener: cannot go back: no other project was active before\ntry: gardener --data-dir ${home} use <project>\n`,
    });
    await run(['use', 'web']);
    for (const name of ['api', 'web', 'api']) {
      expect((await run(['use', '-'])).code).toBe(0);
      expect(await active()).toBe(name);
    }
    await run(['rm', '--yes', 'web']);
    expect((await run(['use', '-'])).code).toBe(1);
    // It is the one before for nobody else.
    expect((await run(['show', '-'])).stderr).toContain('cannot find project "-"');
  });

  test('makes the project around the working directory active; off a terminal and elsewhere it is a mistake', async () => {
    const cli = await commandLine();
    for (const name of ['api', 'web'])
      await cli.json(['add', await cli.codebase(`src/${name}`, { 'in/a': '' })]);
    const cwd = join(cli.home, 'src/web/in');
    expect(await cli.run(['use'], { cwd })).toMatchObject({
      code: 0,
      stdout: 'active now: web  ~/src/web\n',
    });
    expect(await cli.run(['use'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none is named, and the working directory is in none'),
    });
  });
});

describe('where no project is meant, somebody at a terminal chooses one', () => {
  test('to use, to show, to train and to go to', async () => {
    const { run, active, registry, home } = await desk('api', 'website', 'payments');
    expect(await run(['use'], ['pay'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^active now: /),
    });
    expect(await active()).toBe('payments');
    expect((await run(['show'], ['webs'])).stdout).toContain('~/src/website');
    expect((await run(['--data-dir', home, '--no-start', 'train', '--', 'true'], ['api'])).code).toBe(0);
    expect(await registry.call('projects.get', { project: 'api' })).toMatchObject({
      training_status: 'completed',
    });
    await run(['use', '--none']);
    expect((await run(['path'], ['webs'])).stdout).toMatch(/\/src\/website\n$/);
  });

  test('but not where one is, where a program reads the answer, and where nobody wants one', async () => {
    const { run, env, active } = await desk('api', 'website');
    const unasked = { code: 0, stderr: expect.not.stringContaining('Search') };
    expect(await run(['path'])).toMatchObject(unasked);
    expect(await run(['show', '--json'])).toMatchObject(unasked);
    env['TERM'] = 'dumb';
    expect(await run(['use'])).toMatchObject({ code: 2, stderr: expect.not.stringContaining('Search') });
    env['TERM'] = 'xterm';
    env['CODEBASE_GARDENER_PROJECT'] = 'website';
    expect((await run(['show'])).stdout).toContain('~/src/website');
    expect(await run(['use'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/gardener: cannot go on: no project was chosen\n$/),
    });
    expect(await active()).toBe('api');
  });

  test('and the terminal is as before, however that ends', async (context) => {
    requireTools(context, ['tmux', 'stty']);
    const cli = await commandLine();
    for (const name of ['api', 'web']) await cli.json(['add', await cli.codebase(`src/${name}`, {})]);
    await cli.json(['use', '--none']);
    const env = { ...environment(cli.home), TERM: 'xterm', GARDENER: builtProgram('gardener.js') };
    const gardener = `${process.execPath} "$GARDENER"`;
    const begin = async (command: string) => {
      const it = await tmuxTerminal(`${command}; stty -a | grep -o .icanon`, { env });
      await it.shows('Search');
      expect(await it.hasCursor()).toBe(false);
      return it;
    };
    const chosen = await begin(`cd "$(${gardener} path)" && pwd`);
    await chosen.type('web', 'Enter');
    await chosen.shows(`\n${join(cli.home, 'src/web')}\n icanon`);
    expect(await chosen.hasCursor()).toBe(true);
    const left = await begin(`${gardener} use; echo code $?`);
    await left.type('C-c');
    await left.shows('code 130\n icanon');
    expect(await left.hasCursor()).toBe(true);
    const ended = await begin(`sh -c "echo \\$\\$ > ~/pid; exec ${gardener.replaceAll('"', '')} use"`);
    process.kill(Number(await readFile(join(cli.home, 'pid'), 'utf8')), 'SIGTERM');
    await ended.shows('Terminated\n icanon');
    expect(await ended.hasCursor()).toBe(true);
  });
});

test('which, piped, prints what can be typed', async () => {
  const { registry, home } = await desk('--help');
  const { run } = terminal({ home, isTTY: false });
  const { stdout } = await run(['which']);
  const { stdout: typed } = await run(['ls', '--quiet']);
  expect(stdout).toBe(typed);
  expect(await registry.call('projects.get', { project: stdout.trim() })).toMatchObject({ name: '--help' });
});

test('a place on the way to the working directory that may not be searched is in no repository', async () => {
  const home = await temporaryDirectory();
  const locked = join(home, 'locked');
  await mkdir(join(locked, 'in'), { recursive: true });
  await asOrdinaryUser([home, locked], () =>
    withMode(locked, 0o000, async () => {
      expect(codebaseAround(join(locked, 'in'))).toBeUndefined();
      expect(workingDirectory({ PWD: join(locked, 'in') })).toBe(process.cwd());
    }),
  );
});

describe('path', () => {
  test('piped is what a shell goes to, whatever is in it, and one that is gone is told', async () => {
    const cli = await commandLine();
    const path = await cli.codebase('src/a\x1b[2J $(rm)\nb\u202e', {});
    await cli.json(['add', path, '--name', 'odd']);
    expect(await cli.run(['path', 'odd'])).toEqual({
      code: 0,
      signal: null,
      stdout: `${path}\n`,
      stderr: '',
    });
    await rm(path, { recursive: true });
    expect(await cli.run(['path', 'odd'])).toMatchObject({
      code: 0,
      stdout: `${path}\n`,
      stderr: 'note: ~/src/a\\x1b[2J $(rm)\\nb\\u202e is gone\n',
    });
  });

  test('on a terminal obeys nobody', async () => {
    const { run, registry, home } = await desk();
    const source_path = join(home, 'a\x1b[2J');
    await mkdir(source_path);
    await registry.call('projects.register', { name: 'odd', source_path });
    expect((await run(['path', 'odd'])).stdout).toBe(`${home}/a\\x1b[2J\n`);
  });
});
