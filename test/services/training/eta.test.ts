/** `training.eta_s`: who sees how long a training will still take, and of what it is told. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Project } from '../../../src/domain/project.ts';
import { until } from '../../support/until.ts';
import { begin, get, type World, world } from '../../support/world.ts';

/** Has a project trained, and its history say that this took ten minutes, of which the second half was saving. */
async function trained({ writer, paths, add }: World, name: string): Promise<string> {
  const id = await add(name);
  const token = await begin(writer, name);
  await writer.call('training.progress', { project: name, token, phase: 'learning', progress: 0.5 });
  await writer.call('training.progress', { project: name, token, phase: 'saving' });
  await writer.call('training.complete', { project: name, token });
  const file = join(paths.projectsDir, id, 'trainings', 'history.json');
  const text = await until(() => readFile(file, 'utf8').catch(() => ''), 'its history is written');
  const history = JSON.parse(text) as { trainings: Record<string, unknown>[] };
  const [last] = history.trainings;
  expect(last?.['curve']).toEqual([{ at_s: expect.any(Number), progress: 0.5 }]);
  const at = (minutes: number): string => new Date(Date.UTC(2026, 0, 5, 10, minutes)).toISOString();
  Object.assign(last ?? {}, {
    started_at: at(0),
    ended_at: at(10),
    phases: [
      { phase: 'learning', at: at(0) },
      { phase: 'saving', at: at(5) },
    ],
    curve: [
      { at_s: 0, progress: 0 },
      { at_s: 240, progress: 0.5 },
    ],
  });
  await writeFile(file, JSON.stringify(history));
  return id;
}

const etaOf = (project: unknown): unknown => (project as Project).training?.['eta_s'];
const about = (seconds: number) =>
  expect.toSatisfy((eta: number) => eta <= seconds && eta > seconds - 60, `about ${seconds}`);

test('without an earlier training nothing is told, and without a lease there is no such field', async () => {
  const { writer, add } = await world();
  await add('a');
  const token = await begin(writer, 'a');
  expect(etaOf(await get(writer, 'a'))).toBeNull();
  await writer.call('training.progress', { project: 'a', token, progress: 0.5 });
  expect(etaOf(await get(writer, 'a'))).toBeNull();
  await writer.call('training.complete', { project: 'a', token });
  expect((await get(writer, 'a'))['training']).not.toHaveProperty('eta_s');
});

test('by the last training it is told in answers and events, and is in neither etag nor file', async () => {
  const here = await world();
  const { writer, paths, watch } = here;
  const id = await trained(here, 'a');
  const subscriber = await watch({ progress: true });
  const token = await begin(writer, 'a');
  const [began, told] = await subscriber.take(2);
  expect([began?.type, told?.type]).toEqual(['training', 'progress']);
  expect(etaOf((told as unknown as { project: Project }).project)).toEqual(about(600));
  const shown = [
    await get(writer, 'a'),
    (await writer.call('projects.list'))['projects']?.[0],
    (await writer.call('projects.resolve', { project: 'a' }))['project'],
    (await writer.call('registry.watch', { project: 'a' }))['projects']?.[0],
  ];
  for (const project of shown) expect(etaOf(project)).toEqual(about(600));
  await writer.call('training.progress', { project: 'a', token, progress: 0.5 });
  expect(etaOf(await get(writer, 'a'))).toEqual(about(360));
  const { etag } = await get(writer, 'a');
  await writer.call('projects.update', { project: 'a', if_etag: etag, language: 'go' });
  expect(await readFile(paths.registryFile, 'utf8')).not.toContain('eta_s');
  await writer.call('training.fail', { project: 'a', token, error: 'x' });
  expect((await get(writer, 'a'))['training']).not.toHaveProperty('eta_s');
  expect(id).not.toBe('');
});

test('by the phase of the last training, and on after the daemon was replaced', async () => {
  const here = await world();
  await trained(here, 'a');
  const token = await begin(here.writer, 'a');
  await here.writer.call('training.progress', { project: 'a', token, phase: 'saving' });
  const eta = (world: World) =>
    until(
      async () => etaOf(await get(world.writer, 'a')) !== null && etaOf(await get(world.writer, 'a')),
      'it is told',
    );
  expect(await eta(here)).toEqual(about(300));
  const next = await here.restart();
  await next.writer.call('training.resume', { project: 'a', token });
  expect(await eta(next)).toEqual(about(300));
});

test('what a file says of it is nothing that anybody reported', async () => {
  const here = await world(['a']);
  const token = await begin(here.writer, 'a');
  await here.writer.call('training.release', { project: 'a', token });
  const file = JSON.parse(await readFile(here.paths.registryFile, 'utf8')) as {
    projects: Record<string, Project>;
  };
  for (const { training } of Object.values(file.projects)) Object.assign(training ?? {}, { eta_s: 5 });
  await writeFile(here.paths.registryFile, JSON.stringify(file));
  await here.writer.call('registry.reload');
  expect((await get(here.writer, 'a'))['training']).not.toHaveProperty('eta_s');
});
