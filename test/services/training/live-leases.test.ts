/** A training goes on whatever somebody does to the file meanwhile, and one that only a content knows is none. */
import { execFile } from 'node:child_process';
import { copyFile, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { MAX_TOKEN } from '../../../src/domain/project.ts';
import { type Gardenerd, startGardenerd } from '../../faults/support/gardenerd.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { connectLines } from '../../support/lines.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { begin, get, type World, world } from '../../support/world.ts';

type Stored = Record<string, unknown> & { name: string; training?: Record<string, unknown> | null };
interface File {
  version: string;
  projects: Record<string, Stored>;
}

const HOLDER = { name: 'lora', pid: 7 };
const BACKUP = 'registry-20260101T000000.000Z-edit.json';

async function read(file: string): Promise<File> {
  return JSON.parse(await readFile(file, 'utf8')) as File;
}

/** Puts a file in the place of another in one step: nobody sees half of it. */
async function put(path: string, content: object): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

/** The project `a` as the file has it. */
async function onDisk(file: string): Promise<Stored> {
  return Object.values((await read(file)).projects).find(({ name }) => name === 'a') as Stored;
}

/** Edits the project `a` in the file, and has the daemon look. */
async function edit({ writer, paths }: World, change: (project: Stored) => void): Promise<void> {
  const file = await read(paths.registryFile);
  for (const project of Object.values(file.projects)) if (project.name === 'a') change(project);
  await put(paths.registryFile, file);
  await writer.call('registry.reload');
}

/** Writes back what it read some time ago, as the Python module does, without a field of version 1.1. */
async function writeAsPython(path: string, { projects }: File): Promise<void> {
  const known = [
    'project_id',
    'name',
    'source_path',
    'created_at',
    'last_updated',
    'training_status',
    'language',
  ];
  const old = Object.entries(projects).map(([id, project]) => [
    id,
    Object.fromEntries(Object.entries(project).filter(([field]) => known.includes(field))),
  ]);
  await put(path, { version: '1.0', projects: Object.fromEntries(old) as object });
}

/** A world with a training under way, and the file as it was before. */
async function training(params: object = {}): Promise<World & { token: number; before: File; kept: string }> {
  const here = await world(['a']);
  const before = await read(here.paths.registryFile);
  await copyFile(here.paths.registryFile, join(here.paths.backupsDir, BACKUP));
  const token = await begin(here.writer, 'a', { holder: HOLDER, ...params });
  return { ...here, token, before, kept: BACKUP };
}

const GOES_ON = { training_status: 'training', training: { holder: HOLDER } };

/** Limits how long a file this process can write, in bytes; a longer write is cut short, as on a full disk. */
async function limitFileSize(bytes: number | 'unlimited'): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
}

// The system also sends a signal, which would end the process; the failed write is what is wanted here.
process.on('SIGXFSZ', () => undefined);

