/**
 * The daemon is killed at every system call on files that completing a training makes, or taking an earlier one back.
 * What is in service afterwards, status, paths and files, is what was there before or what was to come, never some of
 * each.
 */
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test, type TestContext } from 'vitest';
import { ifMissing } from '../../src/system/errors.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { Counted } from './support/counted.ts';
import { fileThreads, ONE_THREAD, traced } from './support/strace.ts';

const FIELDS = ['lora_adapter_path', 'vector_store_path', 'context_path'] as const;
const PROJECT = { project: 'one' };

interface Output extends Record<(typeof FIELDS)[number], string> {
  readonly directory: string;
}

/** A call to strike at: the nth of its name, in the thread of the event loop or in the one for files. */
interface Place {
  readonly thread: 0 | 1;
  readonly name: string;
  readonly nth: number;
}

let one: Counted;

beforeEach(async (context: TestContext) => {
  requireTools(context, 'strace');
  one = await Counted.start(await temporaryDirectory(), { env: ONE_THREAD });
});

/** Begins a training and puts results into its output that say which training they are of. */
async function made(): Promise<number> {
  const { token, output } = (await one.client.call('training.begin', PROJECT)) as unknown as {
    token: number;
    output: Output;
  };
  await writeFile(output.lora_adapter_path, String(token));
  await writeFile(output.context_path, String(token));
  await mkdir(output.vector_store_path);
  await writeFile(join(output.vector_store_path, 'index'), String(token));
  for (const path of [output.lora_adapter_path, output.context_path, output.directory]) {
    const handle = await open(path);
    await handle.sync();
    await handle.close();
  }
  return token;
}

/** Of which training each result is that is in service; @throws where one of them is not there */
async function inService(when: string): Promise<{ readonly token: number; readonly status: unknown }> {
  const project = await one.client.call('projects.get', PROJECT);
  const tokens = await Promise.all(
    FIELDS.map((field) => {
      const path = String(project[field]);
      return readFile(field === 'vector_store_path' ? join(path, 'index') : path, 'utf8');
    }),
  );
  expect(new Set(tokens).size, `${when}: ${tokens.join()}`).toBe(1);
  return { token: Number(tokens[0]), status: project['training_status'] };
}

/** Has what was under way when the daemon was killed end, so that the next training can begin. */
async function settle(token: number): Promise<void> {
  const held = await one.client.ask('training.resume', { ...PROJECT, token });
  if (!held.error) await one.client.call('training.release', { ...PROJECT, token });
}

/** Every place of a step, found by watching one. */
async function placesOf(step: () => Promise<unknown>): Promise<Place[]> {
  const places: Place[] = [];
  for (const thread of [0, 1] as const) {
    const { calls } = await traced((await fileThreads(one.daemon.pid))[thread], {}, step);
    const seen = new Map<string, number>();
    for (const { name, path } of calls) {
      // To be killed at what only looks is to be killed at the next that does something.
      if (path === null || !/^(openat|p?write|fsync|rename|mkdir|unlink)/.test(name)) continue;
      const nth = (seen.get(name) ?? 0) + 1;
      seen.set(name, nth);
      places.push({ thread, name, nth });
    }
  }
  return places;
}

/** Whether the daemon was killed there. */
async function killedAt({ thread, name, nth }: Place, step: () => Promise<unknown>): Promise<boolean> {
  const threads = await fileThreads(one.daemon.pid);
  const inject = `${name}:signal=KILL:when=${nth}`;
  const { result } = await traced(threads[thread], { inject }, () =>
    step().then(
      () => false,
      () => true,
    ),
  );
  if (result) await one.restart();
  return result;
}

