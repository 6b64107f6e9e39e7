/** Slots: which lease has which, how one is given back, and what two that want the same get. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Answer, LineClient } from '../../support/lines.ts';
import { asOrdinaryUser, withMode } from '../../support/store.ts';
import { begin, get, request, type World, world } from '../../support/world.ts';

const NO_NAMES = 'must be the name of a slot, or a list of at most 64 such names';

interface File {
  projects: Record<string, { name: string; training: Record<string, unknown> | null }>;
}

async function read(file: string): Promise<File> {
  return JSON.parse(await readFile(file, 'utf8')) as File;
}

/** What the file says of the slots, by the names of the projects. */
async function onDisk({ paths }: World): Promise<Record<string, unknown>> {
  const { projects } = await read(paths.registryFile);
  return Object.fromEntries(
    Object.values(projects).flatMap(({ name, training }) =>
      training?.['slot'] ? [[name, training['slot']]] : [],
    ),
  );
}

/** Edits the training records in the file, by the names of their projects. */
async function edit({ paths }: World, fields: Record<string, Record<string, unknown>>): Promise<void> {
  const file = await read(paths.registryFile);
  for (const project of Object.values(file.projects))
    project.training = { ...project.training, ...fields[project.name] };
  await writeFile(paths.registryFile, JSON.stringify(file));
}

async function stop({ daemon, writer }: World): Promise<void> {
  const stopped = daemon.stop('the file is edited');
  writer.socket.destroy();
  await stopped;
}

async function slotOf(peer: LineClient, params: object): Promise<unknown> {
  return (await peer.call('training.begin', params))['slot'];
}

/** Who is said to have the slots that would do; null for one that nobody has. */
async function holders(peer: LineClient, project: string, slot: unknown): Promise<unknown> {
  const { code, data } = await peer.refusal('training.begin', { project, slot });
  expect(code).toBe(1016);
  return data?.['holders'];
}