describe('a training goes on, also for the next daemon, through', () => {
  test.each<[what: string, how: (here: Awaited<ReturnType<typeof training>>) => Promise<unknown>]>([
    [
      'a program of version 1.0 that writes back what it read before',
      async ({ paths, before, writer }) => {
        await writeAsPython(paths.registryFile, before);
        await writer.call('registry.reload');
      },
    ],
    [
      'a program of version 1.0 that read it during the training',
      async ({ paths, writer }) => {
        await writeAsPython(paths.registryFile, await read(paths.registryFile));
        await writer.call('registry.reload');
      },
    ],
    ['an edit that takes the record away', (here) => edit(here, (project) => (project.training = null))],
    [
      'an edit of the holder',
      (here) => edit(here, ({ training: record }) => Object.assign(record ?? {}, { holder: null })),
    ],
    ['an edit of the status', (here) => edit(here, (project) => (project['training_status'] = 'failed'))],
    ['a restore of everything', ({ writer, kept }) => writer.call('registry.restore', { name: kept })],
    [
      'a restore of the project',
      ({ writer, kept }) => writer.call('registry.restore', { name: kept, projects: ['a'] }),
    ],
    ['a repair', ({ writer }) => writer.call('registry.repair')],
  ])('%s', async (_, how) => {
    const here = await training({ stall_ms: 60_000 });
    await how(here);
    const { writer, token } = here;
    const record = { token, holder: HOLDER, stall_ms: 60_000, attempt: 1, cancel_requested: false };
    expect(await get(writer, 'a')).toMatchObject({ ...GOES_ON, training: record });
    expect(await onDisk(here.paths.registryFile)).toMatchObject({ ...GOES_ON, training: record });
    expect((await writer.refusal('training.begin', { project: 'a' })).code).toBe(1006);
    const next = await here.restart();
    await next.writer.call('training.resume', { project: 'a', token });
    expect(await next.writer.call('training.complete', { project: 'a', token })).toMatchObject({
      training_status: 'completed',
      training: { token, holder: null },
    });
  });

  test('a polite stop right after a program of version 1.0, before anybody has looked', async () => {
    const here = await training();
    await writeAsPython(here.paths.registryFile, here.before);
    const { writer } = await here.restart();
    expect(await get(writer, 'a')).toMatchObject({ ...GOES_ON, training: { token: here.token } });
    await writer.call('training.resume', { project: 'a', token: here.token });
    expect(await writer.call('training.complete', { project: 'a', token: here.token })).toMatchObject({
      training_status: 'completed',
    });
  });

  test('kill -9 after a program of version 1.0, without anybody asking for a look', async () => {
    const dataDir = await temporaryDirectory();
    const daemon = await startGardenerd({ dataDir });
    const writer = await daemon.connect();
    await writer.call('projects.register', { name: 'a', source_path: dataDir });
    const { registryFile, socket } = daemon.paths;
    const before = await read(registryFile);
    const token = await begin(writer, 'a', { holder: HOLDER });
    await writeAsPython(registryFile, before);
    await until(async () => (await onDisk(registryFile)).training, 'the daemon has added what it needs');
    await daemon.kill();
    await startGardenerd({ dataDir });
    const again = await connectLines(socket);
    await again.call('training.resume', { project: 'a', token });
    expect(await again.call('training.release', { project: 'a', token })).toMatchObject({
      training_status: 'not_started',
    });
  });

  test.each<[how: string, end: (daemon: Gardenerd) => Promise<unknown>]>([
    ['ended politely', (daemon) => daemon.stop()],
    ['was killed at once', (daemon) => daemon.kill()],
  ])('a program of version 1.0 that writes while no daemon runs: the last one %s', async (_, end) => {
    const dataDir = await temporaryDirectory();
    const first = await startGardenerd({ dataDir });
    const writer = await first.connect();
    for (const name of ['a', 'b', 'c'])
      await writer.call('projects.register', { name, source_path: dataDir });
    await writer.call('projects.set_status', { project: 'a', status: 'completed' });
    const { registryFile } = first.paths;
    const before = await read(registryFile);
    const token = await begin(writer, 'a', { holder: HOLDER, stall_ms: 60_000 });
    // One that it reads during the training, and one that is over by then.
    const tokenOfB = await begin(writer, 'b', { holder: HOLDER });
    const over = await begin(writer, 'c', { holder: HOLDER });
    await writer.call('training.complete', { project: 'c', token: over });
    await end(first);
    const during = await read(registryFile);
    const mixed = Object.values(during.projects).map((project) =>
      project.name === 'a' ? before.projects[String(project['project_id'])] : project,
    );
    await writeAsPython(registryFile, {
      ...during,
      projects: Object.fromEntries(
        mixed.map((project) => [String(project?.['project_id']), project as Stored]),
      ),
    });
    const again = await (await startGardenerd({ dataDir })).connect();
    expect(await get(again, 'c')).toMatchObject({ training_status: 'completed' });
    // In the file, too, without a change.
    await until(async () => (await onDisk(registryFile)).training, 'the daemon has added what it needs');
    expect(await onDisk(registryFile)).toMatchObject({ ...GOES_ON, training: { token, stall_ms: 60_000 } });
    await again.call('training.resume', { project: 'b', token: tokenOfB });
    await again.call('training.resume', { project: 'a', token });
    expect(await again.call('training.release', { project: 'a', token })).toMatchObject({
      training_status: 'completed',
    });
    expect(await again.call('training.release', { project: 'b', token: tokenOfB })).toMatchObject({
      training_status: 'not_started',
    });
    expect(await begin(again, 'c')).toBeGreaterThan(over);
  });
});

