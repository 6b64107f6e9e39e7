/** What the doctor would change in the registry: it says what, and asks. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import { temporaryDirectory } from '../../support/home.ts';
import type { LineClient } from '../../support/lines.ts';
import { type Terminal, terminal } from '../../support/terminal.ts';
import { until } from '../../support/until.ts';

interface Desk extends Terminal {
  readonly home: string;
  readonly registry: LineClient;
  /** The status of a project, and whether it waits for retraining. */
  state(project: string): Promise<unknown>;
}

/** A person at a terminal, and a registry in which two projects lack their adapters, and one its trainer. */
async function desk(): Promise<Desk> {
  const home = await temporaryDirectory();
  const daemon = await startDaemon({ dataDir: home });
  const registry = await daemon.connect();
  for (const name of ['api', 'web', 'cli']) {
    await registry.call('projects.register', { name, source_path: await daemon.codebase(name) });
    const status = name === 'cli' ? 'training' : 'completed';
    await registry.call('projects.set_status', { project: name, status });
  }
  return {
    ...terminal({ home }),
    home,
    registry,
    async state(project) {
      const found = await registry.call('projects.get', { project });
      return [found['training_status'], found['retrain_requested'] !== null];
    },
  };
}

const QUESTIONS = ['mark 2 projects for retraining? [y/N] ', 'mark 1 abandoned training as failed? [y/N] '];

test('it lists what it is about, asks for each kind of change, and does what is agreed to', async () => {
  const { run, state } = await desk();
  const { stdout, stderr } = await run(['doctor', '--fix'], ['y', 'n']);
  for (const question of QUESTIONS) expect(stderr).toContain(question);
  expect(stderr).toContain('"api" is trained and its adapter is gone\n"web" is trained');
  expect(stdout).toContain('marked 2 projects for retraining');
  expect(stdout).toContain('mark 1 abandoned training as failed: not done without your consent');
  expect([await state('api'), await state('web'), await state('cli')]).toEqual([
    ['not_started', true],
    ['not_started', true],
    ['training', false],
  ]);
});

test('the end of the input is no', async () => {
  const { run, state } = await desk();
  const { stdout } = await run(['doctor', '--fix']);
  expect(stdout).toContain('not done without your consent');
  expect(stdout).not.toContain('marked 2 projects');
  expect(await state('api')).toEqual(['completed', false]);
  expect(await state('cli')).toEqual(['training', false]);
});

test('--yes answers', async () => {
  const { run, state } = await desk();
  const { stdout, stderr } = await run(['doctor', '--fix', '--yes']);
  expect(stderr).not.toContain('[y/N]');
  expect(stdout).toContain('marked 2 projects for retraining');
  expect(await state('api')).toEqual(['not_started', true]);
  expect(await state('cli')).toEqual(['failed', false]);
  expect(await run(['doctor', '--yes'])).toMatchObject({ code: 2, stdout: '' });
});

test('another active project is a change of the registry, too', async () => {
  const { run, home, registry } = await desk();
  const file = join(home, 'registry.json');
  const content = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(
    file,
    JSON.stringify({ ...content, active_project: '00000000-0000-4000-8000-000000000000' }),
  );
  await registry.call('registry.reload');
  const { stderr } = await run(['doctor', '--fix'], ['n', 'n', 'y']);
  expect(stderr).toContain('make the first project of the file the active one? [y/N] ');
  await until(
    async () => (await registry.call('projects.active'))['active_project'] !== null,
    'a project is active',
  );
});

test('of many only some are listed', async () => {
  const { run, registry, home } = await desk();
  for (let n = 0; n < 12; n += 1) {
    await registry.call('projects.register', { name: `p${n}`, source_path: home });
    await registry.call('projects.set_status', { project: `p${n}`, status: 'completed' });
  }
  const { stderr } = await run(['doctor', '--fix']);
  expect(stderr).toContain('and 4 more\nmark 14 projects for retraining? [y/N] ');
});
