/** Tokens: a store behind a trainer refuses an old one, so that none may be given twice. */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MAX_BROUGHT_TOKEN, MAX_TOKEN } from '../../../src/domain/project.ts';
import { begin, get, type World, world } from '../../support/world.ts';

/** Rewrites the file as the Python module does, which knows nothing of training records. */
async function rewriteAsPython(file: string): Promise<void> {
  const { projects } = JSON.parse(await readFile(file, 'utf8')) as {
    projects: Record<string, Record<string, unknown>>;
  };
  for (const project of Object.values(projects)) {
    for (const field of ['training', 'retrain_requested', 'tags', 'metadata', 'last_used', 'last_trained']) {
      delete project[field];
    }
  }
  await writeFile(file, JSON.stringify({ version: '1.0', projects }));
}

/** Begins and releases a lease; gives its token. */
async function once({ writer }: Pick<World, 'writer'>): Promise<number> {
  const token = await begin(writer, 'a');
  await writer.call('training.release', { project: 'a', token });
  return token;
}

/** More leases than there are seconds in the time they take. */
const MANY = 30;

afterEach(() => void vi.useRealTimers());

describe('tokens of a project only grow', () => {
  test('whatever becomes of its leases, also within a millisecond', async () => {
    const { writer } = await world(['a', 'b']);
    vi.useFakeTimers({ toFake: ['Date'] });
    let last = 0;
    for (const [method, params] of [
      ['training.release', {}],
      ['training.complete', {}],
      ['training.fail', { error: 'x' }],
      ['training.begin', { force: true }],
      ['training.release', {}],
    ] as const) {
      const token = await begin(writer, 'a', { force: true });
      expect(token).toBeGreaterThan(last);
      last = token;
      const ended = await writer.call(method, {
        project: 'a',
        ...(method === 'training.begin' ? {} : { token }),
        ...params,
      });
      if (method !== 'training.begin') continue;
      expect(ended['token']).toBeGreaterThan(token);
      last = Number(ended['token']);
    }
  });

  test('and stay a number that every client can hold, as the milliseconds since 1970 do', async () => {
    const before = await world(['a']);
    for (let round = 0; round < MANY; round += 1) await once(before);
    const token = await begin(before.writer, 'a');
    expect(Math.abs(token - Date.now())).toBeLessThan(60_000);
  });

  test('also beyond those of a program that counted seconds', async () => {
    const { writer, paths } = await world(['a']);
    const seconds = Math.floor(Date.now() / 1000) + 1_000;
    const text = await readFile(paths.registryFile, 'utf8');
    await writeFile(
      paths.registryFile,
      text.replace('"training": null', `"training": {"token": ${seconds}}`),
    );
    await writer.call('registry.reload');
    expect(tokenOf(await get(writer, 'a'))).toBe(seconds);
    expect(await begin(writer, 'a')).toBeGreaterThan(seconds + 1_000_000);
  });

  test.each([
    ['the greatest that counts', MAX_BROUGHT_TOKEN, MAX_BROUGHT_TOKEN + 1],
    ['the one before it', MAX_BROUGHT_TOKEN - 1, MAX_BROUGHT_TOKEN],
  ])('also from %s of those that an edit can bring, and through a restart', async (_, brought, next) => {
    const before = await world(['a']);
    const { writer, paths } = before;
    await once(before);
    const text = await readFile(paths.registryFile, 'utf8');
    await writeFile(paths.registryFile, text.replace(/"token": \d+/, `"token": ${brought}`));
    await writer.call('registry.reload');
    expect([await once(before), await once(before)]).toEqual([next, next + 1]);
    const again = await before.restart();
    expect([await once(again), await once(again)]).toEqual([next + 2, next + 3]);
    // And one that leads to where there are no more of them does not count.
    const late = await readFile(paths.registryFile, 'utf8');
    await writeFile(paths.registryFile, late.replace(/"token": \d+/, `"token": ${MAX_TOKEN - 1}`));
    await again.writer.call('registry.reload');
    expect([await once(again), await once(again)]).toEqual([next + 4, next + 5]);
  });

  test('and one that none can follow is in nobody’s way', async () => {
    const before = await world(['a', 'b']);
    const { writer, paths } = before;
    const text = await readFile(paths.registryFile, 'utf8');
    const rewrite = async (): Promise<void> => {
      const edited = text.replace('"training": null', `"training": {"token": ${MAX_TOKEN}}`);
      await writeFile(paths.registryFile, edited);
      await writer.call('registry.reload');
    };
    await rewrite();
    const claim = async (): Promise<unknown> => (await writer.call('training.claim'))['project']?.['name'];
    expect([await claim(), await claim()]).toEqual(['a', 'b']);
    await writer.call('training.release', { project: 'a', token: tokenOf(await get(writer, 'a')) });
    const tokens = [await once(before), await once(before)];
    // Put back by hand, or by a program that had read it.
    await rewrite();
    tokens.push(await once(before), await once(before));
    expect(tokens).toEqual([...new Set(tokens)].toSorted((x, y) => x - y));
    expect(tokens.every((token) => token < MAX_TOKEN)).toBe(true);
    const { writer: next } = await before.restart();
    expect(await next.call('registry.info')).toMatchObject({ problem: null });
  });

  test('also through a rewrite by the Python module, with and without a daemon', async () => {
    const before = await world(['a']);
    const { writer, paths, daemon } = before;
    const first = await once(before);
    await rewriteAsPython(paths.registryFile);
    await writer.call('registry.reload');
    const second = await once(before);
    expect(second).toBeGreaterThan(first);

    writer.socket.destroy();
    await daemon.stop('the file is rewritten meanwhile');
    await rewriteAsPython(paths.registryFile);
    const next = await world([], { dataDir: paths.dataDir });
    expect(tokenOf(await get(next.writer, 'a'))).toBe(second);
    expect(await begin(next.writer, 'a')).toBeGreaterThan(second);
  });

  test('also through removal and return, in one daemon', async () => {
    const { writer, paths } = await world(['a']);
    await once({ writer });
    const early = await readFile(paths.registryFile);
    const token = await begin(writer, 'a');
    await writer.call('projects.remove', { project: 'a', force: true });
    await writeFile(paths.registryFile, early);
    await writer.call('registry.reload');
    expect((await writer.refusal('training.complete', { project: 'a', token })).code).toBe(1007);
    expect(await begin(writer, 'a')).toBeGreaterThan(token);
  });

  test('also through two edits, of which the first takes the project away', async () => {
    const { writer, paths } = await world(['a', 'b']);
    await once({ writer });
    const { projects, ...rest } = JSON.parse(await readFile(paths.registryFile, 'utf8')) as {
      projects: Record<string, { name: string; training?: unknown }>;
    };
    // Ahead of the clock, as from a machine whose clock was.
    const ahead = Date.now() + 1_000_000;
    const edit = async (change: (id: string) => void): Promise<void> => {
      for (const id of Object.keys(projects)) if (projects[id]?.name === 'a') change(id);
      await writeFile(paths.registryFile, JSON.stringify({ ...rest, projects }));
      await writer.call('registry.reload');
    };
    const project = Object.values(projects).find(({ name }) => name === 'a') as { training: object };
    await edit((id) => (projects[id] = { ...project, name: 'a', training: { token: ahead } }));
    const gone = { ...projects };
    await edit((id) => delete projects[id]);
    Object.assign(projects, gone);
    await edit((id) => (projects[id] = { ...project, name: 'a', training: null }));
    expect(await begin(writer, 'a')).toBe(ahead + 1);
  });

  test('also through removal, a restart and a restore', async () => {
    const before = await world(['a']);
    const { writer, paths } = before;
    await once(before);
    const early = 'registry-20260101T000000.000Z-edit.json';
    await copyFile(paths.registryFile, join(paths.backupsDir, early));
    for (let round = 0; round < MANY; round += 1) await once(before);
    const last = await once(before);
    await writer.call('projects.remove', { project: 'a' });
    const { writer: next } = await before.restart();
    await next.call('registry.restore', { name: early });
    expect(tokenOf(await get(next, 'a'))).toBeLessThan(last);
    expect(await begin(next, 'a')).toBeGreaterThan(last);
  });

  test('also through a recovery from an older backup', async () => {
    const before = await world(['a']);
    const { writer, paths, daemon } = before;
    await once(before);
    const early = await readFile(paths.registryFile);
    for (let round = 0; round < MANY; round += 1) await once(before);
    const last = await once(before);
    writer.socket.destroy();
    await daemon.stop('the disk fails meanwhile');
    await rm(paths.backupsDir, { recursive: true });
    await writeFile(paths.registryFile, '{"projects"');
    await mkdir(paths.backupsDir);
    await writeFile(join(paths.backupsDir, 'registry-last-good.json'), early);
    const { writer: next } = await world([], { dataDir: paths.dataDir });
    expect(tokenOf(await get(next, 'a'))).toBeLessThan(last);
    expect(await begin(next, 'a')).toBeGreaterThan(last);
  });

  test('also when the clock is set back meanwhile', async () => {
    const before = await world(['a']);
    const { writer, paths } = before;
    const early = await readFile(paths.registryFile);
    vi.useFakeTimers({ toFake: ['Date'] });
    const first = await once(before);
    vi.setSystemTime(Date.now() - 3_600_000);
    const second = await once(before);
    expect(second).toBeGreaterThan(first);
    await writer.call('projects.remove', { project: 'a' });
    await writeFile(paths.registryFile, early);
    await writer.call('registry.reload');
    const third = await once(before);
    expect(third).toBeGreaterThan(second);
    const next = await before.restart();
    expect(await once(next)).toBeGreaterThan(third);
  });
});

function tokenOf(project: Record<string, unknown>): number {
  return (project['training'] as { token: number }).token;
}
