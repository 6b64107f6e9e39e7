/** What the doctor would do: it says what, and asks. */
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtProgram } from '../../support/cli.ts';
import { startDaemon } from '../../support/daemon.ts';
import { temporaryDirectory } from '../../support/home.ts';
import type { LineClient } from '../../support/lines.ts';
import { type Terminal, terminal } from '../../support/terminal.ts';
import { tmuxTerminal } from '../../support/tmux.ts';
import { requireTools } from '../../support/tools.ts';

interface Desk extends Terminal {
  readonly home: string;
  readonly registry: LineClient;
  /** The status of a project. */
  status(project: string): Promise<unknown>;
  /** The name of the active project. */
  active(): Promise<string | null>;
}

/** A person at a terminal, and a registry in which two projects lack their trainers, and whose active project is gone. */
async function desk(): Promise<Desk> {
  const home = await temporaryDirectory();
  const daemon = await startDaemon({ dataDir: home });
  const registry = await daemon.connect();
  for (const name of ['api', 'web', 'cli']) {
    await registry.call('projects.register', { name, source_path: await daemon.codebase(name) });
    if (name !== 'cli') await registry.call('projects.set_status', { project: name, status: 'training' });
  }
  const file = join(home, 'registry.json');
  const content = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  const nobody = '00000000-0000-4000-8000-000000000000';
  await writeFile(file, JSON.stringify({ ...content, active_project: nobody }));
  await registry.call('registry.reload');
  return {
    ...terminal({ home }),
    home,
    registry,
    async status(project) {
      return (await registry.call('projects.get', { project }))['training_status'];
    },
    async active() {
      const { active_project: active } = await registry.call('projects.active');
      return (active as unknown as { name: string } | null)?.name ?? null;
    },
  };
}

const MARK = 'mark 2 abandoned trainings as failed';
const MAKE = 'make the first project of the file the active one';

test('it lists what it is about, asks for each kind of change, and does what is agreed to', async () => {
  const { run, status, active } = await desk();
  const { stdout, stderr } = await run(['doctor', '--fix'], ['y', 'n']);
  for (const question of [MARK, MAKE]) expect(stderr).toContain(`${question}? [y/N] `);
  expect(stderr).toContain('"api" is marked as training and nobody trains it\n"web" is marked');
  expect(stdout).toContain('marked 2 abandoned trainings as failed');
  expect(stdout).toContain(`${MAKE}: not done without`);
  expect([await status('api'), await status('web'), await active()]).toEqual(['failed', 'failed', null]);
});

test('it waits at a terminal for the answer to a question that follows another at once', async (context) => {
  requireTools(context, 'tmux');
  const { env, home, status, active } = await desk();
  const words = `"${process.execPath}" "${builtProgram('gardener.js')}" doctor --fix --data-dir "${home}" --no-start`;
  const { shows, type } = await tmuxTerminal(words, { columns: 200, rows: 50, env });
  await shows(`${MARK}? [y/N]`);
  await type('n', 'Enter');
  await shows(`${MAKE}? [y/N]`);
  await type('y', 'Enter');
  await shows('ended with 0');
  expect([await status('api'), await active()]).toEqual(['training', 'api']);
});

test('another active project is a change of the registry, too', async () => {
  const { run, status, active } = await desk();
  await run(['doctor', '--fix'], ['n', 'y']);
  expect([await status('api'), await active()]).toEqual(['training', 'api']);
});

test('what changes nothing in the registry is listed and asked for, too, all together', async () => {
  const { run, home, registry } = await desk();
  const open = [join(home, 'run'), join(home, 'registry.json')];
  for (const path of open) await chmod(path, 0o755);
  for (const name of ['api', 'web'])
    await rm(
      join(home, 'projects', String((await registry.call('projects.get', { project: name }))['project_id'])),
      {
        recursive: true,
      },
    );
  const modes = () => Promise.all(open.map(async (path) => (await stat(path)).mode & 0o777));
  const declined = await run(['doctor', '--fix'], ['n']);
  expect(declined.stderr).toContain(
    'chmod 600 ~/registry.json\nchmod 700 ~/run\ndo these 2 things? [y/N] make the directories of 2 projects? [y/N] ',
  );
  expect(declined.stdout).toContain('chmod 700 ~/run: not done without your consent');
  expect(await modes()).toEqual([0o755, 0o755]);
  expect(await readdir(join(home, 'projects'))).toHaveLength(1);
  const { stdout } = await run(['doctor', '--fix'], ['y', 'y']);
  expect(stdout).toContain('made the directories of 2 projects');
  expect(await modes()).toEqual([0o700, 0o600]);
  expect(await readdir(join(home, 'projects'))).toHaveLength(3);
});

test('the end of the input is no', async () => {
  const { run, status } = await desk();
  const { stdout } = await run(['doctor', '--fix']);
  expect(stdout).toContain('not done without your consent');
  expect(stdout).not.toContain('marked 2');
  expect(await status('api')).toBe('training');
});

test('--yes answers', async () => {
  const { run, status, active } = await desk();
  const { stdout, stderr } = await run(['doctor', '--fix', '--yes']);
  expect(stderr).not.toContain('[y/N]');
  expect(stdout).toContain('marked 2 abandoned trainings as failed');
  expect([await status('api'), await active()]).toEqual(['failed', 'api']);
  expect(await run(['doctor', '--yes'])).toMatchObject({ code: 2, stdout: '' });
});

test('of many only some are listed', async () => {
  const { run, registry, home } = await desk();
  for (let n = 0; n < 12; n += 1) {
    await registry.call('projects.register', { name: `p${n}`, source_path: home });
    await registry.call('projects.set_status', { project: `p${n}`, status: 'training' });
  }
  const { stderr } = await run(['doctor', '--fix']);
  expect(stderr).toContain('and 4 more\nmark 14 abandoned trainings as failed? [y/N] ');
});
