import { readFile, rename, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { RegistryError } from '../../src/domain/errors.ts';
import * as operations from '../../src/domain/changes.ts';
import { fileWith, idOf, openStore } from '../support/store.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `p${at}`);

describe('changes', () => {
  test('that come together share one write', async () => {
    const { store, add, namesOnDisk } = await openStore();
    await Promise.all(names(50).map(add));
    expect(store.batches).toEqual({ count: 1, changes: 50, largest: 50 });
    expect(await namesOnDisk()).toEqual(names(50));
  });

  test('that come one after the other are written one after the other', async () => {
    const { store, add, namesOnDisk } = await openStore();
    for (const name of names(3)) {
      await add(name);
      expect(await namesOnDisk()).toContain(name);
    }
    expect(store.batches).toEqual({ count: 3, changes: 3, largest: 1 });
  });

  test('that come during a write wait for the next one, together', async () => {
    const { store, add } = await openStore();
    const first = add('first');
    let done = false;
    void first.then(() => (done = true));
    // Past the turn in which the first batch was taken, before it is on the disk.
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    await Promise.all([first, ...names(10).map(add)]);
    expect(store.batches).toEqual({ count: 2, changes: 11, largest: 10 });
  });

  test('are applied in the order in which they came', async () => {
    const { store, add } = await openStore();
    await add('one');
    await Promise.all(
      names(20).map((language) =>
        store.change((draft, now) => operations.update(draft, 'one', { language }, now)),
      ),
    );
    expect(store.registry.named('one')?.language).toBe('p19');
  });

  test('see what earlier changes of their batch did', async () => {
    const { store, add } = await openStore();
    const [, renamed, again] = await Promise.all([
      add('one'),
      store.change((draft, now) => operations.update(draft, 'one', { name: 'two' }, now)),
      store.change((draft, now) => operations.touch(draft, 'two', now)),
    ]);
    expect(renamed.project_id).toBe(again.project_id);
    expect(store.batches.count).toBe(1);
  });

  test('that break a rule fail alone, and leave no trace', async () => {
    const { store, add, namesOnDisk } = await openStore();
    const outcomes = await Promise.allSettled([
      add('one'),
      add('ONE'),
      // Breaks its rule only after it has changed something.
      store.change((draft, now) => {
        operations.update(draft, 'one', { name: 'ghost' }, now);
        operations.remove(draft, 'nobody');
      }),
      store.change(() => {
        throw new TypeError('not a rule at all');
      }),
      add('two'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(outcomes[1]).toMatchObject({ reason: { kind: 'project_exists' } });
    expect(outcomes[2]).toMatchObject({ reason: { kind: 'project_not_found' } });
    expect(outcomes[3]).toMatchObject({ reason: new TypeError('not a rule at all') });
    expect(await namesOnDisk()).toEqual(['one', 'two']);
    expect(store.registry.named('ghost')).toBeUndefined();
  });

  test('that change nothing write nothing', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    const before = await readFile(file);
    const input = { id: idOf('other'), directory: '/p', name: 'one', source_path: '/src/one' };
    const same = await store.change((draft, now) =>
      operations.register(draft, { ...input, now, if_exists: 'return' }),
    );
    expect(same.project_id).toBe(idOf('one'));
    expect(store.batches.count).toBe(1);
    expect(await readFile(file)).toEqual(before);
  });

  test('are not seen by readers and subscribers before they are on the disk', async () => {
    const { store, add, namesOnDisk } = await openStore();
    const seen: string[] = [];
    const onDisk: Promise<string[]>[] = [];
    store.subscribe({
      committed: ({ changes }) => {
        seen.push(`event of ${changes.length}`);
        onDisk.push(namesOnDisk());
      },
    });
    const pending = add('one').then(() => seen.push('answer'));
    expect(store.registry.size).toBe(0);
    await pending;
    // The first project also becomes active: two steps.
    expect(seen).toEqual(['event of 2', 'answer']);
    expect(await onDisk[0]).toEqual(['one']);
  });

  test('on top of an outside edit keep the edit', async () => {
    const { store, add, file, namesOnDisk } = await openStore();
    await add('one');
    await writeFile(file, fileWith('one', 'by hand'));
    // Nobody has looked at the file since: the change itself must notice.
    await add('two');
    expect(await namesOnDisk()).toEqual(['one', 'by hand', 'two']);
    expect(store.registry.size).toBe(3);
  });

  test.each([
    ['in place', async (file: string, text: string) => await writeFile(file, text)],
    [
      'by a rename',
      async (file: string, text: string) => {
        await writeFile(`${file}.new`, text);
        await rename(`${file}.new`, file);
      },
    ],
    ['to something that cannot be read', async (file: string) => await writeFile(file, '{ half')],
  ])('never write over an edit that comes after they were begun (%s)', async (_how, edit) => {
    let begun = (): Promise<void> => Promise.resolve();
    const { store, add, file, namesOnDisk } = await openStore({
      // Asked after the file was looked at, and before it is written.
      ownsRegistry: async () => {
        await begun();
        return true;
      },
    });
    await add('one');
    begun = async () => {
      begun = () => Promise.resolve();
      await edit(file, fileWith('one', 'by hand'));
    };
    const outcome = await add('two').then(
      () => 'done',
      (error: unknown) => error,
    );
    if ((await readFile(file, 'utf8')) === '{ half') {
      expect(outcome).toMatchObject({ kind: 'registry_read_only' });
    } else {
      expect(await namesOnDisk()).toEqual(['one', 'by hand', 'two']);
      expect(store.batches.count).toBe(2);
    }
  });

  test('are judged by the state after an outside edit', async () => {
    const { store, add, file } = await openStore();
    await add('one');
    await writeFile(file, fileWith('one', 'two'));
    await expect(add('two')).rejects.toMatchObject({ kind: 'project_exists' });
    expect(store.registry.size).toBe(2);
  });
});

describe('the queue', () => {
  test('takes a change at whatever moment it comes after an earlier one was answered', async () => {
    const { store, add } = await openStore();
    await add('one');
    const touch = (): Promise<unknown> => store.change((draft, now) => operations.touch(draft, 'one', now));
    // Between the queue's last look and its rest lie a few microtasks; each must be safe to come in.
    for (let microtasks = 0; microtasks < 12; microtasks += 1) {
      await touch();
      for (let count = 0; count < microtasks; count += 1) await Promise.resolve();
      await touch();
    }
    expect(store.batches.count).toBe(25);
  });

  test('writes what is waiting before it closes, and refuses what comes later', async () => {
    const { store, add, namesOnDisk } = await openStore();
    const waiting = names(5).map(add);
    const closing = store.close();
    const late = add('late');
    await expect(late).rejects.toMatchObject({ kind: 'shutting_down' });
    await closing;
    await Promise.all(waiting);
    expect(await namesOnDisk()).toEqual(names(5));
  });

  test('refuses to write once the registry is somebody else’s', async () => {
    let ours = true;
    const { store, add, file } = await openStore({ ownsRegistry: async () => ours });
    await add('one');
    const before = await readFile(file);
    ours = false;
    const refusal = await add('two').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RegistryError);
    expect(refusal).toMatchObject({ kind: 'shutting_down' });
    expect(await readFile(file)).toEqual(before);
    expect(store.registry.size).toBe(1);
  });
});