describe('a lease', () => {
  test('has the slot that it asks for, in the answer and in the record; no other has it meanwhile', async () => {
    const here = await world(['a', 'b']);
    const { writer, connect } = here;
    const holder = { name: 'lora', pid: 7 };
    const begun = await writer.call('training.begin', { project: 'a', slot: 'gpu0', holder });
    expect(begun).toMatchObject({ slot: 'gpu0', project: { name: 'a', training: { slot: 'gpu0' } } });
    expect(await onDisk(here)).toEqual({ a: 'gpu0' });
    const { project_id } = await get(writer, 'a');
    expect(await holders(await connect(), 'b', 'gpu0')).toEqual([
      { slot: 'gpu0', holder, project: { project_id, name: 'a' } },
    ]);
    expect(await get(writer, 'b')).toMatchObject({ training_status: 'not_started' });
    expect((await (await connect()).refusal('training.claim', { slot: ['gpu0'] })).code).toBe(1016);
  });

  test('has none where it asks for none', async () => {
    const { writer } = await world(['a', 'b']);
    const begun = await writer.call('training.begin', { project: 'a' });
    expect(begun).not.toHaveProperty('slot');
    expect(begun['project']?.['training']).not.toHaveProperty('slot');
    expect(await writer.call('training.claim')).not.toHaveProperty('slot');
  });

  test('has of several the first that is free, and tells who has which where none is', async () => {
    const { writer } = await world(['a', 'b', 'c', 'd']);
    const slot = ['gpu1', 'gpu0', 'gpu1'];
    expect(await slotOf(writer, { project: 'a', slot })).toBe('gpu1');
    expect(await writer.call('training.claim', { slot })).toMatchObject({
      slot: 'gpu0',
      project: { name: 'b' },
    });
    expect(await holders(writer, 'c', slot)).toMatchObject([
      { slot: 'gpu1', project: { name: 'a' } },
      { slot: 'gpu0', project: { name: 'b' } },
      { slot: 'gpu1', project: { name: 'a' } },
    ]);
    // Another name is another slot.
    expect(await slotOf(writer, { project: 'c', slot: 'GPU0' })).toBe('GPU0');
  });

  test('is held, or its project none, before a slot is taken', async () => {
    const { writer, connect } = await world(['a']);
    await begin(writer, 'a', { slot: 'gpu0' });
    const peer = await connect();
    for (const slot of ['gpu0', 'gpu1']) {
      for (const wait_ms of [0, 60_000]) {
        expect((await peer.refusal('training.begin', { project: 'a', slot, wait_ms })).code).toBe(1006);
        expect((await peer.refusal('training.begin', { project: 'none', slot, wait_ms })).code).toBe(1001);
      }
    }
  });

  test('is none of a claim for which nothing waits, whatever is taken', async () => {
    const { writer } = await world(['a']);
    await begin(writer, 'a', { slot: 'gpu0' });
    expect(await writer.call('training.claim', { slot: 'gpu0' })).toBeNull();
    expect(await writer.call('training.claim', { slot: 'gpu1', wait_ms: 5 })).toBeNull();
  });

  test('that goes on elsewhere has its slot there', async () => {
    const { writer, connect } = await world(['a']);
    const token = await begin(writer, 'a', { slot: 'gpu0' });
    expect(await (await connect()).call('training.resume', { project: 'a', token })).toMatchObject({
      slot: 'gpu0',
    });
  });

  test.each([
    ['', 'slot', 'the name of a slot is empty'],
    ['/dev/nvidia0', 'slot', 'the slot "/dev/nvidia0" looks like a path'],
    [['gpu0', '..'], 'slot.1', 'the slot ".." looks like a path'],
    [['gpu0', ' gpu1'], 'slot.1', 'the slot " gpu1" begins or ends with white space'],
    [[], 'slot', 'too small: expected array to have >=1 items'],
    [Array.from({ length: 65 }, () => 'x'), 'slot', NO_NAMES],
    [['gpu0', 7], 'slot', NO_NAMES],
    [7, 'slot', NO_NAMES],
  ])('has no slot called %j', async (slot, path, message) => {
    const { writer } = await world(['a']);
    for (const [method, params] of [
      ['training.begin', { project: 'a' }],
      ['training.claim', {}],
    ] as const) {
      const { code, data } = await writer.refusal(method, { ...params, slot });
      expect({ code, issues: data?.['issues'] }).toEqual({ code: -32_602, issues: [{ path, message }] });
    }
  });
});

