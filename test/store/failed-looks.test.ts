/** A file that cannot be read, and a good edit that cannot be taken over: told for as long as it is like that. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TrackedFile } from '../../src/store/file/tracked-file.ts';
import { asOrdinaryUser, fileWith, openStore, type OpenStore } from '../support/store.ts';
import { requireTools } from '../support/tools.ts';

const run = promisify(execFile);

/** What subscribers are told of problems from now on: their kinds, null when one is over. */
function problemsOf({ store }: OpenStore): (string | null)[] {
  const told: (string | null)[] = [];
  store.subscribe({ problem: (problem) => told.push(problem?.kind ?? null) });
  return told;
}

/** Makes the path unreadable; gives what the system says of it. */
const IN_ITS_PLACE: Record<string, (path: string) => Promise<[code: string, words: string]>> = {
  async 'a directory'(path) {
    await rm(path);
    await mkdir(path);
    return ['EISDIR', 'it is a directory'];
  },
  async 'a pipe'(path) {
    await rm(path);
    await run('mkfifo', [path]);
    return ['EFTYPE', 'it is no regular file'];
  },
  async 'a socket'(path) {
    await rm(path);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
    return ['EFTYPE', 'it is no regular file'];
  },
  async 'a file of 600 MiB'(path) {
    await truncate(path, 600 * 1024 * 1024);
    return ['EFBIG', 'has 629145600 bytes, and a registry can have'];
  },
};

describe('while the file cannot be read', () => {
  test.for(Object.keys(IN_ITS_PLACE))('as with %s in its place, that is a problem', async (what, context) => {
    if (what === 'a pipe') requireTools(context, 'mkfifo');
    const one = await openStore();
    await one.add('one');
    const good = await readFile(one.file);
    const told = problemsOf(one);
    const [code, words] = (await IN_ITS_PLACE[what]?.(one.file)) ?? ['', ''];
    for (let looks = 0; looks < 3; looks += 1) {
      await expect(one.store.look()).rejects.toMatchObject({ kind: 'storage_failed' });
    }
    const { problem } = one.store;
    expect(problem).toMatchObject({ kind: 'unreadable_file', since: expect.any(String) as string });
    expect(problem?.message).toContain(words);
    if (code !== 'EFBIG') expect(problem?.message).toContain(`(${code})`);
    expect(one.store.readOnly).toBe(true);
    await expect(one.add('two')).rejects.toMatchObject({
      kind: 'storage_failed',
      message: expect.stringContaining(problem?.message ?? 'nothing') as string,
      data: { applied: false, problem, suggestions: [problem?.remedy] },
    });
    // Once, and the log is not filled either.
    expect(told).toEqual(['unreadable_file']);
    expect(one.log.filter(({ level }) => level >= 50)).toHaveLength(1);
    expect([...one.store.registry.projects()].map(({ name }) => name)).toEqual(['one']);
    await rename(one.file, join(one.home, 'moved'));
    await writeFile(one.file, good);
    await one.add('two');
    expect(told).toEqual(['unreadable_file', null]);
    expect(one.store.problem).toBeNull();
  });

  test('for want of permission, that is a problem', async () => {
    const one = await openStore();
    await one.add('one');
    await chmod(one.file, 0o000);
    await asOrdinaryUser([one.home, one.backups, one.file], async () => {
      await expect(one.add('two')).rejects.toMatchObject({ data: { problem: { kind: 'unreadable_file' } } });
      expect(one.store.problem?.message).toContain('permission denied (EACCES)');
      expect(one.store.problem?.remedy).toContain('permissions');
    });
    await chmod(one.file, 0o600);
    await one.add('two');
    expect(one.store.problem).toBeNull();
  });

  test('what was wrong with it before is wrong again afterwards', async () => {
    const one = await openStore();
    await one.add('one');
    await writeFile(one.file, '{ half');
    await one.store.look();
    const { problem } = one.store;
    await rename(one.file, `${one.file}.away`);
    await mkdir(one.file);
    await expect(one.store.look()).rejects.toMatchObject({ kind: 'storage_failed' });
    expect(one.store.problem).toMatchObject({ kind: 'unreadable_file' });
    await rm(one.file, { recursive: true });
    await rename(`${one.file}.away`, one.file);
    expect(await one.store.look()).toBe(false);
    expect(one.store.problem).toEqual(problem);
    await expect(one.add('two')).rejects.toMatchObject({ kind: 'registry_read_only' });
  });
});

describe('a good edit before which the earlier content cannot be kept', () => {
  test('is not taken over and not written over, and that is a problem until it can', async () => {
    const one = await openStore();
    await one.add('one');
    const told = problemsOf(one);
    await rm(one.backups, { recursive: true });
    await writeFile(one.backups, 'in the way');
    const edited = fileWith('edited');
    await writeFile(one.file, edited);
    await expect(one.store.look()).rejects.toMatchObject({ kind: 'storage_failed' });
    expect(one.store.problem).toMatchObject({
      kind: 'blocked_edit',
      message: expect.stringContaining(one.backups) as string,
      remedy: 'move what is in the way',
    });
    await expect(one.add('two')).rejects.toMatchObject({
      kind: 'storage_failed',
      data: { problem: { kind: 'blocked_edit' } },
    });
    expect(await readFile(one.file, 'utf8')).toBe(edited);
    await rm(one.backups);
    await one.add('two');
    expect([...one.store.registry.projects()].map(({ name }) => name)).toEqual(['edited', 'two']);
    // That there is no copy either is found first.
    expect(told).toEqual(['copy_failed', 'blocked_edit', null]);
  });

  test('for want of permission is one, too', async () => {
    const one = await openStore();
    await one.add('one');
    await one.store.look();
    await asOrdinaryUser([one.home, one.file, one.backups], async () => {
      await chmod(one.backups, 0o500);
      await writeFile(one.file, fileWith('edited'));
      await expect(one.store.look()).rejects.toMatchObject({ kind: 'storage_failed' });
      expect(one.store.problem).toMatchObject({ kind: 'blocked_edit' });
      expect(one.store.problem?.message).toContain('permission denied (EACCES)');
      await chmod(one.backups, 0o700);
      await one.store.look();
    });
    expect(one.store.problem).toBeNull();
  });
});

test('a registry that would be too large to be read again is not written', async () => {
  const one = await openStore();
  await one.add('one');
  const file = new TrackedFile(join(one.home, 'large.json'));
  await file.look();
  const piece = Buffer.alloc(64 * 1024 * 1024);
  await expect(file.replace(Array.from({ length: 9 }, () => piece))).rejects.toMatchObject({ code: 'EFBIG' });
});

test('a good file is served where there is no place for backups', async () => {
  const first = await openStore();
  await first.add('one');
  await first.store.close();
  await rm(first.backups, { recursive: true });
  await writeFile(first.backups, 'in the way');
  const one = await openStore({ home: first.home });
  await one.add('two');
  expect(await one.namesOnDisk()).toEqual(['one', 'two']);
  expect(one.log.filter(({ msg }) => msg === 'cannot make the backups ready for use')).toHaveLength(1);
});
