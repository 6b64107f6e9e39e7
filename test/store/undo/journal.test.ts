/** What is written down before a change that can be taken back, and what becomes of that where the change is not made. */
import { chown, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { remove } from '../../../src/domain/changes.ts';
import { Registry } from '../../../src/domain/registry.ts';
import { type Entry, Journal, MAX_UNDO } from '../../../src/store/undo/journal.ts';
import { NOW, project, registryOf, uuid } from '../../support/projects.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { asOrdinaryUser, openStore, type OpenStore, withMode } from '../../support/store.ts';

const entry = (fields: Partial<Entry> = {}): Entry => ({
  operation: 'remove',
  at: NOW,
  backup: null,
  directories: [],
  before: new Registry([project(1, { metadata: JSON.parse('{"__proto__": 1}') })], uuid(1)),
  after: registryOf(),
  ...fields,
});

async function journal(): Promise<{ journal: Journal; directory: string }> {
  const directory = join(await temporaryDirectory(), 'undo');
  return { directory, journal: new Journal(directory) };
}

/** Removes a project as a caller does. */
function removal({ store }: OpenStore, name: string): Promise<unknown> {
  return store.change((draft) => remove(draft, name), undefined, false, { operation: 'remove' });
}

describe('an entry', () => {
  test('is read as it was written, and comes after those that are there', async () => {
    const { journal: one } = await journal();
    const names = await one.add([entry(), entry({ backup: 'b', directories: ['d'] })]);
    expect(names).toEqual(['000000000001.json', '000000000002-open.json']);
    expect(await one.names()).toEqual(names.toReversed());
    const read = await one.read('000000000002-open.json', NOW);
    expect(read).toMatchObject({ operation: 'remove', at: NOW, backup: 'b', directories: ['d'], open: true });
    expect(read?.before.get(uuid(1))).toEqual(entry().before.get(uuid(1)));
    expect([read?.before.active, read?.after.size]).toEqual([uuid(1), 0]);
    await one.close('000000000002-open.json');
    await one.drop(['000000000001.json']);
    expect(await one.names()).toEqual(['000000000002.json']);
    expect(await one.add([entry()])).toEqual(['000000000003.json']);
  });

  test('that was closed since it was read is forgotten all the same', async () => {
    const { journal: one } = await journal();
    const [name = ''] = await one.add([entry({ directories: ['d'] })]);
    await one.close(name);
    await one.drop([name]);
    expect(await one.names()).toEqual([]);
  });

  test('is one of the last so many', async () => {
    const { journal: one } = await journal();
    for (let n = 0; n < MAX_UNDO + 2; n += 1) await one.add([entry()]);
    await one.prune();
    expect(await one.names()).toHaveLength(MAX_UNDO);
    expect((await one.names()).at(-1)).toBe('000000000003.json');
  });

  test.each([
    ['half a document', '{"operation":'],
    ['no document', 'null'],
    [
      'an operation that nobody knows',
      '{"operation":"x","at":"","before":{"projects":{}},"after":{"projects":{}}}',
    ],
    ['no contents', '{"operation":"remove","at":""}'],
    [
      'a project that is none',
      '{"operation":"remove","at":"","before":{"projects":{"x":1}},"after":{"projects":{}}}',
    ],
  ])('that is %s is passed over', async (_what, text) => {
    const { journal: one, directory } = await journal();
    await one.add([entry()]);
    await writeFile(join(directory, '000000000002.json'), text);
    const reasons: unknown[] = [];
    const told = (reason: unknown): void => void reasons.push(reason);
    expect(await one.read('000000000002.json', NOW, told)).toBeNull();
    expect(reasons).toHaveLength(1);
    expect(await one.read('000000000001.json', NOW, told)).not.toBeNull();
    expect(await one.read('000000000003.json', NOW, told)).toBeNull();
    expect(reasons).toHaveLength(1);
  });

  test('is nothing that a link leads to, or that somebody else has put there', async (context) => {
    const { journal: one, directory } = await journal();
    await one.add([entry()]);
    await symlink('000000000001.json', join(directory, '000000000002.json'));
    expect(await one.read('000000000002.json', NOW)).toBeNull();
    if (process.geteuid?.() !== 0) context.skip('needs root, to give a file away');
    await chown(join(directory, '000000000001.json'), 65_534, 65_534);
    expect(await one.read('000000000001.json', NOW)).toBeNull();
  });
});

test('nothing is read, written or deleted where the directory has become a link', async () => {
  const { journal: one, directory } = await journal();
  const names = await one.add([entry({ directories: ['d'] })]);
  const elsewhere = `${directory}-elsewhere`;
  await rename(directory, elsewhere);
  await writeFile(join(elsewhere, '000000000001.json.0123456789ab.staged'), '');
  await symlink(elsewhere, directory);
  const before = await readdir(elsewhere);
  const [name = ''] = names;
  for (const task of [
    () => one.prepare(() => undefined),
    () => one.names(),
    () => one.add([entry()]),
    () => one.read(name, NOW),
    () => one.close(name),
    () => one.drop(names),
    () => one.prune(),
  ])
    await expect(task()).rejects.toThrow(`${directory} is a link, and nothing is written or deleted`);
  expect(await readdir(elsewhere)).toEqual(before);
});

describe('a change that is not made', () => {
  test('leaves no entry where it could not be written', async () => {
    const one = await openStore();
    await one.add('a');
    await one.add('b');
    await removal(one, 'b');
    const below = (await readdir(one.home, { recursive: true })).map((name) => join(one.home, name));
    await asOrdinaryUser([one.home, ...below], () =>
      withMode(one.home, 0o500, () =>
        expect(removal(one, 'a')).rejects.toMatchObject({ kind: 'storage_failed', data: { applied: false } }),
      ),
    );
    expect(await one.store.journal.names()).toEqual(['000000000001.json']);
    await removal(one, 'a');
    expect(await one.store.journal.names()).toHaveLength(2);
  });

  test('because nobody could take it back fails alone', async () => {
    const one = await openStore();
    await one.add('a');
    await rename(one.backups, `${one.backups}.away`);
    await writeFile(one.backups, 'in the way');
    const [removed, added] = await Promise.allSettled([removal(one, 'a'), one.add('b')]);
    expect(removed).toMatchObject({
      status: 'rejected',
      reason: {
        kind: 'storage_failed',
        message: expect.stringMatching(/^cannot keep what there is before the change: /),
        data: { applied: false },
      },
    });
    expect(added).toMatchObject({ status: 'fulfilled' });
    expect(await one.namesOnDisk()).toEqual(['a', 'b']);
    expect(await one.store.journal.names()).toEqual([]);
  });
});
