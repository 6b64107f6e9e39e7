/** Tokens: a store behind a trainer refuses an old one, so that none may be given twice. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { begin, world } from '../support/world.ts';

describe('tokens of a project only grow', () => {
  /** Rewrites the file as the Python module does, which knows nothing of training records. */
  async function rewriteAsPython(file: string): Promise<void> {
    const { projects } = JSON.parse(await readFile(file, 'utf8')) as {
      projects: Record<string, Record<string, unknown>>;
    };
    for (const project of Object.values(projects)) {
      for (const field of [
        'training',
        'retrain_requested',
        'tags',
        'metadata',
        'last_used',
        'last_trained',
      ]) {
        delete project[field];
      }
    }
    await writeFile(file, JSON.stringify({ version: '1.0', projects }));
  }

  test('whatever becomes of its leases, and each project has its own', async () => {
    const { writer } = await world(['a', 'b']);
    const seen: number[] = [];
    for (const [method, params] of [
      ['training.release', {}],
      ['training.complete', {}],
      ['training.fail', { error: 'x' }],
      ['training.begin', { force: true }],
    ] as const) {
      const token = await begin(writer, 'a', { force: true });
      seen.push(token);
      await writer.call(method, {
        project: 'a',
        ...(method === 'training.begin' ? {} : { token }),
        ...params,
      });
    }
    seen.push(await begin(writer, 'a', { force: true }));
    expect(seen).toEqual([1, 2, 3, 4, 6]);
    expect(await begin(writer, 'b')).toBe(1);
  });

  test('also through a rewrite by the Python module, with and without a restart', async () => {
    const { writer, paths, restart } = await world(['a']);
    await writer.call('training.release', { project: 'a', token: await begin(writer, 'a') });
    await rewriteAsPython(paths.registryFile);
    await writer.call('registry.reload');
    const token = await begin(writer, 'a');
    expect(token).toBe(2);

    // With a lease as well: whoever holds it goes on, and its token is in the file afterwards.
    await rewriteAsPython(paths.registryFile);
    await writer.call('registry.reload');
    expect((await writer.refusal('training.begin', { project: 'a' })).code).toBe(1006);
    await writer.call('training.progress', { project: 'a', token, progress: 0.5 });
    expect(await writer.call('training.complete', { project: 'a', token })).toMatchObject({
      training_status: 'completed',
      training: { token },
    });
    const next = await restart();
    expect(await begin(next.writer, 'a')).toBe(3);
  });

  test('also through removal and return', async () => {
    const { writer, paths } = await world(['a']);
    await writer.call('training.release', { project: 'a', token: await begin(writer, 'a') });
    const early = await readFile(paths.registryFile);
    const token = await begin(writer, 'a');
    await writer.call('projects.remove', { project: 'a', force: true });
    await writeFile(paths.registryFile, early);
    await writer.call('registry.reload');
    expect((await writer.refusal('training.complete', { project: 'a', token })).code).toBe(1007);
    expect(await begin(writer, 'a')).toBe(token + 1);
  });
});
