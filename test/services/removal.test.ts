/** What happens to a project's own directory when the project goes. */
import { chmod, mkdir, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Issue } from '../../src/domain/issues.ts';
import { repair } from '../../src/services/repair.ts';
import { createLanes } from '../../src/services/lane.ts';
import { Trash } from '../../src/services/trash/trash.ts';
import { capturedLog, type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/home.ts';
import type { LineClient } from '../support/lines.ts';
import { asOrdinaryUser, openStore } from '../support/store.ts';
import { makeOlder, thrownAway } from '../support/trash.ts';
import { until } from '../support/until.ts';

let running: RunningDaemon;
let peer: LineClient;
let id: string;
let own: string;

beforeEach(async () => {
  running = await startDaemon();
  peer = await running.connect();
  ({ id, own } = await trained('a'));
});

/** Registers a project that has something in its directory. */
async function trained(name: string): Promise<{ id: string; own: string }> {
  const source_path = await running.codebase(name);
  const project = await peer.call('projects.register', { name, source_path });
  const made = { id: String(project['project_id']), own: String(project['vector_store_path']).slice(0, -13) };
  await writeFile(join(made.own, 'lora_adapter.bin'), 'weights');
  return made;
}

async function issues(): Promise<Issue[]> {
  return ((await peer.call('registry.validate')) as unknown as { issues: Issue[] }).issues;
}

async function inTrash(): Promise<string[]> {
  return await thrownAway(running.paths.trashDir);
}

describe('a removed project', () => {
  test('is whole in the trash, and nowhere else', async () => {
    expect(await peer.call('projects.remove', { project: 'a' })).toEqual({
      project_id: id,
      active_project: null,
    });
    expect(await readdir(running.paths.projectsDir)).toEqual([]);
    const [name = '', ...others] = await inTrash();
    expect(others).toEqual([]);
    expect(name).toMatch(new RegExp(`^${id}-\\d{8}T\\d{6}Z-[0-9a-f]{8}$`));
    expect(await readFile(join(running.paths.trashDir, name, 'lora_adapter.bin'), 'utf8')).toBe('weights');
    expect(await issues()).toEqual([]);
  });

  test('keeps its directory where that cannot be moved away, whole, and the answer says why', async () => {
    const { dataDir, projectsDir, runDir } = running.paths;
    await chmod(projectsDir, 0o555);
    const all = [
      dataDir,
      projectsDir,
      own,
      runDir,
      join(runDir, 'owner'),
      join(dataDir, 'backups'),
      running.paths.registryFile,
    ];
    const answer = await asOrdinaryUser(
      all,
      async () => await peer.call('projects.remove', { project: 'a' }),
    );
    expect(answer).toMatchObject({ left: [{ path: own, reason: 'permission denied' }] });
    expect(await readFile(join(own, 'lora_adapter.bin'), 'utf8')).toBe('weights');
    expect(await issues()).toEqual([
      {
        code: 'left_behind',
        path: own,
        message: `${own} was removed from the registry and could not be deleted: permission denied`,
        fixable: true,
      },
    ]);
    // Nothing is in the way any more.
    await chmod(projectsDir, 0o755);
    const repaired = await asOrdinaryUser([], async () => await peer.call('registry.repair'));
    expect(repaired).toMatchObject({ fixed: [{ code: 'left_behind' }], remaining: [] });
    expect(await readdir(projectsDir)).toEqual([]);
  });

  test('takes its directory although its user may not write into it', async () => {
    await chmod(own, 0o555);
    const { dataDir, projectsDir, runDir, backupsDir, registryFile } = running.paths;
    const all = [dataDir, projectsDir, own, runDir, join(runDir, 'owner'), backupsDir, registryFile];
    const answer = await asOrdinaryUser(
      all,
      async () => await peer.call('projects.remove', { project: 'a' }),
    );
    expect(answer).not.toHaveProperty('left');
    expect(await readdir(projectsDir)).toEqual([]);
    expect(await inTrash()).toHaveLength(1);
  });

  test('keeps what is behind a link, of projects/ or of its directory, and the answer says so', async () => {
    const elsewhere = join(await temporaryDirectory(), 'elsewhere');
    await rename(running.paths.projectsDir, elsewhere);
    await symlink(elsewhere, running.paths.projectsDir);
    expect(await peer.call('projects.remove', { project: 'a' })).toMatchObject({
      left: [
        { path: own, reason: `${running.paths.projectsDir} is a link, and nothing is deleted through one` },
      ],
    });
    expect(await readFile(join(elsewhere, id, 'lora_adapter.bin'), 'utf8')).toBe('weights');
    expect(await issues()).toMatchObject([
      { code: 'left_behind', fixable: false, remedy: `delete it yourself: rm -r ${own}` },
    ]);

    await rm(running.paths.projectsDir);
    await mkdir(running.paths.projectsDir);
    const other = await trained('b');
    await rm(other.own, { recursive: true });
    await symlink(elsewhere, other.own);
    expect(await peer.call('projects.remove', { project: 'b' })).toMatchObject({
      left: [{ path: elsewhere, reason: 'a link led there, and nothing is deleted through one' }],
    });
    expect(await readdir(running.paths.projectsDir)).toEqual([]);
    expect(await readdir(elsewhere)).toEqual([id]);
  });

  test('leaves what lies outside of its directory, also behind a link in it, and the answer says so', async () => {
    const elsewhere = await realpath(await temporaryDirectory());
    const [adapter, vectors] = [join(elsewhere, 'adapter'), join(elsewhere, 'vectors')];
    await writeFile(adapter, 'weights');
    await writeFile(vectors, 'vectors');
    await symlink(vectors, join(own, 'vector_store'));
    const context_path = join(elsewhere, 'never-written.json');
    await peer.call('projects.update', { project: id, lora_adapter_path: adapter, context_path });
    expect(await peer.call('projects.remove', { project: id })).toEqual({
      project_id: id,
      active_project: null,
      kept: [
        { path: adapter, reason: "it lies outside of the project's own directory" },
        { path: vectors, reason: 'a link led there, and nothing is deleted through one' },
      ],
    });
    expect(await readFile(adapter, 'utf8')).toBe('weights');
    expect(await readFile(vectors, 'utf8')).toBe('vectors');
    expect(await issues()).toEqual([]);
  });

  test('is moved away whole, however many files it has, before it is answered', async () => {
    for (let n = 0; n < 500; n += 1) await writeFile(join(own, `f${n}`), '');
    await peer.call('projects.remove', { project: 'a' });
    const [name = ''] = await inTrash();
    expect(await readdir(join(running.paths.trashDir, name))).toHaveLength(501);
  });
});

test('what has been kept for long enough is deleted, whoever it was that kept it, and changes go on meanwhile', async () => {
  const many = 15_000;
  for (let at = 0; at < many; at += 500)
    await Promise.all(Array.from({ length: 500 }, (_, n) => writeFile(join(own, `f${at + n}`), '')));
  await trained('b');
  await peer.call('projects.remove', { project: 'a' });
  await running.daemon.stop('test');
  await makeOlder(running.paths.trashDir);
  running = await startDaemon({ dataDir: running.paths.dataDir });
  peer = await running.connect();
  await until(
    async () => (await inTrash()).some((name) => name.endsWith('.deleting')),
    'it is being deleted',
  );
  for (let count = 0; count < 5; count += 1)
    await peer.call('projects.update', { project: 'b', file_count: count });
  expect(await readdir(join(running.paths.trashDir, String((await inTrash())[0])))).not.toEqual([]);
  await until(async () => (await inTrash()).length === 0, 'all of them are gone');
  await until(async () => (await readdir(running.paths.trashDir)).length === 0, 'nothing is noted of them');
});

test('what a killed daemon has not deleted the next one does, and it touches nothing else', async () => {
  const { daemon, paths } = running;
  await daemon.stop('test');
  // Earlier versions gave no time, and were about to delete it.
  const [doomed, earlier] = [`${id}-20260102T030405Z-0a1b2c3d.deleting`, `${id}-0a1b2c3d`];
  for (const name of [doomed, earlier, 'mine.deleting'])
    await mkdir(join(paths.trashDir, name, 'v'), { recursive: true });
  await startDaemon({ dataDir: paths.dataDir });
  await until(async () => !(await readdir(paths.trashDir)).includes(doomed), 'it is deleted');
  expect((await readdir(paths.trashDir)).toSorted()).toEqual(
    [earlier, 'ages.json', 'mine.deleting'].toSorted(),
  );
});

test('what could not be removed is known to the next daemon, too', async () => {
  const elsewhere = join(await temporaryDirectory(), 'elsewhere');
  await rename(running.paths.projectsDir, elsewhere);
  await symlink(elsewhere, running.paths.projectsDir);
  await peer.call('projects.remove', { project: 'a' });
  await running.daemon.stop('test');
  running = await startDaemon({ dataDir: running.paths.dataDir });
  peer = await running.connect();
  expect(await issues()).toMatchObject([{ code: 'left_behind', path: own }]);
  await rm(elsewhere, { recursive: true });
  await rm(running.paths.projectsDir);
  expect(await issues()).toEqual([]);
  expect(await inTrash()).toEqual([]);
});

test('an orphan that gets its project back after it was found is not deleted', async () => {
  const { store, home, log, add } = await openStore();
  expect(log).toEqual([]);
  const paths = { projectsDir: join(home, 'projects'), trashDir: join(home, 'trash') };
  const { project_id } = await add('a');
  const adapter = join(paths.projectsDir, project_id, 'lora_adapter.bin');
  await mkdir(join(paths.projectsDir, project_id), { recursive: true });
  await writeFile(adapter, 'weights');
  await writeFile(join(home, 'registry.json'), '{"version":"1.2","active_project":null,"projects":{}}');
  await store.look();
  const [backup] = (await store.backups.list()).map(({ name }) => name);
  const lanes = createLanes();
  const trash = new Trash({ paths, store, lane: lanes.projects, log: capturedLog().log });
  const discarded: string[] = [];
  const held = {
    left: () => trash.left(),
    tryAgain: (path: string) => trash.tryAgain(path),
    async discard(name: string) {
      discarded.push(name);
      // The restore comes between the look and the deletion.
      await store.restore(String(backup));
      return await trash.discard(name);
    },
  };
  const surroundings = {
    paths,
    lanes,
    trash: held,
    isTraining: () => false,
    hadAdapter: () => Promise.resolve(true),
    log: capturedLog().log,
  };
  const { fixed } = await repair(store, surroundings, ['orphan_dir']);
  expect(discarded).toEqual([project_id]);
  expect(store.registry.get(project_id)?.name).toBe('a');
  expect(await readFile(adapter, 'utf8')).toBe('weights');
  expect(fixed).toMatchObject([{ code: 'orphan_dir' }]);
});
