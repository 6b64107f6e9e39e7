/** Which project was active before, in the file: `use -` goes back to it. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import * as operations from '../../src/domain/changes.ts';
import { previousProject } from '../../src/domain/places/resolve.ts';
import type { Store } from '../../src/store/store.ts';
import { idOf, openStore } from '../support/store.ts';

const use = (store: Store, name: string | null) =>
  store.change((draft, now) => operations.activate(draft, name, now));
const previous = ({ registry }: Store): string | null => previousProject(registry)?.name ?? null;

async function three() {
  const opened = await openStore();
  for (const name of ['one', 'two', 'six']) await opened.add(name);
  /** Edits the file as a person does. */
  const edit = async (change: (text: string) => string): Promise<void> => {
    await writeFile(opened.file, change(await readFile(opened.file, 'utf8')));
    await opened.store.look();
  };
  return { ...opened, edit };
}

test('stands at the top of the file for as long as there is one, and is read again', async () => {
  const { store, file, home } = await three();
  expect(await readFile(file, 'utf8')).not.toContain('previous_project');
  await use(store, 'two');
  expect(await readFile(file, 'utf8')).toMatch(
    `{\n  "$schema": "./registry.schema.json",\n  "version": "1.2",\n  "active_project": "${idOf('two')}",\n  "previous_project": "${idOf('one')}",\n  "projects": {\n`,
  );
  await store.close();
  const again = await openStore({ home });
  expect(previous(again.store)).toBe('one');
  await again.store.change((draft) => operations.remove(draft, 'one'));
  expect(await readFile(file, 'utf8')).not.toContain('previous_project');
});

test('is the one from which an edit of the file has switched', async () => {
  const { store, edit } = await three();
  await use(store, 'two');
  await edit((text) => text.replace(/("active_project": )"[^"]*"/, `$1"${idOf('six')}"`));
  expect(previous(store)).toBe('two');
  await edit((text) => text.replace(/("active_project": )"[^"]*"/, '$1null'));
  expect(previous(store)).toBe('six');
});

test('is so too where no daemon saw the edit', async () => {
  const { store, file, home } = await three();
  await use(store, 'two');
  await store.close();
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/("active_project": )"[^"]*"/, `$1"${idOf('six')}"`));
  const { store: next } = await openStore({ home });
  expect(previous(next)).toBe('two');
  await next.close();
  // With what it said of the one before, that counts.
  await writeFile(file, text.replace(idOf('two'), idOf('six')).replace(idOf('one'), idOf('two')));
  expect(previous((await openStore({ home })).store)).toBe('two');
});

test('is what an edit says that it is', async () => {
  const { store, edit } = await three();
  await use(store, 'two');
  await edit((text) =>
    text.replace(idOf('two'), idOf('six')).replace(/("previous_project": )"[^"]*"/, `$1"${idOf('two')}"`),
  );
  expect(previous(store)).toBe('two');
  await edit((text) => text.replace(/"previous_project": .*\n/, ''));
  expect(previous(store)).toBeNull();
});

test.each([`"${idOf('no such')}"`, '7', '[]', `{"deep": ${'['.repeat(300)}${']'.repeat(300)}}`, '""'])(
  'is none where the file says %s, which is no fault',
  async (odd) => {
    const { store, file, edit } = await three();
    await edit((text) => text.replace('"projects"', `"previous_project": ${odd},\n"projects"`));
    expect(store.problem).toBeNull();
    expect(previous(store)).toBeNull();
    await use(store, 'two');
    await use(store, null);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ previous_project: idOf('two') });
  },
);
