/** What a person has done by mistake, and takes back. */
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { MAX_UNDO } from '../../src/store/undo/journal.ts';
import { thrownAway } from '../support/trash.ts';
import { begin, get, request, type World, world } from '../support/world.ts';

interface Undone {
  readonly id: string;
  readonly operation: string;
  readonly backup: string | null;
  readonly effect: Record<'comes_back' | 'goes' | 'changes', readonly { name: string }[]>;
  readonly kept: readonly { name: string; fields: string[] }[];
  readonly directories: readonly string[];
  readonly missing: readonly { path: string }[];
  readonly left: readonly { path: string; reason: string }[];
}

let here: World;

beforeEach(async () => {
  here = await world(['a', 'b', 'c']);
});

async function undo(params: object = {}, by = here): Promise<Undone | null> {
  return (await by.writer.call('registry.undo', params))['undone'] as unknown as Undone | null;
}

async function names(by = here): Promise<string[]> {
  const { projects } = await by.writer.call('projects.list', { sort: 'name' });
  return (projects as unknown as { name: string }[]).map(({ name }) => name);
}

async function idOf(name: string): Promise<string> {
  return String((await get(here.writer, name))['project_id']);
}

/** Puts something into a project's own directory; gives that. */
async function train(name: string): Promise<string> {
  const own = join(here.paths.projectsDir, await idOf(name));
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'lora_adapter.bin'), `weights of ${name}`);
  return own;
}

const journal = (): Promise<string[]> => readdir(join(here.paths.dataDir, 'undo'));
const backups = async (reason: string): Promise<string[]> =>
  (await readdir(here.paths.backupsDir)).filter((name) => name.endsWith(`Z-${reason}.json`));
const remove = (project: string, params: object = {}) =>
  here.writer.call('projects.remove', { project, ...params });
const refusal = (project: string) => here.writer.refusal('projects.remove', { project });

describe('what can be taken back', () => {
  test('is passed over where it cannot be read, and the log says so once', async () => {
    await remove('a');
    await remove('b');
    const [, last = ''] = (await journal()).toSorted();
    await writeFile(join(here.paths.dataDir, 'undo', last), '{');
    expect((await undo({ dry_run: true }))?.effect.comes_back).toMatchObject([{ name: 'a' }]);
    expect((await undo())?.effect.comes_back).toMatchObject([{ name: 'a' }]);
    expect(here.log.filter(({ msg }) => msg === 'cannot read what could be taken back')).toHaveLength(1);
  });

  test('is kept in no place that a link leads to: nothing is removed then', async () => {
    const elsewhere = join(here.paths.dataDir, 'elsewhere');
    const undoDir = join(here.paths.dataDir, 'undo');
    await mkdir(elsewhere);
    await rm(undoDir, { recursive: true, force: true });
    await symlink(elsewhere, undoDir);
    const because = `${undoDir} is a link, and nothing is written or deleted through one; remove it`;
    expect((await refusal('a')).message).toContain(because);
    expect(await names()).toEqual(['a', 'b', 'c']);
    expect(await readdir(elsewhere)).toEqual([]);
    await rm(undoDir);
    await remove('a');
  });
});

