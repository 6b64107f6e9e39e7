/** While nothing can be kept in `backups/`, what was acknowledged is kept elsewhere, and that is told. */
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileWith, openStore, type OpenStore } from '../../support/store.ts';
import { until } from '../../support/until.ts';

const names = ({ store }: OpenStore): string[] => [...store.registry.projects()].map(({ name }) => name);

/** Puts a file in the place of the backups; gives how to put them back. */
async function blockBackups({ backups }: OpenStore): Promise<() => Promise<void>> {
  await rename(backups, `${backups}.away`);
  await writeFile(backups, 'in the way');
  return async () => {
    await rm(backups);
    await rename(`${backups}.away`, backups);
  };
}

/** A store whose last change is in no copy, and whose backups cannot be written. */
async function blocked(): Promise<OpenStore & { unblock: () => Promise<void> }> {
  const one = await openStore();
  await one.add('zero');
  await writeFile(one.file, fileWith('one'));
  // The copy is made with the backup, and then not before ten seconds are over.
  await one.store.look();
  await one.add('two');
  return { ...one, unblock: await blockBackups(one) };
}

describe('the copy of the registry', () => {
  test('that cannot be made is a problem that stops nobody, told once, until it is made', async () => {
    const first = await openStore();
    await first.add('one');
    await first.store.close();
    const unblock = await blockBackups(first);
    const one = await openStore({ home: first.home });
    const told: (string | null)[] = [];
    one.store.subscribe({ problem: (problem) => told.push(problem?.kind ?? null) });
    await until(() => one.store.problem, 'it is told');
    expect(one.store.problem).toMatchObject({
      kind: 'copy_failed',
      message: expect.stringContaining(
        `${one.backups}: a part of the path is no directory (ENOTDIR)`,
      ) as string,
      remedy: 'move what is in the way',
    });
    expect(one.store.readOnly).toBe(false);
    await one.add('two');
    // Before it becomes a problem of its own that the content before an edit cannot be kept.
    await writeFile(one.file, fileWith('edited'));
    await expect(one.store.look()).rejects.toMatchObject({ kind: 'storage_failed' });
    await unblock();
    await one.store.look();
    expect(one.store.problem).toBeNull();
    expect(told).toEqual(['copy_failed', 'blocked_edit', null]);
    expect(names(one)).toEqual(['edited']);
  });
});

describe('a deleted file', () => {
  test('is written back all the same, and changes say that it is gone until then', async () => {
    const one = await blocked();
    await rm(one.file);
    await expect(one.add('three')).rejects.toMatchObject({
      kind: 'registry_read_only',
      data: { problem: { kind: 'deleted_file' } },
    });
    await until(() => !one.store.readOnly, 'it is written back');
    expect(await one.namesOnDisk()).toEqual(['one', 'two']);
    await one.add('three');
  });

  test('is written back at the end, however soon that comes', async () => {
    const one = await blocked();
    await rm(one.file);
    await one.store.close();
    expect(await one.namesOnDisk()).toEqual(['one', 'two']);
  });
});

describe('an invalid file', () => {
  test('is what changes are refused for, and what helps is told first', async () => {
    const one = await blocked();
    await writeFile(one.file, '{\n"version"');
    await expect(one.add('three')).rejects.toMatchObject({
      kind: 'registry_read_only',
      data: {
        problem: {
          kind: 'invalid_file',
          line: 2,
          remedy: expect.stringMatching(
            /^move what is in the way.*backups.*then mend .*registry\.json/,
          ) as string,
        },
      },
    });
    await one.unblock();
    await one.store.look();
    expect(one.store.problem).toMatchObject({ kind: 'invalid_file', line: 2 });
    expect(one.store.problem).not.toHaveProperty('remedy');
    expect((await readdir(one.backups)).filter((name) => name.endsWith('-fault.json'))).toHaveLength(1);
  });

  test('leaves the content beside it at the end, and the next start finds it', async () => {
    const one = await blocked();
    await writeFile(one.file, '{ "half');
    await one.store.close();
    expect(await readFile(one.file, 'utf8')).toBe('{ "half');
    const beside = join(one.home, 'registry-last-good.json');
    expect(one.log).toContainEqual(expect.objectContaining({ level: 50, kept: beside }));
    await one.unblock();
    const next = await openStore({ home: one.home });
    expect(names(next)).toEqual(['one', 'two']);
    expect(await readdir(one.home)).not.toContain('registry-last-good.json');
  });

  test('that is good again at the next start becomes what is served, and that content a backup', async () => {
    const one = await blocked();
    await writeFile(one.file, '{ "half');
    await one.store.close();
    await one.unblock();
    await writeFile(one.file, fileWith('mended'));
    const next = await openStore({ home: one.home });
    expect(names(next)).toEqual(['mended']);
    await next.store.close();
    const edits = (await readdir(one.backups)).filter((name) => name.endsWith('-edit.json'));
    const contents = await Promise.all(edits.map((name) => readFile(join(one.backups, name), 'utf8')));
    expect(contents.some((text) => text.includes('"two"'))).toBe(true);
  });
});

test('a copy beside the file that is none of a registry is left alone', async () => {
  const one = await openStore();
  await one.add('one');
  await one.store.close();
  const beside = join(one.home, 'registry-last-good.json');
  await writeFile(beside, 'not of this program’s making');
  await (await openStore({ home: one.home })).store.close();
  expect(await readFile(beside, 'utf8')).toBe('not of this program’s making');
});
