/** What is known of trainings that have ended: who did what, what each made, and what is taken back of it. */
import { mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { untilKept } from '../support/history.ts';
import { get, type World, world } from '../support/world.ts';

type Here = Pick<World, 'writer'>;

interface Entry {
  readonly token: number;
  readonly status: string;
  readonly in_service: boolean;
  readonly [field: string]: unknown;
}

async function historyOf({ writer }: Here, params: object = {}): Promise<Entry[]> {
  const { trainings } = await writer.call('training.history', { project: 'a', ...params });
  return trainings as unknown as Entry[];
}

/** Trains, leaves this as the adapter, and ends so; gives the token. */
async function train(
  { writer }: Here,
  content: string | null,
  end = 'complete',
  more: object = {},
): Promise<number> {
  const begun = await writer.call('training.begin', { project: 'a' });
  const { token, output } = begun as unknown as { token: number; output: { lora_adapter_path: string } };
  if (content !== null) await writeFile(output.lora_adapter_path, content);
  await writer.call(`training.${end}`, { project: 'a', token, ...more });
  return token;
}

async function adapterOf({ writer }: Here): Promise<string> {
  return await readFile(String((await get(writer, 'a'))['lora_adapter_path']), 'utf8');
}

/** The file of the history, once it has this training and all that is found out of it. */
async function fileWith(here: World, token: number): Promise<string> {
  const { project_id: id } = await get(here.writer, 'a');
  return await untilKept(join(here.paths.projectsDir, String(id), 'trainings'), token);
}

const promote = ({ writer }: Here, token: number) => writer.call('training.promote', { project: 'a', token });
const refusal = async ({ writer }: Here, token: number) =>
  (await writer.refusal('training.promote', { project: 'a', token })).data?.['issues'];

describe('the history of a project', () => {
  test('tells what was trained, the newest first, and which of it is in service', async () => {
    const here = await world(['a']);
    const source = { commit: '0123456789abcdef', dirty: false };
    const { token } = await here.writer.call('training.begin', {
      project: 'a',
      source,
      holder: { name: 'trainer', pid: 7 },
    });
    await here.writer.call('training.progress', { project: 'a', token, phase: 'reading' });
    await here.writer.call('training.complete', {
      project: 'a',
      token,
      metadata: { loss: 1 },
      lora_adapter_path: '/elsewhere/adapter',
      base_model: 'llama',
    });
    const failed = await train(here, 'PARTIAL', 'fail', { error: 'out of memory' });
    const again = await train(here, null, 'fail', { error: 'out of memory' });
    const released = await train(here, null, 'release');
    await fileWith(here, released);
    const trainings = await historyOf(here);
    expect(trainings).toMatchObject([
      { token: released, status: 'released', error: null, in_service: false, metadata: null },
      { token: again, status: 'failed', error: 'out of memory' },
      { token: failed, status: 'failed', error: 'out of memory', in_service: false },
      {
        token,
        status: 'completed',
        source,
        base_model: 'llama',
        metadata: { loss: 1 },
        holder: { name: 'trainer', pid: 7 },
        phases: [{ phase: 'reading' }],
        error: null,
        in_service: true,
      },
    ]);
    expect(await historyOf(here, { limit: 1 })).toEqual(trainings.slice(0, 1));
  });

  test('tells how a lease ended that its holder did not end well', async () => {
    const here = await world(['a']);
    const { token: taken } = await here.writer.call('training.begin', { project: 'a' });
    const { token: asked } = await here.writer.call('training.begin', { project: 'a', force: true });
    await here.writer.call('training.cancel', { project: 'a' });
    await here.writer.call('training.release', { project: 'a', token: asked });
    const { token: stalled } = await here.writer.call('training.begin', { project: 'a', stall_ms: 1 });
    await expect.poll(() => historyOf(here)).toHaveLength(3);
    const { token: given } = await here.writer.call('training.begin', { project: 'a' });
    await here.writer.call('projects.set_status', { project: 'a', status: 'not_started' });
    expect((await historyOf(here)).map(({ token, status }) => [token, status])).toEqual([
      [given, 'released'],
      [stalled, 'stalled'],
      [asked, 'cancelled'],
      [taken, 'lost'],
    ]);
  });

  test('is in a file that nobody else may read, and outlives the daemon', async () => {
    const here = await world(['a']);
    const token = await train(here, 'GOOD', 'complete', { metadata: { loss: 1 } });
    const file = await fileWith(here, token);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const before = await historyOf(here);
    const next = await here.restart();
    expect(await historyOf(next)).toEqual(before);
  });

  test('has what a daemon that was killed has not written, also after the next training', async () => {
    const here = await world(['a']);
    const token = await train(here, 'GOOD');
    await rm(await fileWith(here, token));
    const next = await here.restart();
    expect(await historyOf(next)).toMatchObject([{ token, status: 'completed', in_service: true }]);
    const { token: second } = await next.writer.call('training.begin', { project: 'a' });
    await fileWith(next, token);
    await next.writer.call('training.fail', { project: 'a', token: second, error: 'x' });
    expect((await historyOf(next)).map((entry) => entry.token)).toEqual([second, token]);
  });

  test('begins with what was in service before any of it', async () => {
    const here = await world(['a']);
    const { lora_adapter_path: earlier } = await get(here.writer, 'a');
    await writeFile(String(earlier), 'OLD');
    await here.writer.call('projects.set_status', { project: 'a', status: 'completed' });
    expect(await historyOf(here)).toMatchObject([{ token: 0, status: 'completed', in_service: true }]);
    await train(here, 'NEW');
    expect(await adapterOf(here)).toBe('NEW');
    await promote(here, 0);
    expect(await adapterOf(here)).toBe('OLD');
  });

  test('keeps the last fifty, and those that completed last whatever came after', async () => {
    const here = await world(['a']);
    const good = await train(here, 'GOOD');
    const last: number[] = [];
    for (let round = 0; round < 60; round += 1) last.unshift(await train(here, null, 'release'));
    expect((await historyOf(here)).map(({ token }) => token)).toEqual([...last.slice(0, 49), good]);
  });

  test('makes tokens grow, whatever the registry knows', async () => {
    const here = await world(['a']);
    const file = await fileWith(here, await train(here, 'GOOD'));
    const later = Date.now() + 10_000_000;
    const text = await readFile(file, 'utf8');
    const next = await here.restart();
    await writeFile(file, text.replace(/"token": \d+/, `"token": ${later}`));
    expect(await train(next, null, 'release')).toBe(later + 1);
  });

  const put: Record<string, (file: string) => Promise<unknown>> = {
    'a link': async (file) => {
      await rename(file, `${file}.other`);
      await symlink(`${file}.other`, file);
    },
    'no JSON': (file) => writeFile(file, '{'),
    'no history': (file) => writeFile(file, '[]'),
    'too long': (file) => writeFile(file, Buffer.alloc(5 * 1024 * 1024, 32)),
    'a directory': async (file) => {
      await rm(file);
      await mkdir(file);
    },
  };
  test.each(Object.keys(put))('goes on where its file is %s, which is set aside', async (what) => {
    const here = await world(['a']);
    const first = await train(here, 'ONE');
    const file = await fileWith(here, first);
    await put[what]?.(file);
    const second = await train(here, 'TWO');
    expect((await historyOf(here)).map(({ token }) => token)).toEqual([second, first]);
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain(String(second));
    expect((await stat(join(file, '..', 'history-unusable.json'))).size).toBeGreaterThan(0);
    expect(here.log.some(({ msg }) => msg?.startsWith('the history of a project '))).toBe(true);
  });

  test('is read entry by entry', async () => {
    const here = await world(['a']);
    const token = await train(here, 'ONE');
    const file = await fileWith(here, token);
    const { trainings } = JSON.parse(await readFile(file, 'utf8')) as { trainings: object[] };
    const wrong = {
      token: 7,
      status: 'completed',
      ended_at: '2026-01-05',
      lora_adapter_path: 'x',
      phases: 1,
    };
    const next = await here.restart();
    await writeFile(
      file,
      JSON.stringify({ trainings: [null, { token: 'x' }, { ...wrong, curve: [{}] }, ...trainings] }),
    );
    expect(await historyOf(next)).toMatchObject([
      { token, status: 'completed' },
      { token: 7, phases: [], metadata: null, bytes: null },
    ]);
    expect(await refusal(next, 7)).toMatchObject([{ path: 'token' }]);
  });
});

describe('an earlier output', () => {
  test('is taken back into service whole, with what it was made from', async () => {
    const here = await world(['a']);
    const source = { commit: '0123456789abcdef', dirty: false };
    const first = await train(here, 'ONE', 'complete', { source, base_model: 'llama' });
    await train(here, 'TWO', 'complete', { base_model: 'qwen' });
    const events = await here.watch();
    expect(await promote(here, first)).toMatchObject({
      trained_from: source,
      base_model: 'llama',
      training_status: 'completed',
    });
    expect(await adapterOf(here)).toBe('ONE');
    expect((await historyOf(here)).map((entry) => entry.in_service)).toEqual([false, true]);
    const text = await readFile(here.paths.registryFile, 'utf8');
    // Changing nothing is no change.
    await promote(here, first);
    expect(await readFile(here.paths.registryFile, 'utf8')).toBe(text);
    expect(await events.take(1)).toMatchObject([{ type: 'updated' }]);
  });

  test('is taken back while somebody trains, whom that does not disturb', async () => {
    const here = await world(['a']);
    const first = await train(here, 'ONE');
    await train(here, 'TWO');
    const { token } = await here.writer.call('training.begin', { project: 'a' });
    expect(await promote(here, first)).toMatchObject({ training_status: 'training', training: { token } });
    await here.writer.call('training.release', { project: 'a', token });
    expect(await adapterOf(here)).toBe('ONE');
  });

  test('is not taken back unless it completed, left an adapter, and is there', async () => {
    const here = await world(['a']);
    const none = await train(here, null);
    const failed = await train(here, 'X', 'fail', { error: 'x' });
    const gone = await train(here, 'ONE');
    const moved = await train(here, 'TWO');
    const last = await train(here, 'THREE');
    const file = await fileWith(here, last);
    await rm(join(file, '..', String(gone)), { recursive: true });
    await rename(join(file, '..', String(moved)), `${file}.moved`);
    await symlink(`${file}.moved`, join(file, '..', String(moved)));
    const why = async (token: number): Promise<string> => JSON.stringify(await refusal(here, token));
    expect(await why(12)).toContain('is of no training in the history');
    expect(await why(failed)).toContain('ended as failed');
    expect(await why(none)).toContain('left no adapter');
    expect(await why(gone)).toContain('is gone');
    expect(await why(moved)).toContain('no directory any more');
    expect(await adapterOf(here)).toBe('THREE');
  });

  test('is not what another project has, whatever somebody writes into the history', async () => {
    const here = await world(['a', 'b']);
    const token = await train(here, 'ONE');
    const file = await fileWith(here, token);
    const { lora_adapter_path: other } = await get(here.writer, 'b');
    await writeFile(String(other), 'B');
    const text = await readFile(file, 'utf8');
    const put = (path: unknown) =>
      writeFile(file, text.replace(/"lora_adapter_path": "[^"]+"/, `"lora_adapter_path": "${String(path)}"`));
    await put(other);
    expect(JSON.stringify(await refusal(here, token))).toContain('another project');
    // Elsewhere is where a trainer may have said that it is.
    const elsewhere = join(await here.codebase('elsewhere'), 'adapter');
    await writeFile(elsewhere, 'ELSEWHERE');
    await put(elsewhere);
    await promote(here, token);
    expect(await adapterOf(here)).toBe('ELSEWHERE');
  });
});

describe('a training that leaves no adapter', () => {
  const complete = async (here: World, more: object = {}) => {
    const { token } = await here.writer.call('training.begin', { project: 'a' });
    return (await here.writer.call('training.complete', { project: 'a', token, ...more }))['warnings'];
  };

  test('says so, unless one was named or is in service', async () => {
    const here = await world(['a']);
    expect(await complete(here)).toEqual(['no_adapter']);
    expect(await complete(here, { lora_adapter_path: '/elsewhere' })).toBeUndefined();
    expect(await complete(here)).toEqual(['no_adapter']);
    await train(here, 'GOOD');
    expect(await complete(here)).toBeUndefined();
  });
});
