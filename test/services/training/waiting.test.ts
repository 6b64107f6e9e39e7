/** Those who wait for something to train: what a change costs with a thousand of them, and who gets what. */
import { describe, expect, test } from 'vitest';
import type { Filter } from '../../../src/domain/training/waiting.ts';
import type { Project } from '../../../src/domain/project.ts';
import { WaitingTrainers } from '../../../src/services/training/waiting.ts';
import { Turns } from '../../../src/system/turns.ts';
import { project } from '../../support/projects.ts';
import { until } from '../../support/until.ts';
import { world } from '../../support/world.ts';

/** Trainers that wait, and what waits for them; each takes the first that fits, as a change of the registry would. */
function scene() {
  const state = { free: [] as Project[], looks: 0, failures: [] as unknown[] };
  const look = (): Project[] => {
    state.looks += 1;
    return state.free;
  };
  const trainers = new WaitingTrainers<string>(look, new Turns(), (error) => state.failures.push(error));
  const wait = (filter: Filter = {}, ms = 60_000, isNeeded = () => true): Promise<string | null> =>
    trainers.wait({
      filter,
      ms,
      isNeeded,
      attempt: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        const found = state.free.find(({ language }) => filter.languages?.includes(language) ?? true);
        state.free = state.free.filter((other) => other !== found);
        return found?.name ?? null;
      },
    });
  const put = (...projects: Project[]): void => {
    state.free = [...state.free, ...projects];
    trainers.changed();
  };
  return { state, trainers, wait, put };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a thousand trainers that wait', () => {
  test('have it looked up once for all of them what there is, whenever something has changed', async () => {
    const { state, trainers, wait } = scene();
    const waits = Array.from({ length: 1_000 }, (_, n) => wait({ languages: [`l${n % 7}`] }));
    await turn();
    await turn();
    expect(state.looks).toBe(1);
    for (let round = 2; round <= 4; round += 1) {
      trainers.changed();
      trainers.changed();
      await turn();
      await turn();
      expect(state.looks).toBe(round);
    }
    trainers.close();
    const ends = await Promise.allSettled(waits);
    expect(new Set(ends.map((end) => (end.status === 'rejected' ? String(end.reason) : 'begun')))).toEqual(
      new Set([expect.stringContaining('shutting down')]),
    );
  });

  test('are served in the order in which they came, each with what it can train', async () => {
    const { wait, put, state } = scene();
    const got: string[] = [];
    const claim = (who: string, languages?: string[]): Promise<unknown> =>
      wait({ languages }).then((name) => got.push(`${who}: ${name}`));
    const all = [claim('1', ['rust']), claim('2'), claim('3', ['rust']), claim('4')];
    await turn();
    put(project(1, { language: 'go' }));
    await until(() => got.length === 1, 'the first that can has it');
    put(project(2, { language: 'rust' }));
    await until(() => got.length === 2, 'the first has one');
    put(project(3, { language: 'rust' }), project(4, { language: 'go' }));
    await Promise.all(all);
    expect(got.slice(0, 2)).toEqual(['2: p1', '1: p2']);
    expect(got.slice(2).toSorted()).toEqual(['3: p3', '4: p4']);
    expect(state.failures).toEqual([]);
  });

  test('end when their time is up, and when nobody needs them any more', async () => {
    const { wait, trainers } = scene();
    expect(await wait({}, 10)).toBeNull();
    let isNeeded = true;
    const gone = wait({}, 60_000, () => isNeeded);
    isNeeded = false;
    trainers.changed();
    expect(await gone).toBeNull();
  });
});

test('claims of many connections are served first come, first served', async () => {
  const { connect, add } = await world([]);
  const got: number[] = [];
  const waits: Promise<unknown>[] = [];
  for (let n = 0; n < 5; n += 1) {
    const peer = await connect();
    waits.push(peer.call('training.claim', { wait_ms: 60_000 }).then(() => got.push(n)));
    // So that the next one comes after this one.
    await peer.call('daemon.ping');
  }
  for (let n = 0; n < 5; n += 1) {
    await add(`p${n}`);
    await until(() => got.length === n + 1, 'somebody has it');
  }
  await Promise.all(waits);
  expect(got).toEqual([0, 1, 2, 3, 4]);
});
