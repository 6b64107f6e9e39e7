import { chmod, link, open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as operations from '../../src/domain/changes.ts';
import type { Change } from '../../src/domain/draft.ts';
import { fileWith, idOf, openStore } from '../support/store.ts';

/** What a change did, in a word or two. */
function told(change: Change): string {
  if ('active' in change) return `active ${change.active}`;
  return `${change.before ? (change.after ? 'changed' : 'removed') : 'added'} ${(change.after ?? change.before)?.name}`;
}

describe('a valid edit of the file', () => {
  test('becomes the committed state, and the difference is told', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    await add('two');
    const commits: { origin: string; changes: string[] }[] = [];
    store.subscribe({
      committed: ({ origin, changes }) => commits.push({ origin, changes: changes.map(told) }),
    });
    await writeFile(file, fileWith('two', 'three'));
    expect(await store.look()).toBe(true);
    expect([...store.registry.projects()].map(({ name }) => name)).toEqual(['two', 'three']);
    expect(commits).toEqual([
      { origin: 'file', changes: ['removed one', 'changed two', 'added three', 'active null'] },
    ]);
  });

  test('sends the earlier content to the backups', async () => {
    const { store, add, file, backups } = await openStore();
    await add('one');
    const before = await readFile(file, 'utf8');
    await writeFile(file, fileWith('other'));
    await store.look();
    const backup = (await readdir(backups)).find((name) => name.endsWith('-edit.json'));
    expect(await readFile(join(backups, String(backup)), 'utf8')).toBe(before);
  });

  test('that nobody has seen before the end sends the earlier content to the backups then', async () => {
    const { store, add, file, backups } = await openStore();
    await add('one');
    const before = await readFile(file, 'utf8');
    await writeFile(file, fileWith('other'));
    await store.close();
    const backup = (await readdir(backups)).find((name) => name.endsWith('-edit.json'));
    expect(await readFile(join(backups, String(backup)), 'utf8')).toBe(before);
    expect(await readFile(join(backups, 'registry-last-good.json'), 'utf8')).toContain('"other"');
  });

  test('that a successor wrote is nobody’s to take over at the end, and no copy is made', async () => {
    let owns = true;
    const { store, add, file, backups } = await openStore({ ownsRegistry: async () => owns });
    await add('one');
    owns = false;
    await writeFile(file, fileWith('other'));
    await store.close();
    expect(await readFile(file, 'utf8')).toBe(fileWith('other'));
    expect(await readdir(backups)).toEqual([]);
  });

  test('of what nobody here knows alone sends the earlier content to the backups, too', async () => {
    const { store, add, file, backups } = await openStore();
    await add('one');
    const plain = await readFile(file, 'utf8');
    await writeFile(file, plain.replace('{', '{ "plugin": "precious",'));
    await store.look();
    await writeFile(file, plain);
    await store.look();
    const [backup] = (await readdir(backups))
      .filter((name) => name.endsWith('-edit.json'))
      .toSorted()
      .slice(-1);
    expect(JSON.parse(await readFile(join(backups, String(backup)), 'utf8'))).toMatchObject({
      plugin: 'precious',
    });
    await store.close();
    const copy = JSON.parse(await readFile(join(backups, 'registry-last-good.json'), 'utf8')) as object;
    expect(copy).not.toHaveProperty('plugin');
  });

  test('is seen when it is made in place, with the same size and the same times', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    const before = await stat(file);
    const handle = await open(file, 'r+');
    const text = await handle.readFile('utf8');
    await handle.write(text.replace('"one"', '"two"'), 0);
    await handle.utimes(before.atime, before.mtime);
    await handle.close();
    expect(await store.look()).toBe(true);
    expect(store.registry.named('two')).toBeDefined();
  });

  test('of the spaces alone changes nothing, and is not undone', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    const commits: unknown[] = [];
    store.subscribe({ committed: (commit) => commits.push(commit) });
    const squeezed = JSON.stringify(JSON.parse(await readFile(file, 'utf8')));
    await writeFile(file, squeezed);
    await store.look();
    expect(commits).toEqual([]);
    expect(await readFile(file, 'utf8')).toBe(squeezed);
    expect(store.registry.named('one')?.project_id).toBe(idOf('one'));
  });

  test('keeps fields that nobody here knows through later changes', async () => {
    const { add, file } = await openStore();
    await add('one');
    const document = JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, object>>;
    document['plugin'] = { colour: { is: 'green' } };
    Object.assign(document['projects']?.[idOf('one')] ?? {}, { stars: [1, { two: null }] });
    await writeFile(file, JSON.stringify(document));
    await add('two');
    const after = JSON.parse(await readFile(file, 'utf8')) as typeof document;
    expect(after['plugin']).toEqual({ colour: { is: 'green' } });
    expect(after['projects']?.[idOf('one')]).toMatchObject({ stars: [1, { two: null }] });
  });
});

