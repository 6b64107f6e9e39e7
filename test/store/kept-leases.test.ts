/** What a live lease needs is added to an edited file: once, and never over what somebody writes meanwhile. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Project } from '../../src/domain/project.ts';
import * as training from '../../src/domain/training/training.ts';
import { repair } from '../../src/services/repair.ts';
import { createLanes } from '../../src/services/lane.ts';
import { capturedLog } from '../support/daemon.ts';
import { fileWith, idOf, openStore, type OpenStore } from '../support/store.ts';

const ID = idOf('one');
const HOLDER = { name: 'lora' };

/** Registers a project and begins to train it. */
async function begin({ store, add }: OpenStore): Promise<void> {
  await add('one');
  await store.change((draft, now) => training.begin(draft, draft.get(ID) as Project, 7, HOLDER, now));
}

async function onDisk(file: string): Promise<Record<string, Project>> {
  return (JSON.parse(await readFile(file, 'utf8')) as { projects: Record<string, Project> }).projects;
}

const RECORD = { training_status: 'training', training: { token: 7, holder: HOLDER } };

test('an edit that comes in between is taken over, and what it leaves out as well is added', async () => {
  let edits = 0;
  const ownsRegistry = async (): Promise<boolean> => {
    // Asked for the edit, and before it is added to: then somebody saves once more.
    if (edits === 1) await writeFile(opened.file, fileWith('one', 'three'));
    if (edits > 0) edits += 1;
    return true;
  };
  const opened = await openStore({ ownsRegistry, isTraining: (id) => id === ID });
  await begin(opened);
  await writeFile(opened.file, fileWith('one', 'two'));
  edits = 0;
  const looking = opened.store.look();
  edits = 1;
  await looking;
  expect(await opened.namesOnDisk()).toEqual(['one', 'three']);
  expect((await onDisk(opened.file))[ID]).toMatchObject(RECORD);
  expect(opened.store.registry.get(ID)).toMatchObject(RECORD);
});

test('an edit that is no JSON is not written over, and the next good one is added to', async () => {
  const opened = await openStore({ isTraining: (id) => id === ID });
  await begin(opened);
  await writeFile(opened.file, '{ "projects": ');
  await opened.store.look();
  expect(await readFile(opened.file, 'utf8')).toBe('{ "projects": ');
  await writeFile(opened.file, fileWith('one'));
  await opened.store.look();
  expect((await onDisk(opened.file))[ID]).toMatchObject(RECORD);
});

test('a change that finds the edit adds it with what it writes itself', async () => {
  const opened = await openStore({ isTraining: (id) => id === ID });
  await begin(opened);
  const writes = opened.store.batches.count;
  await writeFile(opened.file, fileWith('one'));
  await opened.add('two');
  expect((await onDisk(opened.file))[ID]).toMatchObject(RECORD);
  expect(opened.store.batches.count).toBe(writes + 1);
  // And so does one that changes nothing.
  await writeFile(opened.file, fileWith('one', 'two'));
  await opened.store.change((draft) => draft.size);
  expect((await onDisk(opened.file))[ID]).toMatchObject(RECORD);
});

test('a process that was replaced adds nothing', async () => {
  let ours = true;
  const opened = await openStore({ ownsRegistry: async () => ours, isTraining: (id) => id === ID });
  await begin(opened);
  ours = false;
  await writeFile(opened.file, fileWith('one'));
  await expect(opened.store.look()).rejects.toMatchObject({ kind: 'shutting_down' });
  expect(await readFile(opened.file, 'utf8')).toBe(fileWith('one'));
});

test('a file of version 1.0 goes to the backups before it is added to', async () => {
  const opened = await openStore({ isTraining: (id) => id === ID });
  await begin(opened);
  const old = fileWith('one').replace('"1.2"', '"1.0"');
  await writeFile(opened.file, old);
  await opened.store.look();
  expect((await onDisk(opened.file))[ID]).toMatchObject(RECORD);
  const kept = (await readdir(opened.backups)).find((name) => name.endsWith('-migration.json'));
  expect(await readFile(`${opened.backups}/${kept}`, 'utf8')).toBe(old);
});

test('a training that begins while a repair looks for those without a trainer is left alone', async () => {
  const { store, add, home } = await openStore();
  await add('one');
  let asked = 0;
  // Nobody trains it at the look; somebody does when the change is made.
  const isTraining = (): boolean => (asked += 1) > 1;
  await store.change((draft, now) => training.begin(draft, draft.get(ID) as Project, 7, HOLDER, now));
  const surroundings = {
    paths: { projectsDir: `${home}/projects` },
    lanes: createLanes(),
    trash: {
      discard: () => Promise.resolve({ place: null, left: null }),
      left: () => Promise.resolve([]),
      tryAgain: () => Promise.resolve(),
    },
    isTraining,
    hadAdapter: () => Promise.resolve(true),
    log: capturedLog().log,
  };
  await repair(store, surroundings, ['training_stale']);
  expect(store.registry.get(ID)).toMatchObject(RECORD);
});
