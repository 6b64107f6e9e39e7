/** `projects/` is a disk of its own that is not mounted: everything in it seems to be gone. */
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Issue } from '../../src/domain/issues.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';

/** Projects that are trained, whose directories are out of sight then; gives the ids. */
async function trained(running: RunningDaemon, ...names: string[]): Promise<string[]> {
  const peer = await running.connect();
  const ids: string[] = [];
  for (const name of names) {
    const source_path = await running.codebase(name);
    const { project_id } = await peer.call('projects.register', { name, source_path });
    ids.push(String(project_id));
    const { token } = await peer.call('training.begin', { project: name });
    const lora_adapter_path = join(running.paths.projectsDir, String(project_id), 'lora_adapter.bin');
    await peer.call('training.complete', { project: name, token, lora_adapter_path });
  }
  await rename(running.paths.projectsDir, `${running.paths.projectsDir}.away`);
  await mkdir(running.paths.projectsDir);
  return ids;
}

/** Whether the adapters of these projects have ever been there is not known: their trainers only said so. */
const UNKNOWN = ['a', 'b'].map((name) => ({
  code: 'adapter_missing',
  fixable: false,
  remedy: `if it should have one: gardener retrain ${name}`,
}));

test('a repair marks no project for another training, makes nothing there, and says what to look for', async () => {
  const running = await startDaemon();
  const { projectsDir } = running.paths;
  const ids = await trained(running, 'a', 'b');
  const peer = await running.connect();
  const { fixed, remaining } = (await peer.call('registry.repair')) as unknown as {
    fixed: Issue[];
    remaining: Issue[];
  };
  expect(fixed).toEqual([]);
  expect(remaining.map(({ code, fixable }) => [code, fixable])).toEqual([
    ['project_dir_missing', false],
    ['adapter_missing', false],
    ['project_dir_missing', false],
    ['adapter_missing', false],
  ]);
  expect(remaining[0]?.remedy).toContain(`see whether the disk of ${projectsDir} is mounted`);
  expect(await readdir(projectsDir)).toEqual([]);
  for (const name of ['a', 'b'])
    expect(await peer.call('projects.get', { project: name })).toMatchObject({ retrain_requested: null });
  // Whoever knows that they are gone says so by making one.
  await mkdir(join(projectsDir, ids[0] ?? ''));
  expect(await peer.call('registry.repair')).toMatchObject({ remaining: UNKNOWN });
  expect((await readdir(projectsDir)).toSorted()).toEqual(ids.toSorted());
  expect(await peer.call('projects.get', { project: 'b' })).toMatchObject({ retrain_requested: null });
});

test('one project alone is repaired as ever', async () => {
  const running = await startDaemon();
  await trained(running, 'a');
  const peer = await running.connect();
  expect(await peer.call('registry.repair')).toMatchObject({
    fixed: [{ code: 'project_dir_missing' }],
    remaining: UNKNOWN.slice(0, 1),
  });
});
