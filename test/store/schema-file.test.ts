/** The schema that a new registry file names, and the daemon keeps beside it. */
import { mkdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fileSchemaText } from '../../src/store/format/file-schema.ts';
import { temporaryDirectory } from '../support/home.ts';
import { fileWith, type OpenStore, openStore } from '../support/store.ts';
import { until } from '../support/until.ts';

const NAME = 'registry.schema.json';
const OURS = `./${NAME}`;

/** A file that a person has written, which names a schema. */
function naming($schema: unknown, ...names: readonly string[]): string {
  return JSON.stringify({ ...(JSON.parse(fileWith(...names)) as object), $schema });
}

async function following(home: string): Promise<OpenStore> {
  const opened = await openStore({ home });
  opened.store.follow();
  return opened;
}

async function expectSchema(home: string): Promise<void> {
  const read = (): Promise<string> => readFile(join(home, NAME), 'utf8').catch(() => '');
  await until(async () => (await read()) === fileSchemaText(), 'the schema is there');
  expect(await read()).toBe(fileSchemaText());
}

/** Resolves when what the store had to do about the schema is done: it is closed then. */
async function settled({ store }: OpenStore): Promise<void> {
  await store.look();
  await store.close();
}

async function homeWith(text: string): Promise<string> {
  const home = await temporaryDirectory();
  await writeFile(join(home, 'registry.json'), text);
  return home;
}

describe('a new registry file', () => {
  test('names the schema first, which is beside it', async () => {
    const home = await temporaryDirectory();
    await settled(await following(home));
    // Nothing names it yet.
    await expect(stat(join(home, NAME))).rejects.toThrow('ENOENT');
    const opened = await following(home);
    await opened.add('one');
    await expectSchema(home);
    expect((await stat(join(home, NAME))).mode & 0o777).toBe(0o600);
    expect(await readFile(opened.file, 'utf8')).toMatch(`{\n  "$schema": "${OURS}",\n  "version"`);
    await opened.store.close();
    const again = await openStore({ home });
    expect(again.store.registry.named('one')).toBeDefined();
    expect(again.store.problem).toBeNull();
  });

  test('is also one that had to be made without a backup', async () => {
    const home = await homeWith('{');
    const opened = await following(home);
    await opened.add('one');
    expect(await readFile(opened.file, 'utf8')).toMatch(`{\n  "$schema": "${OURS}"`);
    await expectSchema(home);
  });
});

describe('a registry file that was there before', () => {
  test('is not told of it', async () => {
    const home = await homeWith(fileWith('one'));
    const opened = await following(home);
    await opened.add('two');
    await settled(opened);
    expect(await readFile(opened.file, 'utf8')).toMatch(/^\{\n {2}"version"/);
    await expect(stat(join(home, NAME))).rejects.toThrow('ENOENT');
  });

  test.each([
    'https://example.org/mine.json',
    `https://example.org/${NAME}`,
    './mine.json',
    `../${NAME}`,
    'http://',
    7,
    { a: [null] },
  ])('keeps what a person has put there: %j', async ($schema) => {
    const home = await homeWith(naming($schema, 'one'));
    const opened = await following(home);
    await opened.add('two');
    await settled(opened);
    const text = await readFile(opened.file, 'utf8');
    expect(text).toMatch(/^\{\n {2}"\$schema": /);
    expect(JSON.parse(text)).toMatchObject({ $schema, version: '1.2' });
    await expect(stat(join(home, NAME))).rejects.toThrow('ENOENT');
  });

  test.each<[string, (home: string) => string]>([
    ['as we do', () => OURS],
    ['without what says that it is beside', () => NAME],
    ['as the whole of it', () => `${OURS}#`],
    ['in a roundabout way', () => `././x/../${NAME}`],
    ['by its path', (home) => join(home, NAME)],
    ['by its URL', (home) => pathToFileURL(join(home, NAME)).href],
  ])('gets the schema as soon as somebody names it, %s', async (_how, spelt) => {
    const home = await homeWith(fileWith('one'));
    const { file } = await following(home);
    await writeFile(file, naming(spelt(home), 'one'));
    await expectSchema(home);
  });

  test('names it still when the content goes back to one that did not', async () => {
    const home = await homeWith(fileWith('one'));
    const { store, file, backups } = await following(home);
    await writeFile(file, naming(OURS, 'two'));
    await expectSchema(home);
    const kept = (await store.backups.list()).find(({ name }) => name.endsWith('-edit.json'));
    expect(await readFile(join(backups, String(kept?.name)), 'utf8')).not.toContain('$schema');
    await store.restore(String(kept?.name));
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ $schema: OURS });
    expect(store.registry.named('one')).toBeDefined();
  });
});

