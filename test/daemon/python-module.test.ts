/** A registry of the Python module, served and changed by the daemon, and read by Python again. */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startGardenerd } from '../faults/support/gardenerd.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/python-1.0.json', import.meta.url));
const READER = fileURLToPath(new URL('read_as_python.py', import.meta.url));

type Stored = Readonly<Record<string, unknown>>;
interface File extends Stored {
  readonly projects: Readonly<Record<string, Stored>>;
}

/** What Python makes of a registry file. */
async function asPython(file: string): Promise<Stored> {
  const env = { PATH: process.env['PATH'], TZ: 'Europe/Berlin', PYTHONUTF8: '1' };
  const { stdout } = await promisify(execFile)('python3', ['-W', 'error', READER, file], { env });
  return JSON.parse(stdout) as Stored;
}

async function parsed(file: string): Promise<File> {
  return JSON.parse(await readFile(file, 'utf8')) as File;
}

/** A copy of the Python module's file in a data directory of its own. */
async function homeOfPython(change: (file: File) => object = (file) => file): Promise<string> {
  const dataDir = await temporaryDirectory();
  const text = JSON.stringify(change(await parsed(FIXTURE)), null, 2);
  await writeFile(join(dataDir, 'registry.json'), text, { mode: 0o644 });
  return dataDir;
}

test('the reader reads what the Python module wrote', async (context) => {
  requireTools(context, 'python3');
  const file = join(
    await homeOfPython(({ projects, ...rest }) => ({
      ...rest,
      projects: Object.fromEntries(
        Object.entries(projects).map(([id, stored]) => [
          id,
          { ...stored, last_trained: null, last_used: null },
        ]),
      ),
    })),
    'registry.json',
  );
  expect(await asPython(file)).toMatchObject({ counts: { tiny: 17 } });
});

test('what the daemon has written, Python reads: the same projects, at the same instants', async (context) => {
  requireTools(context, 'python3');
  const dataDir = await homeOfPython();
  const original = await readFile(join(dataDir, 'registry.json'));
  const before = JSON.parse(original.toString()) as File;
  // Times of the Python module are the local time of whoever runs it.
  const daemon = await startGardenerd({ dataDir, env: { TZ: 'Europe/Berlin' } });
  const peer = await daemon.connect();
  expect(await peer.call('projects.count')).toBe(12);
  await peer.call('projects.update', { project: 'tiny', file_count: 18 });
  await daemon.stop();

  const { names, active, instants, counts } = await asPython(daemon.paths.registryFile);
  const stored = Object.entries(before.projects);
  expect(names).toEqual(stored.map(([, { name }]) => name));
  expect(active).toBe(before['active_project']);
  expect(counts).toMatchObject({ tiny: 18, legacy_monolith: 4211 });
  for (const [id, { created_at }] of stored) {
    // February, so that Berlin is an hour ahead; Python has microseconds, the file milliseconds.
    const instant = Date.parse(`${String(created_at).replace(' ', 'T').slice(0, 23)}+01:00`);
    expect((instants as Record<string, number>)[id]).toBeCloseTo(instant / 1000, 2);
  }

  const after = await parsed(daemon.paths.registryFile);
  for (const [id, project] of stored) {
    const { created_at: _, last_updated: __, file_count: ___, ...same } = project;
    expect(after.projects[id]).toMatchObject(same);
    // What 1.0 never has as null is not null.
    for (const [name, value] of Object.entries(project)) {
      if (value !== null) expect(typeof after.projects[id]?.[name]).toBe(typeof value);
    }
  }
  const { backupsDir } = daemon.paths;
  const kept = (await readdir(backupsDir)).find((name) => name.endsWith('-migration.json'));
  expect(await readFile(join(backupsDir, String(kept)))).toEqual(original);
});

test('what the daemon adds and trains, Python reads', async (context) => {
  requireTools(context, 'python3');
  const daemon = await startGardenerd({ dataDir: await homeOfPython() });
  const peer = await daemon.connect();
  await peer.call('projects.register', {
    name: 'new',
    source_path: daemon.paths.dataDir,
    tags: ['a'],
    activate: true,
  });
  const { token } = await peer.call('training.begin', { project: 'new' });
  await peer.call('training.complete', { project: 'new', token });
  await peer.call('projects.retrain', { project: 'dotfiles', reason: 'it grew' });
  await peer.call('projects.remove', { project: 'tiny', keep_files: true });
  const seen = await asPython(daemon.paths.registryFile);
  expect(seen['names']).toHaveLength(12);
  expect(seen['names']).toContain('new');
  expect(seen['names']).not.toContain('tiny');
});

test('a file that the daemon has made, Python reads', async (context) => {
  requireTools(context, 'python3');
  const daemon = await startGardenerd();
  const peer = await daemon.connect();
  await peer.call('projects.register', { name: 'new', source_path: daemon.paths.dataDir, activate: true });
  expect(await parsed(daemon.paths.registryFile)).toHaveProperty('$schema');
  expect(await asPython(daemon.paths.registryFile)).toMatchObject({ names: ['new'], counts: { new: 0 } });
});

test('what neither version knows stays, at every level', async () => {
  const strange = { shape: ['of', { things: null }], __proto: 1 };
  const dataDir = await homeOfPython(({ projects, ...rest }) => ({
    ...rest,
    strange,
    projects: Object.fromEntries(
      Object.entries(projects).map(([id, stored]) => [id, { ...stored, strange }]),
    ),
  }));
  const daemon = await startGardenerd({ dataDir });
  await (await daemon.connect()).call('projects.update', { project: 'tiny', file_count: 18 });
  const after = await parsed(daemon.paths.registryFile);
  expect(after['strange']).toEqual(strange);
  const projects = Object.values(after.projects);
  expect(projects).toHaveLength(12);
  for (const stored of projects) expect(stored['strange']).toEqual(strange);
});
