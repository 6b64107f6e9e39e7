/** What a registry goes through while it is recorded: each way in which its files change, at least once. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Backup } from '../../../src/store/backups/backups.ts';
import { until } from '../../support/until.ts';
import { servedContent } from '../support/content.ts';
import { CODEBASE } from '../support/gardenerd.ts';
import { Machine } from './machine.ts';
import { Recorder } from './recorder.ts';
import type { Recording } from './recording.ts';

const PYTHON_FILE = fileURLToPath(new URL('../../fixtures/python-1.0.json', import.meta.url));

/** A year of a registry in half a minute, begun on an empty disk. */
export async function recordEveryday(): Promise<Recording> {
  const recorder = new Recorder(await Machine.start());
  const { machine } = recorder;
  const file = machine.paths.registryFile;
  await recorder.begin(false);
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const answer = await recorder.change('projects.register', { name, source_path: CODEBASE, tags: [] });
    ids.push((answer.result as { project_id: string }).project_id);
  }
  for (const id of ids.slice(0, 2)) await plantAdapter(recorder, id);
  await recorder.change('projects.update', { project: 'a', metadata: { note: 'x'.repeat(3_000) } });
  await recorder.change('projects.touch', { project: 'b' });
  await recorder.change('projects.activate', { project: 'b' });
  await recorder.together(
    ['a', 'b', 'c'].map((project) => ({ method: 'projects.update', params: { project, file_count: 7 } })),
  );
  await recorder.restart('TERM', { method: 'projects.update', params: { project: 'a', file_count: 8 } });

  // A careful editor, one that writes in place, one that renames and does not sync, one that makes a mistake.
  const edit = (from: string, to: string): string =>
    `sed 's/"name": "${from}"/"name": "${to}"/' '${file}' > '${file}.mine'`;
  const hasName = (name: string) =>
    until(async () => await named(recorder, name), `${name} is served`).then(() => undefined);
  const sync = `sync '${file}.mine'`;
  const move = `mv '${file}.mine' '${file}'`;
  const careful = `${edit('c', 'careful')}; ${sync}; ${move}; sync '${machine.paths.dataDir}'`;
  await recorder.outside('a careful edit', { careless: false, adopted: true }, careful, () =>
    hasName('careful'),
  );
  await recorder.change('projects.update', { project: 'a', file_count: 9 });
  const inPlace = `${edit('careful', 'in place')}; tee '${file}' < '${file}.mine' >/dev/null; rm '${file}.mine'`;
  await recorder.outside('an edit in place', { careless: true, adopted: true }, inPlace, () =>
    hasName('in place'),
  );
  await recorder.change('projects.update', { project: 'a', file_count: 10 });
  const renamed = `${edit('in place', 'renamed')}; ${move}`;
  await recorder.outside('an edit by rename', { careless: true, adopted: true }, renamed, () =>
    hasName('renamed'),
  );
  await recorder.restart('KILL');
  await recorder.change('projects.update', { project: 'a', file_count: 11 });
  const kept = (): Promise<string | undefined> => backupBecauseOf('fault', recorder);
  const mistake = `echo '{"version": "1.2",' > '${file}'`;
  await recorder.outside('a mistake', { careless: true }, mistake, async () => {
    await until(kept, 'what was served is kept');
  });
  const name = await kept();
  await recorder.change('registry.restore', { name });

  await recorder.change('projects.remove', { project: 'b' });
  recorder.release(ids[1] as string);
  await recorder.change('registry.restore', { name, projects: ['b'] });
  await recorder.outside('a deletion', { careless: true }, `rm '${file}'`, async (client) => {
    await until(async () => (await client.call('registry.info'))['read_only'], 'the deletion is noticed');
    await until(async () => !(await client.call('registry.info'))['read_only'], 'the file is written back');
  });
  await recorder.restart('TERM');
  await recorder.change('projects.register', { name: 'd', source_path: CODEBASE });
  await recorder.change('projects.remove', { project: 'a' });
  recorder.release(ids[0] as string);
  return await recorder.record();
}