test('a lease begins at the price of one change and one directory', { timeout: 60_000 }, async () => {
  let token = await made();
  const { project_id: id } = await one.client.call('projects.get', PROJECT);
  const history = join(one.daemon.paths.projectsDir, String(id), 'trainings', 'history.json');
  const begin = async (): Promise<void> => {
    ({ token } = (await one.client.call('training.begin', PROJECT)) as unknown as { token: number });
  };
  const price = async (before: () => Promise<void>, step: () => Promise<unknown>) => {
    const seen = { rename: 0, mkdir: 0, sync: 0 };
    for (const thread of [0, 1] as const) {
      await before();
      const { calls } = await traced((await fileThreads(one.daemon.pid))[thread], {}, step);
      for (const { name } of calls) {
        if (name.startsWith('rename')) seen.rename += 1;
        if (name.startsWith('mkdir')) seen.mkdir += 1;
        if (name === 'fsync' || name === 'fdatasync') seen.sync += 1;
      }
    }
    return seen;
  };
  // What is written after the end of a training is no part of what comes next.
  const over = async (): Promise<void> => {
    await settle(token);
    const kept = (): Promise<string> => readFile(history, 'utf8').catch(ifMissing(''));
    await until(async () => (await kept()).includes(String(token)), 'the history is written');
  };
  // Any other change of a lease, which is written down as durably.
  const cancel = await price(
    async () => {
      await over();
      await begin();
    },
    () => one.client.call('training.cancel', PROJECT),
  );
  const beginning = await price(over, begin);
  expect(beginning).toEqual({ ...cancel, mkdir: cancel.mkdir + 1 });
});

test(
  'a training that completes is in service as a whole or not at all, wherever the daemon is killed',
  { timeout: 280_000 },
  async () => {
    const complete = async (token: number): Promise<void> => {
      await one.client.call('training.complete', { ...PROJECT, token });
      // What follows the answer is over when this is answered.
      await one.client.call('training.history', PROJECT);
    };
    await complete(await made());
    const places = await placesOf(async () => await complete(await made()));
    const found = new Set<string>();
    for (const place of places) {
      const when = `killed at ${place.name} number ${place.nth} of thread ${place.thread}`;
      const before = await inService(when);
      const token = await made();
      if (!(await killedAt(place, () => complete(token)))) continue;
      const now = await inService(when);
      expect([before.token, token], when).toContain(now.token);
      expect(now.status, when).toBe(now.token === token ? 'completed' : 'training');
      found.add(now.token === token ? 'new' : 'old');
      const { trainings } = (await one.client.call('training.history', PROJECT)) as unknown as {
        trainings: { token: number; status: string }[];
      };
      const told = trainings.filter((one) => one.token === token).map(({ status }) => status);
      expect(told, when).toEqual(now.token === token ? ['completed'] : []);
      await settle(token);
    }
    expect(found).toEqual(new Set(['old', 'new']));
  },
);

test(
  'an earlier training is back in service as a whole or not at all, wherever the daemon is killed',
  { timeout: 280_000 },
  async () => {
    const tokens = [await made()];
    await one.client.call('training.complete', { ...PROJECT, token: tokens[0] });
    tokens.push(await made());
    await one.client.call('training.complete', { ...PROJECT, token: tokens[1] });
    const promote = async (token: number | undefined): Promise<void> => {
      await one.client.call('training.promote', { ...PROJECT, token });
      await one.client.call('training.history', PROJECT);
    };
    const other = async (): Promise<number | undefined> => {
      const { token } = await inService('between');
      return tokens.find((each) => each !== token);
    };
    const places = await placesOf(async () => await promote(await other()));
    const found = new Set<string>();
    for (const place of places) {
      const when = `killed at ${place.name} number ${place.nth} of thread ${place.thread}`;
      const [before, wanted] = [await inService(when), await other()];
      if (!(await killedAt(place, () => promote(wanted)))) continue;
      const now = await inService(when);
      expect([before.token, wanted], when).toContain(now.token);
      expect(now.status, when).toBe('completed');
      found.add(now.token === wanted ? 'new' : 'old');
    }
    expect(found).toEqual(new Set(['old', 'new']));
  },
);