describe('a removal', () => {
  test('is taken back with its directory, whole', async () => {
    const own = await train('a');
    const before = await get(here.writer, 'a');
    await remove('a');
    expect(await undo({ dry_run: true })).toMatchObject({ directories: [own], left: [] });
    expect(await names()).toEqual(['b', 'c']);
    expect(await undo()).toMatchObject({
      operation: 'remove',
      backup: expect.stringMatching(/Z-remove\.json$/),
      effect: { comes_back: [{ name: 'a' }], active_project: { to: { name: 'a' } } },
      directories: [own],
      missing: [],
      left: [],
    });
    expect(await get(here.writer, 'a')).toEqual(before);
    expect(await readFile(join(own, 'lora_adapter.bin'), 'utf8')).toBe('weights of a');
    expect(await thrownAway(here.paths.trashDir)).toEqual([]);
    expect(await undo()).toBeNull();
  });

  test('is taken back after the one that came later', async () => {
    for (const name of ['a', 'b']) await remove(name);
    expect((await undo())?.effect.comes_back).toMatchObject([{ name: 'b' }]);
    expect((await undo())?.effect.comes_back).toMatchObject([{ name: 'a' }]);
    expect(await names()).toEqual(['a', 'b', 'c']);
  });

  test('that was shown is taken back, and no other', async () => {
    await remove('a');
    const shown = await undo({ dry_run: true });
    await remove('b');
    const params = { id: shown?.id };
    expect(await here.writer.refusal('registry.undo', params)).toMatchObject({
      code: -32602,
      data: { issues: [{ path: 'id' }] },
    });
    expect(await names()).toEqual(['c']);
    await undo();
    expect(await undo(params)).toMatchObject({ ...params, effect: { comes_back: [{ name: 'a' }] } });
    // The next one has its number.
    await remove('c');
    expect(await here.writer.refusal('registry.undo', params)).toMatchObject({ code: -32602 });
  });

  test('is taken back by the next daemon', async () => {
    const own = await train('a');
    await remove('a');
    const next = await here.restart();
    expect(await undo({}, next)).toMatchObject({ directories: [own] });
  });

  test('of many in a batch is taken back one by one, and kept once', async () => {
    here.writer.send(['a', 'b'].map((project, n) => request(n + 1, 'projects.remove', { project })));
    await here.writer.next();
    expect(await backups('remove')).toHaveLength(1);
    await undo();
    expect(await names()).toEqual(['b', 'c']);
    await undo();
    expect(await names()).toEqual(['a', 'b', 'c']);
  });

  test('that is refused, or undone as a trial, leaves nothing', async () => {
    await begin(here.writer, 'a');
    expect(await refusal('a')).toMatchObject({ code: 1006 });
    expect(await refusal('nobody')).toMatchObject({ code: 1001 });
    expect(await backups('remove')).toEqual([]);
    expect(await undo()).toBeNull();
  });

  test('whose name is taken is refused, and nothing moves', async () => {
    await train('a');
    await remove('a');
    await here.add('A');
    expect(await here.writer.refusal('registry.undo')).toMatchObject({
      code: 1002,
      message: expect.stringContaining('bring back "a"'),
    });
    expect(await thrownAway(here.paths.trashDir)).toHaveLength(1);
    await here.writer.call('projects.update', { project: 'A', name: 'other' });
    expect(await undo()).toMatchObject({ directories: [expect.anything()] });
  });

  test('whose place is taken is refused, and nothing changes', async () => {
    const own = await train('a');
    await remove('a');
    await mkdir(own);
    await writeFile(join(own, 'late'), '');
    expect(await here.writer.refusal('registry.undo')).toMatchObject({
      code: 1010,
      message: `cannot put back what was at ${own}: something else is there`,
    });
    expect(await names()).toEqual(['b', 'c']);
    await rm(join(own, 'late'));
    expect(await undo()).toMatchObject({ directories: [own] });
  });

  test.each(['nowhere', 'elsewhere'])('in whose place is a link to %s is refused', async (to) => {
    const own = await train('a');
    await remove('a');
    const target = join(here.paths.dataDir, to);
    if (to === 'elsewhere') await mkdir(target);
    await symlink(target, own);
    for (const params of [{ dry_run: true }, {}])
      expect(await here.writer.refusal('registry.undo', params)).toMatchObject({ code: 1010 });
    expect(await names()).toEqual(['b', 'c']);
    await rm(own);
    expect(await undo()).toMatchObject({ directories: [own], left: [] });
  });

  test('of which something stays in the trash is not forgotten', async () => {
    const own = await train('a');
    await remove('a');
    const [name = ''] = await backups('remove');
    await here.writer.call('registry.restore', { name, projects: ['a'] });
    await train('a');
    await here.writer.call('projects.update', { project: 'a', file_count: 3 });
    // It was the active one.
    expect(await undo()).toMatchObject({ operation: 'remove', directories: [] });
    expect(await undo()).toBeNull();
    const next = await here.restart();
    // Waits for what a start finishes.
    expect(await undo({}, next)).toBeNull();
    await rm(own, { recursive: true });
    expect(await undo({}, next)).toMatchObject({ operation: 'remove', directories: [own] });
    expect(await readFile(join(own, 'lora_adapter.bin'), 'utf8')).toBe('weights of a');
    expect(await journal()).toEqual([]);
  });

  test('is kept while the disk with its trash is not mounted', async () => {
    const own = await train('a');
    await remove('a');
    const [trash, away] = [here.paths.trashDir, join(here.paths.dataDir, 'away')];
    await rename(trash, away);
    for (const params of [{ dry_run: true }, {}])
      expect(await here.writer.refusal('registry.undo', params)).toMatchObject({
        code: 1010,
        message: expect.stringMatching(/^cannot put back .*: it is in no trash, .* until 20/),
      });
    expect(await names()).toEqual(['b', 'c']);
    await expect(stat(own)).rejects.toThrow('ENOENT');
    await rm(trash, { recursive: true, force: true });
    await rename(away, trash);
    expect(await undo()).toMatchObject({ directories: [own], missing: [] });
  });

  test('comes back without what was deleted for good, and says so', async () => {
    const own = await train('a');
    await remove('a');
    for (const name of await thrownAway(here.paths.trashDir))
      await rm(join(here.paths.trashDir, name), { recursive: true });
    expect(await here.writer.refusal('registry.undo')).toMatchObject({ code: 1010 });
    expect(await undo({ without_directories: true })).toMatchObject({
      directories: [],
      missing: [{ path: own }],
    });
    expect(await readdir(own)).toEqual([]);
  });

  test('that kept the files finds them where they were', async () => {
    const own = await train('a');
    await remove('a', { keep_files: true });
    expect(await undo()).toMatchObject({ directories: [], missing: [] });
    expect(await readdir(own)).toEqual(['lora_adapter.bin']);
  });

  test('never gives out a token again', async () => {
    const token = await begin(here.writer, 'a');
    await remove('a', { force: true });
    await undo();
    expect(await get(here.writer, 'a')).toMatchObject({
      training_status: 'not_started',
      training: { holder: null },
    });
    expect(await begin(here.writer, 'a')).toBeGreaterThan(token);
  });

  test('does not push other backups out, nor what can be taken back', async () => {
    for (let n = 0; n < MAX_UNDO + 3; n += 1) {
      await here.add(`x${n}`);
      await remove(`x${n}`);
    }
    expect(await backups('remove')).toHaveLength(5);
    expect(await journal()).toHaveLength(MAX_UNDO);
    for (let n = 0; n < MAX_UNDO; n += 1) expect(await undo()).not.toBeNull();
    expect(await undo()).toBeNull();
  });
});

