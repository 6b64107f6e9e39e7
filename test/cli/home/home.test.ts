/** `gardener` alone, and `gardener status`: what there is to see, from the daemon to the terminal. */
import { existsSync } from 'node:fs';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { commandLine } from '../../support/cli.ts';
import { startDaemon } from '../../support/daemon.ts';
import { temporaryDirectory } from '../../support/home.ts';
import type { LineClient } from '../../support/lines.ts';
import { repository } from '../../support/repository.ts';
import { type Terminal, terminal } from '../../support/terminal.ts';
import { requireTools } from '../../support/tools.ts';
import { repositoryAt } from '../../../client/codebase/repository.ts';

const BEGIN = 'No codebases are registered yet. To begin with:';

interface Desk {
  readonly home: string;
  readonly registry: LineClient;
  readonly env: Terminal['env'];
  /** The lines that are printed at a terminal, without colours, and the exit code. */
  seen(...words: string[]): Promise<{ readonly code: number; readonly lines: readonly string[] }>;
}

async function desk(home: string): Promise<Omit<Desk, 'registry'>> {
  const { env, run } = terminal({ home });
  return {
    home,
    env,
    async seen(...words) {
      const { code, stdout, stderr } = await run(words);
      expect(stderr).toBe('');
      return { code, lines: stripVTControlCharacters(stdout).trimEnd().split('\n') };
    },
  };
}

async function served(): Promise<Desk> {
  const { paths, connect } = await startDaemon();
  return { ...(await desk(paths.dataDir)), registry: await connect() };
}

describe('gardener alone', () => {
  test('shows a new user how to begin, starts nothing and makes nothing', async () => {
    const { home, seen } = await desk(join(await temporaryDirectory(), 'new'));
    const { code, lines } = await seen();
    expect(code).toBe(0);
    expect(lines.map((line) => line.replace(` --data-dir ${home}`, ''))).toEqual([
      BEGIN,
      '',
      '  gardener add .',
      '      register the codebase in this directory',
      '  gardener scan ~/src',
      '      find codebases below a directory',
      '  gardener use <project>',
      '      make one the active project',
      '',
      'gardener --help for all commands',
    ]);
    expect(existsSync(home)).toBe(false);
  });

  test('shows the same where nothing is registered', async () => {
    const { seen } = await served();
    expect((await seen()).lines[0]).toBe(BEGIN);
  });

  test('says so where there was something, or may be', async () => {
    const { seen, registry, home } = await served();
    await mkdir(join(home, 'backups'), { recursive: true });
    await writeFile(join(home, 'backups/registry-20260101T000000.000Z-corrupt.json'), '{');
    const { lines } = await seen();
    expect(lines[0]).toBe('No codebases are registered now. To begin with:');
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}gardener .* backups$/));
    expect((await registry.call('registry.info'))['project_count']).toBe(0);
    const link = join(home, 'link');
    await symlink('nowhere', link);
    const led = await (await desk(link)).seen();
    expect(led.code).toBe(3);
    expect(led.lines[0]).toMatch(/^daemon /);
  });

  test('shows what status does where something is', async () => {
    const { home, registry, seen } = await served();
    await registry.call('projects.register', { name: 'web', source_path: home });
    const { code, lines } = await seen();
    expect(code).toBe(0);
    expect(lines[0]).toBe('here      web  (around the working directory)      active  web');
    expect(lines).toEqual((await seen('status')).lines);
  });

  test('says in the line of the daemon that there is none, and what to do', async () => {
    const { home, seen } = await desk(await temporaryDirectory());
    const { code, lines } = await seen();
    expect({ code, said: lines.join('\n') }).toEqual({
      code: 3,
      said: expect.stringMatching(
        /^daemon {4}cannot reach the registry: no daemon listens on[^]*\ntry {7}gardener --data-dir \S+ daemon start\nhelp {6}gardener --help for all commands$/,
      ) as string,
    });
    expect(lines[1]).toContain(home);
  });

  test('piped, or as a document, is help, whatever there is, and starts nothing', async () => {
    const cli = await commandLine();
    const { stdout: help } = await cli.run(['--help']);
    for (const words of [[], ['--data-dir', 'there'], ['--no-start'], ['--']])
      expect(await cli.run(words)).toMatchObject({ code: 0, stdout: help, stderr: '' });
    expect(await cli.json([])).toEqual({ help: help.trimEnd() });
    expect(existsSync(cli.dataDir)).toBe(false);
    expect(await cli.run(['--nope'])).toMatchObject({
      code: 2,
      stderr: "gardener: unknown option '--nope'\ntry: gardener --help\n",
    });
  });
});