describe('what is no edit', () => {
  test('the store’s own write', async () => {
    const { store, add } = await openStore();
    await add('one');
    expect(await store.look()).toBe(false);
  });

  test('another mode, another link, the same bytes again', async () => {
    const { store, add, file, home, backups } = await openStore();
    await add('one');
    await chmod(file, 0o640);
    expect(await store.look()).toBe(false);
    await link(file, join(home, 'second-name'));
    expect(await store.look()).toBe(false);
    const copy = join(home, 'copy');
    await writeFile(copy, await readFile(file));
    await rename(copy, file);
    expect(await store.look()).toBe(false);
    // And it stands in nobody's way.
    await chmod(file, 0o600);
    await add('two');
    expect(store.registry.size).toBe(2);
    expect((await readdir(backups)).filter((name) => name.endsWith('-edit.json'))).toEqual([]);
  });
});

describe('an invalid edit of the file', () => {
  const HALF = '{\n  "version": "1.2",\n  "projects": {';

  test('leaves the last good state in service, and says where the fault is', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    const problems: unknown[] = [];
    store.subscribe({ problem: (problem) => problems.push(problem) });
    await writeFile(file, HALF);
    expect(await store.look()).toBe(false);
    expect(store.registry.named('one')).toBeDefined();
    expect(store.readOnly).toBe(true);
    expect(store.problem).toMatchObject({ kind: 'invalid_file', line: 3, column: 16 });
    expect(problems).toEqual([store.problem]);
  });

  test('refuses every change and is never written over', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    await writeFile(file, HALF);
    // The change itself notices; nobody looked before.
    const refusals = await Promise.allSettled([
      add('two'),
      store.change((draft) => operations.remove(draft, 'one')),
    ]);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        reason: { kind: 'registry_read_only', data: { problem: { line: 3 } } },
      });
    }
    expect(await readFile(file, 'utf8')).toBe(HALF);
    await store.close();
    expect(await readFile(file, 'utf8')).toBe(HALF);
  });

  test('sends the last good state to the backups at once, and once', async () => {
    const { store, add, file, backups } = await openStore();
    await add('one');
    const good = await readFile(file, 'utf8');
    await writeFile(file, HALF);
    await store.look();
    await writeFile(file, `${HALF} `);
    await store.look();
    const kept = (await readdir(backups)).filter((name) => name.endsWith('-fault.json'));
    expect(kept).toHaveLength(1);
    expect(await readFile(join(backups, String(kept[0])), 'utf8')).toBe(good);
  });

  test('is over as soon as the file is good again, with what the person wrote', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    await writeFile(file, HALF);
    await store.look();
    const problems: unknown[] = [];
    store.subscribe({ problem: (problem) => problems.push(problem) });
    await writeFile(file, fileWith('one', 'mended'));
    await add('two');
    expect([...store.registry.projects()].map(({ name }) => name)).toEqual(['one', 'mended', 'two']);
    expect(problems).toEqual([null]);
    expect(store.readOnly).toBe(false);
  });

  test('is over when the old content comes back byte for byte', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    const good = await readFile(file);
    await writeFile(file, HALF);
    await store.look();
    await writeFile(file, good);
    await store.look();
    expect(store.problem).toBeNull();
    await add('two');
  });

  test('is known since the first fault, and its place moves with the text', async () => {
    let clock = 0;
    const now = (): string => new Date((clock += 1_000)).toISOString();
    const { store, add, file } = await openStore({ now });
    await add('one');
    await writeFile(file, HALF);
    await store.look();
    const since = store.problem?.since;
    await writeFile(file, `\n\n${HALF}`);
    await store.look();
    expect(store.problem).toMatchObject({ since, line: 5 });
  });
});

describe('a newer file that comes from outside', () => {
  test('is served and never written', async () => {
    const { store, add, file, backups } = await openStore();
    await add('one');
    const newer = fileWith('two').replace('"1.2"', '"2.0"');
    await writeFile(file, newer);
    expect(await store.look()).toBe(true);
    expect(store.registry.named('two')).toBeDefined();
    await expect(add('three')).rejects.toMatchObject({
      kind: 'registry_read_only',
      data: { problem: { kind: 'newer_version' } },
    });
    expect(await readFile(file, 'utf8')).toBe(newer);
    // Only a part of it is understood; a copy of that would take the place of a whole one.
    await store.close();
    const copy = JSON.parse(await readFile(join(backups, 'registry-last-good.json'), 'utf8')) as object;
    expect(copy).toMatchObject({ projects: { [idOf('one')]: { name: 'one' } } });
  });
});
