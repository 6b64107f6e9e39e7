/** What a daemon of before there was a history has left is in the history as one training, and stays that one. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Output } from '../../src/domain/training/output.ts';
import { get, type World, world } from '../support/world.ts';

interface Begun {
  readonly token: number;
  readonly output: Output;
}

async function begin({ writer }: World): Promise<Begun> {
  return (await writer.call('training.begin', { project: 'a' })) as unknown as Begun;
}

async function complete({ writer }: World, token: number): Promise<void> {
  await writer.call('training.complete', { project: 'a', token });
}

async function historyOf({ writer }: World): Promise<{ token: number }[]> {
  return (await writer.call('training.history', { project: 'a' }))['trainings'] as unknown as {
    token: number;
  }[];
}

/** The file of the history, once it has a training. */
async function untilWritten(here: World): Promise<string> {
  const { project_id: id } = await get(here.writer, 'a');
  const file = join(here.paths.projectsDir, String(id), 'trainings', 'history.json');
  await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain('"token"');
  return file;
}

/** Trains in place, as such a daemon would have left it; gives the token. */
async function earlier(): Promise<{ here: World; token: number }> {
  const here = await world(['a']);
  await writeFile(String((await get(here.writer, 'a'))['lora_adapter_path']), 'OLD');
  const { token } = await begin(here);
  await complete(here, token);
  const file = await untilWritten(here);
  here.writer.socket.destroy();
  await here.daemon.stop('restart');
  await rm(file);
  const registry = await readFile(here.paths.registryFile, 'utf8');
  await writeFile(here.paths.registryFile, registry.replace(/,\s*"outcome": ?"completed"/, ''));
  return { here: await world([], { dataDir: here.paths.dataDir }), token };
}

test.each([
  ['after the next training', false],
  ['after a restart during that', true],
] as const)('it keeps its token %s', async (_when, isRestarted) => {
  const { here, token } = await earlier();
  expect(await historyOf(here)).toMatchObject([{ token, started_at: null, in_service: true }]);
  const next = await begin(here);
  if (isRestarted) await untilWritten(here);
  const now = isRestarted ? await here.restart() : here;
  await writeFile(next.output.lora_adapter_path, 'NEW');
  await complete(now, next.token);
  expect((await historyOf(now)).map((entry) => entry.token)).toEqual([next.token, token]);
});