test('an edit while no daemon runs to what a token cannot be followed from does not count', async () => {
  const here = await world(['a']);
  const token = await begin(here.writer, 'a');
  await here.writer.call('training.release', { project: 'a', token });
  here.writer.socket.destroy();
  await here.daemon.stop('the file is edited meanwhile');
  const file = await read(here.paths.registryFile);
  for (const project of Object.values(file.projects)) project.training = { token: MAX_TOKEN - 1 };
  await put(here.paths.registryFile, file);
  const { writer } = await world([], { dataDir: here.paths.dataDir });
  const tokens = [token];
  for (let round = 0; round < 3; round += 1) {
    tokens.push(await begin(writer, 'a'));
    await writer.call('training.release', { project: 'a', token: Number(tokens.at(-1)) });
  }
  expect(tokens).toEqual([...new Set(tokens)].toSorted((x, y) => x - y));
  expect(Number(tokens.at(-1))).toBeLessThan(MAX_TOKEN - 1);
});

describe('what releasing puts back is', () => {
  test('the status of an edit by hand', async () => {
    const here = await training();
    await edit(here, (project) => (project['training_status'] = 'completed'));
    const { writer, token } = here;
    expect(await get(writer, 'a')).toMatchObject(GOES_ON);
    expect(await writer.call('training.release', { project: 'a', token })).toMatchObject({
      training_status: 'completed',
      training: { error: null, attempt: 0 },
    });
  });

  test('what it was before a program of version 1.0 wrote, with the request that it does not know', async () => {
    const here = await world(['a']);
    const { writer, paths } = here;
    await writer.call('projects.retrain', { project: 'a', reason: 'new model' });
    const token = await begin(writer, 'a');
    await writeAsPython(paths.registryFile, await read(paths.registryFile));
    await writer.call('registry.reload');
    expect(await writer.call('training.release', { project: 'a', token })).toMatchObject({
      training_status: 'not_started',
      retrain_requested: { reason: 'new model' },
    });
  });

  test('with a request that somebody adds meanwhile', async () => {
    const here = await training();
    const at = '2026-01-05T10:00:00.000Z';
    await edit(here, (project) => (project['retrain_requested'] = { at, reason: 'by hand' }));
    expect(await get(here.writer, 'a')).toMatchObject({ ...GOES_ON, retrain_requested: null });
    const { writer, token } = here;
    expect(await writer.call('training.release', { project: 'a', token })).toMatchObject({
      retrain_requested: { at, reason: 'by hand' },
    });
  });
});

test('an edit that leaves the training alone is left as it was written', async () => {
  const here = await training();
  await edit(here, (project) => (project['plugin'] = { mine: true }));
  const text = await readFile(here.paths.registryFile, 'utf8');
  expect(text).toContain('"mine": true');
  await edit(here, (project) => (project['language'] = 'rust'));
  expect(await get(here.writer, 'a')).toMatchObject({ ...GOES_ON, language: 'rust', plugin: { mine: true } });
  const backups = await readdir(here.paths.backupsDir);
  // One for each edit and none for a write of the daemon.
  expect(backups.filter((name) => name !== BACKUP && name.endsWith('-edit.json'))).toHaveLength(2);
  expect(here.daemon.status().batches.count).toBe(2);
});

test('a project that an edit takes away is trained no longer', async () => {
  const here = await training();
  const { projects, ...rest } = await read(here.paths.registryFile);
  expect(Object.keys(projects)).toHaveLength(1);
  await put(here.paths.registryFile, { ...rest, projects: {} });
  await here.writer.call('registry.reload');
  const lost = await here.writer.refusal('training.complete', { project: 'a', token: here.token });
  expect(lost.code).toBe(1001);
});

