/**
 * The daemon is killed at each system call of a removal, and in the deletion seven days later. A directory is the project's
 * or whole in the trash, never in two places nor in parts, and what is being deleted nobody takes for whole.
 */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test, type TestContext } from 'vitest';
import { isDoomed } from '../../src/domain/values/trash-names.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { makeOlder, thrownAway } from '../support/trash.ts';
import { until } from '../support/until.ts';
import { CODEBASE, Gardenerd, greet, startGardenerd } from './support/gardenerd.ts';
import { fileThreads, ONE_THREAD, traced } from './support/strace.ts';

/** What changes something on the disk; a kill between two of them is like one at the latter. */
const CHANGES = /^(openat|rename|mkdir|unlink|rmdir|fsync|chmod|fchmod|pwrite|write|ftruncate)/;
const FILES = ['adapter', 'vectors/a', 'vectors/b'];

let daemon: Gardenerd;
let dataDir: string;

beforeEach(async (context: TestContext) => {
  requireTools(context, 'strace');
  dataDir = await temporaryDirectory();
  daemon = await startGardenerd({ dataDir, env: ONE_THREAD });
});

async function restart(): Promise<void> {
  await daemon.kill();
  daemon = await startGardenerd({ dataDir, env: ONE_THREAD });
}

/** A project with something in its directory; gives its id. */
async function trained(): Promise<string> {
  const peer = await daemon.connect();
  const { project_id } = await peer.call('projects.register', { name: 'a', source_path: CODEBASE });
  const own = join(daemon.paths.projectsDir, String(project_id));
  await mkdir(join(own, 'vectors'));
  for (const name of FILES) await writeFile(join(own, name), name);
  return String(project_id);
}

/** The places under which a directory of this id is to be found, each with what of it is there. */
async function placesOf(id: string): Promise<[string, number][]> {
  const { trashDir, projectsDir } = daemon.paths;
  const places = [join(projectsDir, id)];
  for (const name of await thrownAway(trashDir)) if (name.startsWith(id)) places.push(join(trashDir, name));
  const found: [string, number][] = [];
  for (const place of places) {
    if (!(await stat(place).catch(() => null))) continue;
    const texts = FILES.map((name) => readFile(join(place, name), 'utf8').catch(() => null));
    found.push([place, (await Promise.all(texts)).filter((text, at) => text === FILES[at]).length]);
  }
  return found;
}

/** Asks for a removal; whoever is killed meanwhile does not answer. */
async function remove(): Promise<void> {
  const peer = await daemon.connect();
  await peer.call('projects.remove', { project: 'a' }).catch(() => undefined);
}

test('killed at any call of a removal', { timeout: 400_000 }, async () => {
  const outcomes = new Set<string>();
  for (const thread of [0, 1] as const) {
    await trained();
    const threads = await fileThreads(daemon.pid);
    const { calls } = await traced(threads[thread], {}, remove);
    const names = calls.map(({ name }) => name).filter((name) => CHANGES.test(name));
    const targets = [...new Set(names)].flatMap((name) =>
      names.filter((other) => other === name).map((_, at) => `${name}:signal=KILL:when=${at + 1}`),
    );
    expect(targets.length).toBeGreaterThan(0);
    for (const inject of targets) {
      const id = await trained();
      await traced((await fileThreads(daemon.pid))[thread], { inject }, remove);
      const places = await placesOf(id);
      expect(places, inject).toEqual([[expect.any(String), FILES.length]]);
      // It may have been answered before it was killed, or not be killed at all.
      if ((await greet(daemon.paths.socket)) === null) await restart();
      const peer = await daemon.connect();
      // Answered, also by a refusal, once the next daemon has finished what the killed one had begun.
      await peer.ask('registry.undo', { dry_run: true });
      const isThere = (await peer.ask('projects.get', { project: id })).error === undefined;
      const isMoved = String(places[0]?.[0]).startsWith(daemon.paths.trashDir);
      // The project goes first.
      expect(isThere && isMoved, inject).toBe(false);
      const now = await placesOf(id);
      if (isThere || isMoved) expect(now, inject).toEqual(places);
      else expect(now, inject).toEqual([[expect.stringContaining(daemon.paths.trashDir), FILES.length]]);
      outcomes.add(`${isThere ? 'there' : 'removed'}, ${isMoved ? 'moved' : 'not moved'}`);
      if (isThere) await peer.call('projects.remove', { project: id });
    }
  }
  expect(outcomes).toEqual(new Set(['there, not moved', 'removed, not moved', 'removed, moved']));
});

test('killed in the midst of a deletion, which the next daemon ends', async () => {
  const { trashDir, projectsDir } = daemon.paths;
  const id = await trained();
  const many = 10_000;
  for (let at = 0; at < many; at += 500)
    await Promise.all(
      Array.from({ length: 500 }, (_, n) => writeFile(join(projectsDir, id, 'vectors', `f${at + n}`), '')),
    );
  await remove();
  await daemon.stop();
  await makeOlder(trashDir);
  daemon = new Gardenerd(dataDir);
  const vectors = async (): Promise<string[]> => {
    const [name = ''] = await thrownAway(trashDir);
    return await readdir(join(trashDir, name, 'vectors'));
  };
  // It gets the name of what is deleted first.
  const isDeleted = async (): Promise<boolean> =>
    (await thrownAway(trashDir)).every(isDoomed) && (await vectors()).length < many;
  await until(isDeleted, 'it is being deleted');
  await daemon.kill();
  expect(await thrownAway(trashDir)).toEqual([expect.stringMatching(/-[0-9a-f]{8}\.deleting$/)]);
  expect(await vectors()).not.toEqual([]);
  daemon = await startGardenerd({ dataDir });
  await until(async () => (await thrownAway(trashDir)).length === 0, 'the next one has deleted it');
});
