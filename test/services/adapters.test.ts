/** Trained projects without an adapter: which of them a repair marks for another training. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Output } from '../../src/domain/training/output.ts';
import { setStatus } from '../../src/domain/training/status.ts';
import { resolvePaths } from '../../src/paths.ts';
import { inspect, type Surroundings } from '../../src/services/inspection.ts';
import { createLanes } from '../../src/services/lane.ts';
import { repair } from '../../src/services/repair.ts';
import { Trash } from '../../src/services/trash/trash.ts';
import { capturedLog, startDaemon } from '../support/daemon.ts';
import { openStore } from '../support/store.ts';
import { world } from '../support/world.ts';

test('only one whose adapter is known to have been there is marked; of another a person is told', async () => {
  const { store, home, add } = await openStore();
  const paths = resolvePaths({ dataDir: home }, {});
  const [lost, never] = [await add('lost'), await add("it's")];
  for (const { project_id: id } of [lost, never]) {
    await mkdir(join(paths.projectsDir, id), { recursive: true });
    await store.change((draft, now) => setStatus(draft, id, 'completed', now, {}));
  }
  const lanes = createLanes();
  const { log } = capturedLog();
  const trash = new Trash({ paths, store, lane: lanes.projects, log });
  const surroundings: Surroundings = {
    paths,
    lanes,
    trash,
    isTraining: () => false,
    hadAdapter: ({ project_id: id }) => Promise.resolve(id === lost.project_id),
    log,
  };
  const codes = ['adapter_missing'] as const;
  expect(await inspect(store.registry, surroundings, { codes })).toMatchObject([
    { message: '"lost" is trained and its adapter is gone', fixable: true },
    {
      message: `"it's" is trained and has no adapter, nor is known to have had one`,
      fixable: false,
      remedy: String.raw`if it should have one: gardener retrain 'it'\''s'`,
    },
  ]);
  const { fixed } = await repair(store, surroundings, codes);
  expect(fixed).toMatchObject([{ project_id: lost.project_id }]);
  const marked = [...store.registry.projects()].map((project) => [
    project.name,
    project.training_status,
    project.retrain_requested?.reason ?? null,
  ]);
  expect(marked).toEqual([
    ['lost', 'not_started', 'the adapter is missing'],
    ["it's", 'completed', null],
  ]);
  trash.close();
});

test('a trainer that ends well and leaves none is not asked for another by a repair', async () => {
  const running = await startDaemon();
  const peer = await running.connect();
  await peer.call('projects.register', { name: 'a', source_path: await running.codebase('a') });
  const { token } = await peer.call('training.begin', { project: 'a' });
  await peer.call('training.complete', { project: 'a', token });
  expect(await peer.call('registry.repair')).toMatchObject({
    fixed: [],
    remaining: [{ code: 'adapter_missing', fixable: false }],
  });
  expect(await peer.call('projects.get', { project: 'a' })).toMatchObject({
    training_status: 'completed',
    retrain_requested: null,
  });
});

test('an adapter that a training has brought into service is missed, and one that none has left is not', async () => {
  const { writer } = await world(['a', 'b', 'c']);
  const train = async (name: string, write: boolean): Promise<string> => {
    const { token, output } = (await writer.call('training.begin', { project: name })) as unknown as {
      token: number;
      output: Output;
    };
    if (write) await writeFile(output.lora_adapter_path, 'good');
    await writer.call('training.complete', { project: name, token });
    return output.directory;
  };
  await rm(await train('a', true), { recursive: true });
  await train('b', false);
  // Where the adapter always was, as trainers have it that know of no output.
  const { lora_adapter_path: path } = await writer.call('projects.get', { project: 'c' });
  await writeFile(String(path), 'good');
  await train('c', false);
  await rm(String(path));
  const { issues } = await writer.call('registry.validate');
  const told = (issues as unknown as { message: string; fixable: boolean }[]).map(
    ({ message, fixable }) => `${message.slice(0, 3)} ${fixable}`,
  );
  expect(told.toSorted()).toEqual(['"a" true', '"b" false', '"c" true']);
});