test('what trains, waits and has failed is told with what to do', async () => {
  const { home, registry, env, seen } = await served();
  for (const name of ['web', 'huge', 'engine', 'mono', 'lora']) {
    await mkdir(join(home, 'src', name), { recursive: true });
    await registry.call('projects.register', { name, source_path: join(home, 'src', name) });
  }
  const { token } = await registry.call('training.begin', { project: 'huge', holder: { name: 'python3' } });
  await registry.call('training.progress', { project: 'huge', token, progress: 0.5, message: 'epoch 4' });
  const failing = await registry.call('training.begin', { project: 'engine' });
  const error = 'exit code 1\nCUDA out of memory';
  await registry.call('training.fail', { project: 'engine', token: failing['token'], error });
  await registry.call('projects.retrain', { project: 'mono', reason: 'new base model' });
  await registry.call('projects.set_status', { project: 'lora', status: 'completed' });
  env['CODEBASE_GARDENER_PROJECT'] = 'huge';
  const { lines } = await seen('status');
  expect(lines.map((line) => line.replace(` --data-dir ${home}`, ''))).toEqual([
    'here      huge  (named by CODEBASE_GARDENER_PROJECT)      active  web',
    'training  huge    ██████░░░░░░ 50%  epoch 4  0 s  python3',
    'waiting   2       mono (new base model), web',
    '          gardener train --claim -- <command>',
    expect.stringMatching(/^failed {4}engine {2}just now {2}CUDA out of memory/),
    expect.stringMatching(/gardener logs engine$/),
    'trained   1 of 5, newest lora just now',
    expect.stringMatching(/^file +~\/registry.json$/),
    'daemon    running, no problems    gardener --help for all commands',
  ]);
});

test('a codebase that has moved is offered where it lies, and status --json names all that is shown', async (context) => {
  requireTools(context, 'git');
  const { home, registry, env, seen } = await served();
  const code = await repository(home, 'src/fastidx');
  const found = await repositoryAt(code.root, code.env);
  const params = { name: 'fastidx', source_path: code.root, repository: found };
  await registry.call('projects.register', params);
  await rename(code.root, join(home, 'src/other'));
  // A repository of its own around the working directory.
  await mkdir(join(home, '.git'));
  const { run } = terminal({ home });
  const { stdout } = await run(['status', '--json']);
  const document = JSON.parse(stdout) as Record<string, unknown>;
  const project = await registry.call('projects.get', { project: 'fastidx' });
  expect(document).toEqual({
    daemon: expect.objectContaining({ data_dir: home }) as object,
    registry: expect.objectContaining({ project_count: 1 }) as object,
    active_project: project,
    here: { project, resolved_by: 'active', unregistered: home, problem: null, remedy: null },
    training: [],
    waiting: [project],
    failed: [],
    stale: [],
    gone: [{ project, moved_to: join(home, 'src/other') }],
    silent: false,
  });
  const { lines } = await seen('status');
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^here {6}not registered {2}\(fastidx is meant\)/),
      expect.stringMatching(
        /^moved\? {4}fastidx {2}~\/src\/fastidx is gone; ~\/src\/other has the same history/,
      ),
      expect.stringMatching(/mv fastidx ~\/src\/other$/),
    ]),
  );
  env['CODEBASE_GARDENER_PROJECT'] = 'nope';
  const unset = expect.stringMatching(/^ +gardener .*ls, or unset CODEBASE_GARDENER_PROJECT$/) as string;
  const unknown = (await seen('status')).lines;
  expect(unknown[0]).toMatch(/^here {6}.*nope/);
  expect(unknown).toContainEqual(unset);
  env['CODEBASE_GARDENER_PROJECT'] = 'x'.repeat(5_000);
  const long = (await seen('status')).lines;
  expect(long[0]).toMatch(/^here {6}cannot use CODEBASE_GARDENER_PROJECT: it is 5000 bytes long/);
  expect(long).toContainEqual(unset);
});