describe('a slot ends with its lease', () => {
  test.each<[how: string, end: (world: World, token: number) => Promise<unknown>]>([
    [
      'by training.complete',
      ({ writer }, token) => writer.call('training.complete', { project: 'a', token }),
    ],
    [
      'by training.fail',
      ({ writer }, token) => writer.call('training.fail', { project: 'a', token, error: 'x' }),
    ],
    ['by training.release', ({ writer }, token) => writer.call('training.release', { project: 'a', token })],
    [
      'by its holder',
      ({ writer }) => writer.call('projects.set_status', { project: 'a', status: 'completed' }),
    ],
    ['by removal', ({ writer }) => writer.call('projects.remove', { project: 'a', force: true })],
    ['by force', ({ writer }) => writer.call('training.begin', { project: 'a', force: true })],
    [
      'by force, for another',
      ({ writer }) => writer.call('training.begin', { project: 'a', force: true, slot: 'x' }),
    ],
    [
      'by an edit without its project',
      async ({ writer, paths }) => {
        const { projects, ...rest } = await read(paths.registryFile);
        const others = Object.entries(projects).filter(([, { name }]) => name !== 'a');
        await writeFile(
          paths.registryFile,
          JSON.stringify({ ...rest, projects: Object.fromEntries(others) }),
        );
        await writer.call('registry.reload');
      },
    ],
  ])('%s', async (_how, end) => {
    const here = await world(['a', 'b']);
    const token = await begin(here.writer, 'a', { slot: 'gpu0' });
    const waiting = (await here.connect()).call('training.begin', {
      project: 'b',
      slot: 'gpu0',
      wait_ms: 60_000,
    });
    await end(here, token);
    expect(await waiting).toMatchObject({ slot: 'gpu0', project: { name: 'b' } });
    expect(await onDisk(here)).toMatchObject({ b: 'gpu0' });
    expect((await onDisk(here))['a']).not.toBe('gpu0');
  });

  test.each([
    ['stalls', { stall_ms: 20 }, () => undefined],
    ['vanishes, after its grace', {}, (trainer: LineClient) => void trainer.socket.destroy()],
  ])('whose trainer %s', async (_how, params, vanish) => {
    const { writer, connect } = await world(['a', 'b']);
    const trainer = await connect();
    await begin(trainer, 'a', { slot: 'gpu0', ...params });
    vanish(trainer);
    if (!('stall_ms' in params)) await holders(writer, 'b', 'gpu0');
    const begun = await writer.call('training.begin', { project: 'b', slot: 'gpu0', wait_ms: 60_000 });
    expect(begun['slot']).toBe('gpu0');
    expect((await get(writer, 'a'))['training']).not.toHaveProperty('slot');
  });

  test('and is that of the lease that takes the project by force', async () => {
    const here = await world(['a', 'b']);
    const { writer, connect } = here;
    await begin(writer, 'a', { slot: 'gpu0' });
    const peer = await connect();
    const slot = ['gpu0', 'gpu1'];
    expect(await slotOf(peer, { project: 'a', force: true, slot })).toBe('gpu0');
    expect(await slotOf(peer, { project: 'a', force: true, slot: 'gpu1' })).toBe('gpu1');
    expect(await onDisk(here)).toEqual({ a: 'gpu1' });
    // Another's is not to be had by force.
    await begin(writer, 'b', { slot: 'gpu0' });
    expect((await peer.refusal('training.begin', { project: 'a', force: true, slot: 'gpu0' })).code).toBe(
      1016,
    );
    expect(await onDisk(here)).toEqual({ a: 'gpu1', b: 'gpu0' });
  });

  test('and is nobody’s when the lease cannot be written down', async () => {
    const { writer, paths } = await world(['a', 'b']);
    const refused = await asOrdinaryUser([paths.dataDir, paths.registryFile], () =>
      withMode(paths.dataDir, 0o500, () => writer.refusal('training.begin', { project: 'a', slot: 'gpu0' })),
    );
    expect(refused.code).toBe(1010);
    expect(await slotOf(writer, { project: 'b', slot: 'gpu0' })).toBe('gpu0');
  });
});

describe('of many that want one slot at once', () => {
  const names = Array.from({ length: 12 }, (_, n) => `p${n}`);

  test.each([
    ['in a batch', true],
    ['on connections of their own', false],
  ])('%s, one has it', async (_how, isBatch) => {
    const here = await world(names);
    const { writer, connect } = here;
    const params = names.map((project) => ({ project, slot: 'gpu0' }));
    let answers: Answer[];
    if (isBatch) {
      writer.send(params.map((each, id) => request(id, 'training.begin', each)));
      answers = await writer.next<Answer[]>();
    } else {
      const peers = await Promise.all(params.map(() => connect()));
      answers = await Promise.all(
        params.map((each, n) => (peers[n] as LineClient).ask('training.begin', each)),
      );
    }
    expect(answers.filter(({ result }) => result)).toHaveLength(1);
    const codes = answers.flatMap(({ error }) => (error ? [error.code] : []));
    expect(codes).toEqual(Array.from({ length: names.length - 1 }, () => 1016));
    expect(Object.values(await onDisk(here))).toEqual(['gpu0']);
  });

  test('and two others, each has its own', async () => {
    const here = await world(names);
    const { writer } = here;
    const slot = ['gpu0', 'gpu1', 'gpu2'];
    writer.send(names.map((project, id) => request(id, 'training.begin', { project, slot })));
    const answers = await writer.next<Answer[]>();
    const got = answers.flatMap(({ result }) => (result ? [(result as { slot: string }).slot] : []));
    expect(got).toHaveLength(slot.length);
    expect(new Set(got)).toEqual(new Set(slot));
    expect(new Set(Object.values(await onDisk(here)))).toEqual(new Set(slot));
  });

  test('a project that is registered in the same batch is one of them', async () => {
    const { writer, codebase } = await world();
    const source_path = await codebase('new');
    writer.send([
      request(1, 'projects.register', { name: 'new', source_path }),
      request(2, 'training.begin', { project: 'new', slot: 'gpu0' }),
    ]);
    const answers = await writer.next<Answer[]>();
    expect(answers).toMatchObject([{ id: 1 }, { id: 2, result: { slot: 'gpu0', project: { name: 'new' } } }]);
  });
});