/** A file of version 1.0 is there before the first daemon, and is written over by it. */
export async function recordMigration(): Promise<Recording> {
  const recorder = new Recorder(await Machine.start());
  const { machine } = recorder;
  const { dataDir, registryFile } = machine.paths;
  await machine.run(
    `mkdir '${dataDir}'; tee '${registryFile}' < '${PYTHON_FILE}' >/dev/null; sync '${registryFile}' '${dataDir}' '${machine.root}'`,
  );
  await recorder.keep(await readFile(PYTHON_FILE), null);
  await recorder.begin('synced');
  await recorder.change('projects.register', { name: 'new', source_path: CODEBASE });
  await recorder.change('projects.update', { project: 'new', file_count: 1 });
  await recorder.restart('TERM');
  await recorder.change('projects.remove', { project: 'new' });
  return await recorder.record();
}

/** A file was put there by somebody who did not sync it, while no daemon ran. */
export async function recordRestored(): Promise<Recording> {
  const recorder = new Recorder(await Machine.start());
  const { dataDir, registryFile } = recorder.machine.paths;
  await recorder.machine.run(
    `mkdir '${dataDir}'; sync '${recorder.machine.root}'; tee '${registryFile}' < '${PYTHON_FILE}' >/dev/null`,
  );
  await recorder.begin('unsynced');
  await recorder.change('projects.register', { name: 'new', source_path: CODEBASE });
  return await recorder.record();
}

/** Files are spoilt, edited and restored: whatever is replaced is kept, and a spoilt file costs nothing. */
export async function recordRecovery(): Promise<Recording> {
  const recorder = new Recorder(await Machine.start());
  const { dataDir, registryFile: file } = recorder.machine.paths;
  const content = (): Promise<Buffer> => readFile(file);
  const replaceWith = (command: string): string =>
    `${command} > '${file}.mine'; sync '${file}.mine'; mv '${file}.mine' '${file}'; sync '${dataDir}'`;
  await recorder.begin(false);
  await recorder.change('projects.register', { name: 'a', source_path: CODEBASE });
  await recorder.change('projects.register', { name: 'b', source_path: CODEBASE });

  const beforeEdit = await content();
  const edit = replaceWith(`sed 's/"name": "b"/"name": "edited"/' '${file}'`);
  await recorder.outside('an edit', { careless: false, adopted: true }, edit, () =>
    until(async () => await named(recorder, 'edited'), 'the edit is served').then(() => undefined),
  );
  await recorder.keep(beforeEdit, null);
  const edited = await backupBecauseOf('edit', recorder);
  await recorder.change('projects.update', { project: 'a', file_count: 1 });

  await recorder.end();
  await recorder.recover(`echo broken > '${file}'; sync '${file}'`, Buffer.from('broken\n'));
  await recorder.change('projects.update', { project: 'a', file_count: 2 });

  // The file is bad for certain while the copy of everything is written over, and all other backups are older.
  const beforeMistake = await content();
  const mistake = replaceWith('echo mistake');
  await recorder.outside('a mistake', { careless: true }, mistake, async (client) => {
    await until(() => backupBecauseOf('fault', recorder), 'what was served is kept');
    // It has a name before it is safe: this waits until nothing is left to be done.
    await client.call('registry.reload');
  });
  await recorder.keep(beforeMistake, null);
  await recorder.change('registry.restore', { name: await backupBecauseOf('fault', recorder) });
  await recorder.keep(Buffer.from('mistake\n'), null);

  await recorder.change('projects.update', { project: 'a', file_count: 3 });
  await recorder.keep(await content(), null);
  await recorder.change('registry.restore', { name: edited });
  // The copy of everything is none of the others from here on.
  await recorder.change('projects.update', { project: 'a', file_count: 4 });
  await recorder.restart('TERM');
  return await recorder.record();
}

/** What training leaves in a project's directory, made safe by whoever made it. */
async function plantAdapter(recorder: Recorder, id: string): Promise<void> {
  const { paths, root } = recorder.machine;
  const own = `${paths.projectsDir}/${id}`;
  await recorder.machine.run(
    `echo trained > '${own}/lora_adapter.bin'; sync '${own}/lora_adapter.bin' '${own}' '${paths.projectsDir}' '${paths.dataDir}' '${root}'`,
  );
  await recorder.keep(Buffer.from('trained\n'), id);
}

async function backupBecauseOf(why: string, { client }: Recorder): Promise<string | undefined> {
  const { backups } = await client.call('registry.backups');
  return (backups as unknown as Backup[]).find(({ reason }) => reason === why)?.name;
}

async function named(recorder: Recorder, name: string): Promise<boolean> {
  return (await servedContent(recorder.client)).projects.some((project) => project.name === name);
}
