/** What is done to a project in the same write as a lease on it begins: nobody has it yet, and it is taken. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Ownership } from '../../../src/claim/owner.ts';
import { Store } from '../../../src/store/store.ts';
import type { LineClient } from '../../support/lines.ts';
import { until } from '../../support/until.ts';
import { begin, get, type World, world } from '../../support/world.ts';

type Ask = (peer: LineClient) => Promise<unknown>;

const BACKUP = 'registry-20260101T000000.000Z-edit.json';
const HOLDER = { name: 'lora', pid: 7 };

afterEach(() => void vi.restoreAllMocks());

/** Has several ask, in this order, while a write is on its way, so that their changes share the next one. */
async function inOneWrite({ writer, connect }: World, asks: readonly Ask[]): Promise<unknown[]> {
  const changes = vi.spyOn(Store.prototype, 'change');
  let open: (value: null) => void = () => undefined;
  const gate = new Promise<null>((resolve) => (open = resolve));
  vi.spyOn(Ownership.prototype, 'lost').mockReturnValue(gate);
  const answers: Promise<unknown>[] = [writer.call('projects.touch', { project: 'a' })];
  await until(() => changes.mock.calls.length === 1, 'a write is on its way');
  for (const [n, ask] of asks.entries()) {
    answers.push(ask(await connect()));
    await until(() => changes.mock.calls.length === n + 2, 'the change waits for the next write');
  }
  open(null);
  const [, ...rest] = await Promise.all(answers);
  return rest;
}

async function stored(file: string): Promise<Record<string, unknown>> {
  const { projects } = JSON.parse(await readFile(file, 'utf8')) as {
    projects: Record<string, Record<string, unknown>>;
  };
  return Object.values(projects)[0] as Record<string, unknown>;
}

/** A world whose project `a` is in a backup, as trained and with another language. */
async function withBackup(): Promise<World> {
  const here = await world(['a']);
  await here.writer.call('projects.set_status', { project: 'a', status: 'completed' });
  const text = await readFile(here.paths.registryFile, 'utf8');
  await writeFile(join(here.paths.backupsDir, BACKUP), text.replace('"python"', '"rust"'));
  return here;
}

describe('a lease that begins in the same write', () => {
  const take: Ask = (peer) => peer.call('training.begin', { project: 'a', holder: HOLDER });
  const restore: Ask = (peer) => peer.call('registry.restore', { name: BACKUP, projects: ['a'] });

  test.each([
    ['before', [take, restore], 'rust', 0],
    ['after', [restore, take], 'rust', 1],
    ['between', [restore, take, restore], 'rust', 1],
  ] as const)('%s the project is brought back is not lost', async (_when, asks, language, at) => {
    const here = await withBackup();
    const { writer, connect, paths } = here;
    const { token } = (await inOneWrite(here, asks))[at] as { token: number };
    const held = { language, training_status: 'training', training: { token, holder: HOLDER } };
    expect(await get(writer, 'a')).toMatchObject(held);
    expect(await stored(paths.registryFile)).toMatchObject(held);
    const peer = await connect();
    expect((await peer.refusal('training.begin', { project: 'a' })).code).toBe(1006);
    expect(await peer.call('training.resume', { project: 'a', token })).toMatchObject({ token });
    expect(await peer.call('training.release', { project: 'a', token })).toMatchObject({
      language,
      training_status: 'completed',
    });
  });

  test('is asked to stop by a cancel that comes after it', async () => {
    const here = await withBackup();
    const cancel: Ask = (peer) => peer.call('training.cancel', { project: 'a', reason: 'urgent' });
    await inOneWrite(here, [take, cancel]);
    expect(await get(here.writer, 'a')).toMatchObject({
      training: { cancel_requested: true, cancel_reason: 'urgent' },
    });
  });
});

test('nobody is asked to stop whose lease ends in the same write', async () => {
  const here = await withBackup();
  const token = await begin(here.writer, 'a');
  await inOneWrite(here, [
    (peer) => peer.call('training.complete', { project: 'a', token }),
    (peer) => peer.call('training.cancel', { project: 'a', reason: 'urgent' }),
  ]);
  const { training } = await get(here.writer, 'a');
  expect(training).toMatchObject({ holder: null, cancel_requested: false });
  expect(training).not.toHaveProperty('cancel_reason');
});