describe('an import', () => {
  const content = JSON.stringify({
    version: '1.2',
    projects: Object.fromEntries(
      ['x', 'y'].map((name, n) => [
        `00000000-0000-4000-8000-00000000000${n}`,
        { name, source_path: `/src/${name}` },
      ]),
    ),
  });
  const own = (n: number): string => join(here.paths.projectsDir, `00000000-0000-4000-8000-00000000000${n}`);

  test('goes again, with the directories that were made for it, but for what was changed since', async () => {
    await here.writer.call('registry.import', { content });
    expect(await backups('before-import')).toHaveLength(1);
    await here.writer.call('projects.update', { project: 'y', file_count: 3 });
    expect(await undo()).toMatchObject({
      operation: 'import',
      effect: { goes: [{ name: 'x' }] },
      kept: [{ name: 'y', fields: ['file_count'] }],
      left: [],
    });
    expect(await names()).toEqual(['a', 'b', 'c', 'y']);
    await expect(stat(own(0))).rejects.toThrow('ENOENT');
    await stat(own(1));
  });

  test('leaves what was there before it, and says so', async () => {
    await mkdir(own(0), { recursive: true });
    await writeFile(join(own(0), 'lora_adapter.bin'), 'of another day');
    await here.writer.call('registry.import', { content });
    expect((await undo())?.left).toMatchObject([{ path: own(0) }]);
    expect(await readdir(own(0))).toEqual(['lora_adapter.bin']);
  });

  test('stays while somebody trains what would go', async () => {
    await here.writer.call('registry.import', { content });
    await begin(here.writer, 'x');
    expect(await here.writer.refusal('registry.undo')).toMatchObject({ code: 1006 });
    expect(await names()).toHaveLength(5);
  });

  test('of nothing new, or as a trial, keeps nothing', async () => {
    await here.writer.call('registry.import', { content, dry_run: true });
    await here.writer.call('registry.import', { content: '{"projects":{}}' });
    expect(await backups('before-import')).toEqual([]);
    expect(await undo()).toBeNull();
  });

  test('does not lose the very file that it comes from', async () => {
    const file = join(here.paths.backupsDir, 'registry-20200101T000000.000Z-edit.json');
    await writeFile(file, content);
    for (let n = 0; n < 20; n += 1)
      await writeFile(
        join(here.paths.backupsDir, `registry-2020020${1 + (n % 9)}T0000${10 + n}.000Z-edit.json`),
        '{}',
      );
    await here.writer.call('registry.import', { file });
    expect(await readFile(file, 'utf8')).toBe(content);
    expect(await readdir(here.paths.backupsDir)).toHaveLength(21);
  });
});

