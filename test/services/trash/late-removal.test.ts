/** A disk that does what was asked of it when nobody waits for it any more. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolvePaths } from '../../../src/paths.ts';
import { Lane, NoAnswerError } from '../../../src/services/lane.ts';
import { Trash } from '../../../src/services/trash/trash.ts';
import { capturedLog } from '../../support/daemon.ts';
import { idOf, openStore } from '../../support/store.ts';
import { thrownAway } from '../../support/trash.ts';
import { until } from '../../support/until.ts';

/** Answers the first question that has a limit of time too late, which is the move; nothing else that is asked here has one. */
class SlowLane extends Lane {
  readonly #when: 'before' | 'after';
  #isAsked = false;
  /** What comes of that question. */
  outcome: Promise<unknown> = Promise.resolve();
  /** What happens before anybody hears of it. */
  meanwhile: () => void = () => undefined;

  /** @param when the caller gives up: before anything is done, or when all of it is and nobody has heard of it */
  constructor(when: 'before' | 'after') {
    super();
    this.#when = when;
  }

  override async ask<T>(question: () => Promise<T>, within?: number): Promise<T> {
    if (within === undefined || this.#isAsked) return await super.ask(question, within);
    this.#isAsked = true;
    const answer = question();
    this.outcome = answer.catch((error: unknown) => error);
    if (this.#when === 'after') await answer;
    this.meanwhile();
    throw new NoAnswerError(true);
  }
}

async function removal(when: 'before' | 'after') {
  const one = await openStore();
  const paths = resolvePaths({ dataDir: one.home }, {});
  const name = idOf('a');
  await mkdir(join(paths.projectsDir, name), { recursive: true });
  await writeFile(join(paths.projectsDir, name, 'adapter'), 'weights');
  const lane = new SlowLane(when);
  const trash = new Trash({ paths, store: one.store, lane, log: capturedLog().log });
  const inProjects = () => readdir(join(paths.projectsDir, name)).catch(() => []);
  const inTrash = () => thrownAway(paths.trashDir);
  return { ...one, lane, trash, name, inProjects, inTrash };
}

const SILENT = { place: null, left: { reason: 'its disk does not answer' } };

test('what is not moved in time is not moved later', async () => {
  const { lane, trash, name, inProjects, inTrash } = await removal('before');
  expect(await trash.discard(name)).toMatchObject(SILENT);
  await lane.outcome;
  expect(await inProjects()).toEqual(['adapter']);
  expect(await trash.left()).toMatchObject([{ reason: 'its disk does not answer' }]);
  expect(await trash.discard(name)).toMatchObject({ left: null });
  expect(await inTrash()).toHaveLength(1);
});

test('what is moved too late is in the trash', async () => {
  const { trash, name, inProjects, inTrash } = await removal('after');
  expect(await trash.discard(name)).toMatchObject(SILENT);
  await until(async () => (await trash.left()).length === 0, 'it is known to be gone');
  expect(await inProjects()).toEqual([]);
  expect(await inTrash()).toHaveLength(1);
});

test('what is moved too late of a project that is back is put back', async () => {
  const { lane, trash, name, add, inProjects, inTrash } = await removal('after');
  lane.meanwhile = () => void add('a');
  expect(await trash.discard(name)).toMatchObject(SILENT);
  await until(async () => (await inProjects()).length > 0, 'it is back');
  expect(await inTrash()).toEqual([]);
});