describe('a training that only the content knows', () => {
  const FOREIGN = {
    token: 3,
    holder: { name: 'elsewhere', pid: 99 },
    started_at: '2026-01-05T10:00:00.000Z',
    before: {
      training_status: 'failed',
      retrain_requested: { at: '2026-01-04T10:00:00.000Z', reason: 'again' },
      error: 'no GPU',
      attempt: 1,
    },
  };
  const AS_BEFORE = {
    training_status: 'failed',
    retrain_requested: { reason: 'again' },
    training: { holder: null, error: 'no GPU', attempt: 1 },
  };

  test('of an edit is over: the project stands as before it, in the file, too', async () => {
    const here = await world(['a']);
    await edit(here, (project) => Object.assign(project, { training_status: 'training', training: FOREIGN }));
    expect(await get(here.writer, 'a')).toMatchObject(AS_BEFORE);
    const stored = await onDisk(here.paths.registryFile);
    expect(stored).toMatchObject(AS_BEFORE);
    expect(stored.training).not.toHaveProperty('before');
    const { writer } = await here.restart();
    expect(await get(writer, 'a')).toMatchObject(AS_BEFORE);
    expect(await begin(writer, 'a')).toBeGreaterThan(3);
  });

  test.each([
    ['everything', {}],
    ['the project', { projects: ['a'] }],
  ])('of a backup from during one is over when %s is restored', async (_, params) => {
    const here = await training();
    const { writer, paths, token } = here;
    await copyFile(paths.registryFile, join(paths.backupsDir, BACKUP));
    await writer.call('training.release', { project: 'a', token });
    await writer.call('projects.remove', { project: 'a' });
    await writer.call('registry.restore', { name: BACKUP, ...params });
    const over = { training_status: 'not_started', training: { token, holder: null } };
    expect(await get(writer, 'a')).toMatchObject(over);
    expect(await onDisk(paths.registryFile)).toMatchObject(over);
    expect(await begin(writer, 'a')).toBeGreaterThan(token);
  });

  test.each([
    ['a restore', (here: World) => here.writer.call('registry.restore', { name: BACKUP })],
    [
      'an editor that had the file open all the time',
      async ({ paths, writer }: World) => {
        await copyFile(join(paths.backupsDir, BACKUP), paths.registryFile);
        await writer.call('registry.reload');
      },
    ],
  ])('and that has ended since stays as it ended, after %s', async (_, how) => {
    const here = await training();
    const { writer, paths, token } = here;
    await copyFile(paths.registryFile, join(paths.backupsDir, BACKUP));
    await writer.call('training.complete', { project: 'a', token });
    const { training: record, last_trained } = await get(writer, 'a');
    await how(here);
    const ended = { training_status: 'completed', training: record, last_trained };
    expect(await get(writer, 'a')).toMatchObject(ended);
    expect(await onDisk(paths.registryFile)).toMatchObject(ended);
  });

  test('under another one that is live here counts for what it was before that', async () => {
    const here = await training();
    await edit(here, (project) => (project.training = FOREIGN));
    const { writer, token } = here;
    expect(await get(writer, 'a')).toMatchObject({ ...GOES_ON, training: { token } });
    expect(await writer.call('training.release', { project: 'a', token })).toMatchObject(AS_BEFORE);
  });
});

test('what is missing is written as soon as the disk can be written', async (context) => {
  requireTools(context, 'prlimit');
  const here = await training();
  const { writer, paths, token, before, log } = here;
  // The earlier content fits into its backup, and the new one not into the file.
  const { size } = await stat(paths.registryFile);
  for (const project of Object.values(before.projects)) project['language'] = 'x'.repeat(2 * size);
  const ready = `${paths.registryFile}.python`;
  await writeAsPython(ready, before);
  await limitFileSize(size + 100);
  try {
    await rename(ready, paths.registryFile);
    // Whoever looks first: this, or the daemon by itself.
    await writer.call('registry.reload');
  } finally {
    await limitFileSize('unlimited');
  }
  expect(await get(writer, 'a')).toMatchObject(GOES_ON);
  expect(log.some(({ msg }) => msg?.startsWith('cannot write what a training needs'))).toBe(true);
  // By the next look, without a change.
  await writer.call('registry.reload');
  expect(await onDisk(paths.registryFile)).toMatchObject({ ...GOES_ON, training: { token } });
});
