/** `training.progress`: what is in memory, what is in the file, and who sees it. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { brief } from '../../support/events.ts';
import { begin, get, world } from '../../support/world.ts';

describe('training.progress', () => {
  test('is kept in memory, shown wherever the project is, and is no part of the etag', async () => {
    const { writer, paths } = await world(['a']);
    const token = await begin(writer, 'a');
    const { etag } = await get(writer, 'a');
    const before = await stat(paths.registryFile, { bigint: true });
    const report = { progress: 0.25, message: 'file 3', details: { loss: 1.5 } };
    expect(await writer.call('training.progress', { project: 'a', token, ...report })).toBeNull();
    const after = await stat(paths.registryFile, { bigint: true });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);

    const shown = [
      await get(writer, 'a'),
      (await writer.call('projects.list'))['projects']?.[0],
      (await writer.call('projects.active'))['active_project'],
      (await writer.call('projects.resolve', { project: 'a' }))['project'],
    ];
    for (const project of shown) expect(project).toMatchObject({ etag, training: { token, ...report } });
    // Whoever read the project before the report may still change it.
    await writer.call('projects.update', { project: 'a', if_etag: etag, language: 'go' });
    expect(await get(writer, 'a')).toMatchObject({ language: 'go', training: report });
  });

  test('of one thing leaves the others as they were reported', async () => {
    const { writer } = await world(['a']);
    const token = await begin(writer, 'a');
    await writer.call('training.progress', { project: 'a', token, progress: 0.25, message: 'file 3' });
    await writer.call('training.progress', { project: 'a', token, progress: 0 });
    expect((await get(writer, 'a'))['training']).toMatchObject({ progress: 0, message: 'file 3' });
  });

  test('is written down, with all that was reported, when the phase changes', async () => {
    const { writer, watch, paths, log } = await world(['a']);
    await writer.call('daemon.hello', { client: { name: 'trainer', version: '3' } });
    const token = await begin(writer, 'a');
    const subscriber = await watch();
    const onDisk = async () => {
      const file = JSON.parse(await readFile(paths.registryFile, 'utf8')) as {
        projects: Record<string, { training: object }>;
      };
      return Object.values(file.projects)[0]?.training;
    };
    const report = (params: object) => writer.call('training.progress', { project: 'a', token, ...params });
    await report({ progress: 0.1, message: 'starting' });
    expect(await onDisk()).toMatchObject({ phase: null, progress: null });
    await report({ phase: 'indexing', progress: 0.2 });
    expect(await onDisk()).toMatchObject({ phase: 'indexing', progress: 0.2, message: 'starting' });
    await report({ phase: 'indexing', progress: 0.3 });
    expect(await onDisk()).toMatchObject({ phase: 'indexing', progress: 0.2 });
    expect(log.filter(({ method, level }) => method === 'training.progress' && level === 30)).toMatchObject([
      { msg: 'changed', name: 'a', phase: 'indexing', client: 'trainer/3' },
    ]);
    await writer.call('training.release', { project: 'a', token });
    expect((await subscriber.take(2)).map(brief)).toEqual(['training a', 'training a']);
  });

  test('of a phase that could not be written is written with the next report', async () => {
    const { writer, paths } = await world(['a']);
    const token = await begin(writer, 'a');
    const report = { project: 'a', token, phase: 'indexing' };
    const good = await readFile(paths.registryFile);
    await writeFile(paths.registryFile, 'oops');
    expect((await writer.refusal('training.progress', report)).code).toBe(1009);
    await writeFile(paths.registryFile, good);
    await writer.call('registry.reload');
    await writer.call('training.progress', report);
    expect(await readFile(paths.registryFile, 'utf8')).toContain('"indexing"');
  });

  test('may come from any connection that has the token', async () => {
    const { writer, connect } = await world(['a']);
    const token = await begin(writer, 'a');
    await (await connect()).call('training.progress', { project: 'a', token, progress: 0.5 });
    expect((await get(writer, 'a'))['training']).toMatchObject({ progress: 0.5 });
  });

  test('allows details of 4 KiB', async () => {
    const { writer } = await world(['a']);
    const token = await begin(writer, 'a');
    const details = { text: 'x'.repeat(4096 - '{"text":""}'.length) };
    await writer.call('training.progress', { project: 'a', token, details });
    expect((await get(writer, 'a'))['training']).toMatchObject({ details });
  });
});