describe('the schema that is there', () => {
  test.each([
    ['of an earlier version', fileSchemaText().replace(/version [\d.]+ of/, 'version 1.0 of')],
    ['that was cut short', fileSchemaText().slice(0, 100)],
    ['with an edit', fileSchemaText().replace('Codebase', 'My')],
    ['that is far too long', '\0'.repeat(1_100_000)],
  ])('is replaced: one %s', async (_what, text) => {
    const home = await homeWith(naming(OURS, 'one'));
    await writeFile(join(home, NAME), text);
    await following(home);
    await expectSchema(home);
  });

  test('stays where a newer daemon has written it', async () => {
    const home = await homeWith(naming(OURS, 'one'));
    const newer = fileSchemaText().replace(/version [\d.]+ of/, 'version 1.99 of');
    await writeFile(join(home, NAME), newer);
    const opened = await following(home);
    await opened.add('two');
    await settled(opened);
    expect(await readFile(join(home, NAME), 'utf8')).toBe(newer);
    expect(opened.log.filter(({ level }) => level >= 40)).toEqual([]);
  });

  test('is not written through a link, and nothing is lost by that', async () => {
    const home = await homeWith(naming(OURS, 'one'));
    const target = join(await temporaryDirectory(), 'target');
    await symlink(target, join(home, NAME));
    const opened = await following(home);
    await untilRefused(opened);
    await opened.add('two');
    await settled(opened);
    await expect(stat(target)).rejects.toThrow('ENOENT');
    await writeFile(target, 'mine');
    await settled(await following(home));
    expect(await readFile(target, 'utf8')).toBe('mine');
    expect(await readlink(join(home, NAME))).toBe(target);
  });

  test('may have something else in its place, which stays', async () => {
    const home = await homeWith(naming(OURS, 'one'));
    await mkdir(join(home, NAME));
    const opened = await following(home);
    await untilRefused(opened);
    await opened.add('two');
    expect(await opened.namesOnDisk()).toEqual(['one', 'two']);
    expect(opened.store.problem).toBeNull();
    // Told once, and tried again at the next change.
    await opened.add('three');
    await opened.store.look();
    expect(refusals(opened)).toHaveLength(1);
    await rm(join(home, NAME), { recursive: true });
    await opened.add('four');
    await expectSchema(home);
  });

  test('comes back with the next change when somebody takes it away, or spoils it', async () => {
    const home = await homeWith(naming(OURS, 'one'));
    const opened = await following(home);
    await expectSchema(home);
    await opened.add('two');
    await rm(join(home, NAME));
    await opened.add('three');
    await expectSchema(home);
    await opened.add('four');
    await writeFile(join(home, NAME), 'x');
    await opened.add('five');
    await expectSchema(home);
    expect(opened.log.filter(({ level }) => level >= 40)).toEqual([]);
  });

  test('is not written by a daemon that has lost the registry', async () => {
    const home = await homeWith(naming(OURS, 'one'));
    const opened = await openStore({ home, ownsRegistry: async () => false });
    opened.store.follow();
    await settled(opened);
    await expect(stat(join(home, NAME))).rejects.toThrow('ENOENT');
  });

  test('leaves nothing behind where writing it was interrupted', async () => {
    const home = await homeWith(fileWith('one'));
    const staged = join(home, `${NAME}.0123456789ab.staged`);
    await writeFile(staged, 'x');
    await openStore({ home });
    await expect(stat(staged)).rejects.toThrow('ENOENT');
  });
});

function refusals({ log }: OpenStore): readonly object[] {
  return log.filter(
    ({ msg }) => msg === 'cannot keep the schema of the registry file up to date for editors',
  );
}

async function untilRefused(opened: OpenStore): Promise<void> {
  await until(() => refusals(opened).length > 0, 'it is logged');
}