describe('what the file says', () => {
  test('while the trainings go on neither gives a slot nor takes one', async () => {
    const here = await world(['a', 'b', 'c']);
    const { writer } = here;
    await begin(writer, 'a', { slot: 'gpu0' });
    await begin(writer, 'b', { slot: 'gpu1' });
    await begin(writer, 'c');
    await edit(here, { a: { slot: undefined }, b: { slot: 'gpu0' }, c: { slot: 'gpu2' } });
    await writer.call('registry.reload');
    expect(await onDisk(here)).toEqual({ a: 'gpu0', b: 'gpu1' });
    for (const [name, slot] of Object.entries({ a: 'gpu0', b: 'gpu1', c: undefined }))
      expect((await get(writer, name))['training']?.['slot']).toBe(slot);
  });

  test('is what the next daemon goes by', async () => {
    const before = await world(['a', 'b']);
    const token = await begin(before.writer, 'a', { slot: 'gpu0' });
    const { writer } = await before.restart();
    await holders(writer, 'b', 'gpu0');
    expect(await writer.call('training.resume', { project: 'a', token })).toMatchObject({ slot: 'gpu0' });
    await holders(writer, 'b', 'gpu0');
    await writer.call('training.complete', { project: 'a', token });
    expect(await slotOf(writer, { project: 'b', slot: 'gpu0' })).toBe('gpu0');
  });

  test('while no daemon runs does not either, where the copy of it knows better', async () => {
    const before = await world(['a', 'b']);
    await begin(before.writer, 'a', { slot: 'gpu0' });
    await begin(before.writer, 'b', { slot: 'gpu1' });
    await stop(before);
    await edit(before, { a: { slot: undefined }, b: { slot: 'gpu0' } });
    const after = await world([], { dataDir: before.paths.dataDir });
    await after.writer.call('registry.reload');
    expect(await onDisk(after)).toEqual({ a: 'gpu0', b: 'gpu1' });
  });

  test('of two with one slot leaves it to the first, in the file, too', async () => {
    const before = await world(['a', 'b', 'c']);
    const tokens = [
      await begin(before.writer, 'a', { slot: 'gpu0' }),
      await begin(before.writer, 'b', { slot: 'gpu1' }),
    ];
    await stop(before);
    // As a file from elsewhere.
    await rm(join(before.paths.backupsDir, 'registry-last-good.json'));
    await edit(before, { b: { slot: 'gpu0' } });
    const after = await world([], { dataDir: before.paths.dataDir });
    const { writer } = after;
    const leases = [
      await writer.call('training.resume', { project: 'a', token: tokens[0] }),
      await writer.call('training.resume', { project: 'b', token: tokens[1] }),
    ];
    expect(leases.map((lease) => lease['slot'])).toEqual(['gpu0', undefined]);
    await writer.call('registry.reload');
    expect(await onDisk(after)).toEqual({ a: 'gpu0' });
    expect(await holders(writer, 'c', 'gpu0')).toMatchObject([{ project: { name: 'a' } }]);
    // The end of the other one is not the end of the slot.
    await writer.call('training.release', { project: 'b', token: tokens[1] });
    await holders(writer, 'c', 'gpu0');
    await writer.call('training.release', { project: 'a', token: tokens[0] });
    expect(await slotOf(writer, { project: 'c', slot: 'gpu0' })).toBe('gpu0');
  });
});