describe('a restore', () => {
  test('is taken back whole, and what came since stays', async () => {
    await remove('a');
    const [name = ''] = await backups('remove');
    await here.add('d');
    await here.writer.call('registry.restore', { name });
    expect(await names()).toEqual(['a', 'b', 'c']);
    await here.add('e');
    expect(await undo()).toMatchObject({
      operation: 'restore',
      effect: { comes_back: [{ name: 'd' }], goes: [{ name: 'a' }] },
    });
    expect(await names()).toEqual(['b', 'c', 'd', 'e']);
    // The removal before it is the next.
    expect(await undo()).toMatchObject({ operation: 'remove' });
    expect(await names()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test.each([true, false])('leads to no adapter that is gone since: %s', async (isGone) => {
    const adapter = join(here.paths.dataDir, 'adapter.bin');
    await writeFile(adapter, 'weights');
    const { lora_adapter_path: earlier } = await get(here.writer, 'a');
    await here.writer.call('projects.remove', { project: 'b' });
    const [name = ''] = await backups('remove');
    await here.writer.call('projects.set_status', { project: 'a', status: 'completed' });
    await here.writer.call('projects.update', { project: 'a', lora_adapter_path: adapter, file_count: 3 });
    await here.writer.call('registry.restore', { name });
    if (isGone) await rm(adapter);
    const fields = expect.arrayContaining(['lora_adapter_path']);
    expect((await undo())?.kept).toEqual(isGone ? [expect.objectContaining({ name: 'a', fields })] : []);
    expect(await get(here.writer, 'a')).toMatchObject({
      lora_adapter_path: isGone ? earlier : adapter,
      file_count: 3,
    });
  });

  test('of single projects is one, too', async () => {
    await remove('a');
    const [name = ''] = await backups('remove');
    await here.writer.call('registry.restore', { name, projects: ['a'] });
    expect(await undo()).toMatchObject({ operation: 'restore', effect: { goes: [{ name: 'a' }] } });
  });

  test('that changes nothing keeps nothing', async () => {
    await remove('a');
    const [name = ''] = await backups('remove');
    await here.writer.call('registry.restore', { name, projects: ['b'] });
    expect(await backups('restore')).toEqual([]);
    await here.writer.call('registry.restore', { name });
    await here.writer.call('registry.restore', { name });
    expect(await backups('restore')).toHaveLength(1);
  });

  test('never loses the backup that it takes', async () => {
    const name = 'registry-20200101T000000.000Z-edit.json';
    await writeFile(join(here.paths.backupsDir, name), '{"projects":{}}');
    for (let n = 0; n < 20; n += 1)
      await writeFile(join(here.paths.backupsDir, `registry-20200202T0000${10 + n}.000Z-edit.json`), '{}');
    await here.writer.call('registry.restore', { name });
    expect(await readdir(here.paths.backupsDir)).toContain(name);
  });
});

describe('a repair', () => {
  test('is taken back with the directory that nobody owned', async () => {
    const orphan = join(here.paths.projectsDir, '00000000-0000-4000-8000-0000000000ff');
    await mkdir(orphan);
    await writeFile(join(orphan, 'lora_adapter.bin'), 'weights');
    await here.writer.call('registry.repair', { codes: ['orphan_dir'] });
    await expect(stat(orphan)).rejects.toThrow('ENOENT');
    expect(await backups('repair')).toEqual([]);
    expect(await undo()).toMatchObject({ operation: 'repair', backup: null, directories: [orphan] });
    expect(await readdir(orphan)).toEqual(['lora_adapter.bin']);
  });

  test('is taken back where it changed a status, unless that was changed since', async () => {
    for (const project of ['a', 'b'])
      await here.writer.call('projects.set_status', { project, status: 'training' });
    await here.writer.call('registry.repair', {});
    expect(await backups('repair')).toHaveLength(1);
    await here.writer.call('projects.set_status', { project: 'b', status: 'completed' });
    expect(await undo()).toMatchObject({
      operation: 'repair',
      effect: { changes: [{ name: 'a' }] },
      kept: [{ name: 'b', fields: expect.arrayContaining(['training_status']) }],
    });
    expect(await get(here.writer, 'a')).toMatchObject({ training_status: 'training' });
    expect(await get(here.writer, 'b')).toMatchObject({ training_status: 'completed' });
  });
});

describe('a start', () => {
  const open = async (): Promise<string> => {
    const [entry = ''] = await journal();
    return entry;
  };

  test('moves the directory of a removal that was killed before it could', async () => {
    const own = await train('a');
    await remove('a');
    const [place = ''] = await thrownAway(here.paths.trashDir);
    await rename(join(here.paths.trashDir, place), own);
    const directory = join(here.paths.dataDir, 'undo');
    await rename(join(directory, await open()), join(directory, '000000000001-open.json'));
    const next = await here.restart();
    expect(await undo({}, next)).toMatchObject({ directories: [own] });
  });

  test('puts back the directory of a removal whose undo was killed before it could, once', async () => {
    const own = await train('a');
    await remove('a');
    const directory = join(here.paths.dataDir, 'undo');
    const entry = await readFile(join(directory, '000000000001.json'));
    const [place = ''] = await thrownAway(here.paths.trashDir);
    await undo();
    await rename(own, join(here.paths.trashDir, place));
    await writeFile(join(directory, '000000000001.json'), entry);
    const next = await here.restart();
    expect(await undo({}, next)).toBeNull();
    expect(await readdir(own)).toEqual(['lora_adapter.bin']);
    expect(await journal()).toEqual([]);
  });

  test('forgets what was never made, and reads nothing into what a person has spoilt', async () => {
    await remove('a');
    const directory = join(here.paths.dataDir, 'undo');
    await writeFile(
      join(directory, '000000000002.json'),
      await readFile(join(directory, '000000000001.json')),
    );
    await undo();
    await writeFile(join(directory, '000000000003.json'), '{"operation":"remove"');
    const next = await here.restart();
    expect(await undo({}, next)).toBeNull();
    expect(await journal()).toEqual(['000000000003.json']);
  });

  test('leaves alone what somebody has taken out of the trash themselves', async () => {
    const own = await train('a');
    await remove('a');
    const [place = ''] = await thrownAway(here.paths.trashDir);
    await rename(join(here.paths.trashDir, place), own);
    const next = await here.restart();
    expect(await undo({ dry_run: true }, next)).toMatchObject({ directories: [], missing: [] });
    expect(await readdir(own)).toEqual(['lora_adapter.bin']);
  });
});
