/** The fields that nobody writes by hand: a mistake in them is told while somebody edits, and mended at a start. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as operations from '../../../src/domain/changes.ts';
import { blankTraining, MAX_ATTEMPT, MAX_TOKEN, type Project } from '../../../src/domain/project.ts';
import * as training from '../../../src/domain/training/training.ts';
import { decodeRegistry } from '../../../src/store/format/decode.ts';
import { replaceAt } from '../../../src/store/format/stored-project.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { NOW } from '../../support/projects.ts';
import { idOf, openStore } from '../../support/store.ts';

const AT = '2026-01-05T10:00:00.000Z';
const ID = idOf('one');

const HELD = {
  project_id: ID,
  name: 'one',
  source_path: '/src/one',
  last_updated: AT,
  training_status: 'failed',
  retrain_requested: { at: AT, reason: null },
  training: {
    token: 7,
    started_at: AT,
    updated_at: AT,
    holder: { name: 'lora', pid: 7 },
    attempt: 1,
    stall_ms: 1_000,
    before: {
      training_status: 'completed',
      retrain_requested: { at: AT, reason: 'x' },
      error: null,
      attempt: 0,
    },
  },
};

/** A file of one project, with other values in these fields. */
function file(fields: Readonly<Record<string, unknown>> = {}): string {
  const projects = { [ID]: structuredClone(HELD) };
  for (const [field, value] of Object.entries(fields)) {
    replaceAt(projects, [ID, ...field.split('.')], value);
  }
  return `${JSON.stringify({ version: '1.2', active_project: null, projects }, null, 2)}\n`;
}

const FAULTS: [field: string, value: unknown, mended: object][] = [
  ['training.before', 'done', { training: { token: 7 } }],
  ['training.before.training_status', 'done', { training: { token: 7, started_at: AT } }],
  ['training.before.error', 7, { training: { token: 7 } }],
  ['training.before.attempt', -1, { training: { token: 7 } }],
  ['training.before.retrain_requested', true, { training: { token: 7 } }],
  [
    'training.before.retrain_requested.at',
    'soon',
    { training: { before: { training_status: 'completed', retrain_requested: { at: AT, reason: 'x' } } } },
  ],
  ['retrain_requested.at', '2026-13-01', { retrain_requested: { at: AT } }],
  ['training.started_at', 'now', { training: { started_at: null, updated_at: AT } }],
  ['training.updated_at', '', { training: { updated_at: null } }],
  ['training.token', Number.MAX_SAFE_INTEGER, { training: { token: 0 } }],
  ['training.attempt', MAX_ATTEMPT + 1, { training: { attempt: 0 } }],
  ['training.stall_ms', 2 ** 31, { training: { token: 7 } }],
  ['training.stall_ms', '1 s', { training: { token: 7 } }],
  ['training.holder.pid', -1, { training: { holder: { name: 'lora' } } }],
  ['training.cancel_reason', 7, { training: { token: 7 } }],
];

describe('a mistake in', () => {
  test.each(FAULTS)(
    '%s is told with its place, and done without where it is all there is',
    (field, value, mended) => {
      const text = file({ [field]: value });
      const strict = decodeRegistry(Buffer.from(text), NOW);
      expect(strict).toMatchObject({
        ok: false,
        fault: { message: expect.stringContaining(`${ID}.${field}: `) },
      });
      if (strict.ok) return;
      const key = field.split('.').at(-1) as string;
      expect(text.split('\n')[Number(strict.fault.line) - 1]).toContain(`"${key}"`);
      const decoded = decodeRegistry(Buffer.from(text), NOW, { mend: true });
      if (!decoded.ok) throw new Error(decoded.fault.message);
      expect(decoded.mended).toHaveLength(1);
      const read = decoded.registry.get(ID) as Project;
      expect(read).toMatchObject(mended);
      if (field.startsWith('training.before') && !field.endsWith('.at')) {
        expect(read.training).not.toHaveProperty('before');
      }
    },
  );

  test.each([
    ['name', 'a/b'],
    ['created_at', 'soon'],
    ['training_status', 'done'],
    ['training.token', 'seven'],
  ])('%s is not done without', (field, value) => {
    const decoded = decodeRegistry(Buffer.from(file({ [field]: value })), NOW, { mend: true });
    expect(decoded).toMatchObject({ ok: false, fault: { message: expect.stringContaining(field) } });
  });
});

test('times of every record are read in any form, and kept in one', () => {
  const text = file({
    'retrain_requested.at': '2026-01-05T11:00:00+01:00',
    'training.started_at': '2026-01-05 10:00:00.000000+00:00',
    'training.updated_at': '2026-01-05T10:00Z',
    'training.before.retrain_requested.at': '2026-01-05T10:00:00Z',
  });
  const decoded = decodeRegistry(Buffer.from(text), NOW);
  if (!decoded.ok) throw new Error(decoded.fault.message);
  expect(decoded.registry.get(ID)).toMatchObject({
    retrain_requested: { at: AT },
    training: { started_at: AT, updated_at: AT, before: { retrain_requested: { at: AT, reason: 'x' } } },
  });
});

describe('what is nested deeper than anybody can read', () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const withPlugin = (value: string): string =>
    file({ plugin: 0 }).replace('"plugin": 0', `"plugin": ${value}`);

  test('is told at the bracket that is one too many', () => {
    // The document, `projects` and the project are three.
    expect(decodeRegistry(Buffer.from(withPlugin(deep(97))), NOW).ok).toBe(true);
    for (const levels of [98, 1_000, 100_000]) {
      const text = withPlugin(deep(levels));
      const before = text.slice(0, text.indexOf('[[') + 97).split('\n');
      expect(decodeRegistry(Buffer.from(text), NOW)).toMatchObject({
        ok: false,
        fault: {
          message: 'the file is nested deeper than 100 objects and lists',
          line: before.length,
          column: Number(before.at(-1)?.length) + 1,
        },
      });
    }
  });

  test('is told of other members of the file, too', () => {
    const text = `{"settings":${deep(100)},"projects":{}}`;
    expect(decodeRegistry(Buffer.from(text), NOW)).toMatchObject({
      ok: false,
      fault: { line: 1, column: 12 + 100 },
    });
    expect(decodeRegistry(Buffer.from(`{"settings":${deep(99)},"projects":{}}`), NOW).ok).toBe(true);
  });

  test('is less deep in a request for training, which stands deeper while somebody trains', async () => {
    const requested = (levels: number): string =>
      file({ 'training.holder': null, 'retrain_requested.own': 0 }).replace(
        '"own": 0',
        `"own": ${deep(levels)}`,
      );
    const strict = decodeRegistry(Buffer.from(requested(95)), NOW);
    expect(strict).toMatchObject({
      ok: false,
      fault: { message: expect.stringMatching(/retrain_requested: is nested deeper than 95/) },
    });
    const line = requested(95)
      .split('\n')
      .findIndex((text) => text.startsWith('      "retrain_requested"'));
    expect(strict).toMatchObject({ fault: { line: line + 1 } });
    const mended = decodeRegistry(Buffer.from(requested(95)), NOW, { mend: true });
    expect(mended).toMatchObject({ ok: true, mended: [expect.stringContaining('retrain_requested')] });

    const home = await temporaryDirectory();
    await writeFile(join(home, 'registry.json'), requested(94));
    const { store } = await openStore({ home, isTraining: (id) => id === ID });
    await store.change((draft, now) => training.begin(draft, draft.get(ID) as Project, 8, {}, now));
    // Also one that is put there while somebody trains.
    await writeFile(join(home, 'registry.json'), requested(94));
    expect(await store.look()).toBe(true);
    expect(store.registry.get(ID)?.training).toMatchObject({
      token: 8,
      before: { retrain_requested: { at: AT } },
    });
    const written = await readFile(join(home, 'registry.json'));
    expect(decodeRegistry(written, NOW)).toMatchObject({ ok: true });
  });

  test('is no reason to do without a newer version’s file', () => {
    const text = withPlugin(deep(50_000))
      .replace('"1.2"', '"2.0"')
      .replace('{', `{"settings":${deep(50_000)},`);
    expect(decodeRegistry(Buffer.from(text), NOW)).toMatchObject({ ok: true, newer: true });
  });

  test('does not end a daemon, nor does it cost the rest of the file at a start', async () => {
    const { store, add, file: path } = await openStore();
    await add('two');
    await writeFile(path, withPlugin(deep(100_000)));
    await store.look();
    expect(store.problem).toMatchObject({ kind: 'invalid_file', line: expect.any(Number) });
    await expect(add('three')).rejects.toMatchObject({ kind: 'registry_read_only' });
    const home = await temporaryDirectory();
    await writeFile(join(home, 'registry.json'), withPlugin(deep(100_000)));
    const next = await openStore({ home });
    expect(next.store.registry.named('one')).toMatchObject({ name: 'one' });
    await next.add('two');
    expect(await next.namesOnDisk()).toEqual(['one', 'two']);
  });
});

test('halves of surrogate pairs are replaced, so that every parser reads what is served', () => {
  const text = file()
    .replace('"/src/one"', '"/src/\\udcff\\ud83d\\ude00\\\\ud800"')
    .replace('"lora"', '"\\uD83D"')
    .replace('"version"', '"\\udfff": 1, "version"');
  const decoded = decodeRegistry(Buffer.from(text), NOW);
  if (!decoded.ok) throw new Error(decoded.fault.message);
  expect(decoded.registry.get(ID)).toMatchObject({
    source_path: '/src/\ufffd😀\\ud800',
    training: { holder: { name: '\ufffd' } },
  });
  expect(decoded.registry.extra).toEqual({ '\ufffd': 1 });
});

test('a number beyond all numbers is told, as it would be written as null', () => {
  const text = file({ plugin: 7 }).replace('"plugin": 7', '"plugin": 1e400');
  expect(decodeRegistry(Buffer.from(text), NOW)).toMatchObject({
    ok: false,
    fault: { message: expect.stringContaining(`${ID}.plugin: is too great`) },
  });
});

describe('what cannot be used, many times over,', () => {
  /** A pass over any of these texts looks less often, by far. */
  const ENDLESS = 10_000_000;
  const many = (count: number, one: string): string => `[${Array.from({ length: count }, () => one).join()}]`;
  const within = (value: string): string => file({ plugin: 0 }).replace('"plugin": 0', `"plugin": ${value}`);
  const beside = (value: string): string => file().replace('{', `{"settings":${value},`);
  /** How many keys and texts are looked at: a measure of the work that is the same on every machine. */
  const looksAt = (text: string): number => {
    const { isWellFormed } = String.prototype;
    let looks = 0;
    Object.assign(String.prototype, {
      isWellFormed(this: string) {
        looks += 1;
        if (looks > ENDLESS) throw new Error(`no end after ${looks} looks`);
        return isWellFormed.call(this);
      },
    });
    try {
      expect(decodeRegistry(Buffer.from(text), NOW, { mend: true }).ok).toBe(true);
      return looks;
    } finally {
      Object.assign(String.prototype, { isWellFormed });
    }
  };
  const lists = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const requested = (value: string): string =>
    file({ 'retrain_requested.own': 0 }).replace('"own": 0', `"own": ${value}`);

  test.each<[where: string, how: (value: string) => string, bad: string, good: string, count: number]>([
    ['in a project', within, '1e400', '1e300', 10_000],
    ['beside the projects', beside, '1e400', '1e300', 10_000],
    ['and nested too deep', within, lists(120), lists(90), 1_000],
    ['in a request for training', requested, lists(120), lists(90), 1_000],
  ])('%s is done without in one pass', (_where, how, bad, good, count) => {
    const text = how(many(count, bad));
    // A pass for each would look several hundred times as often.
    expect(looksAt(text) / looksAt(how(many(count, good)))).toBeLessThan(5);
    const decoded = decodeRegistry(Buffer.from(text), NOW, { mend: true });
    expect(decoded).toMatchObject({ ok: true, mended: { length: count } });
  });

  test('is told at each place', () => {
    const decoded = decodeRegistry(Buffer.from(within('{"a":[1,1e400,{"__proto__":-1e400}]}')), NOW, {
      mend: true,
    });
    if (!decoded.ok) throw new Error(decoded.fault.message);
    expect(decoded.mended).toEqual([
      `projects.${ID}.plugin.a.1: is too great for a number`,
      `projects.${ID}.plugin.a.2.__proto__: is too great for a number`,
    ]);
    expect(JSON.stringify(decoded.registry.get(ID))).toContain('"plugin":{"a":[1,null,{"__proto__":null}]}');
  });
});

describe('a file of an earlier daemon that has such a mistake', () => {
  const spoilt = file({ 'training.before.training_status': 'done' });

  test('is served without it, which is told, and kept as it was before it is written', async () => {
    const home = await temporaryDirectory();
    await writeFile(join(home, 'registry.json'), spoilt);
    const { store, add, backups } = await openStore({ home });
    expect(store.registry.named('one')?.training).toMatchObject({ token: 7 });
    expect(store.readOnly).toBe(false);
    expect(store.problem).toMatchObject({
      kind: 'recovered',
      message: expect.stringContaining('training.before.training_status'),
    });
    await add('two');
    const kept = (await readdir(backups)).find((name) => name.endsWith('-migration.json'));
    expect(await readFile(join(backups, String(kept)), 'utf8')).toBe(spoilt);
    await store.close();
    expect((await openStore({ home })).store.problem).toBeNull();
  });

  test('may be a backup, too', async () => {
    const { store, backups } = await openStore();
    await writeFile(join(backups, 'registry-20260101T000000.000Z-edit.json'), spoilt);
    await store.restore('registry-20260101T000000.000Z-edit.json');
    expect(store.registry.named('one')).toBeDefined();
  });

  test('is refused as an edit while a daemon runs, and nothing is lost', async () => {
    const { store, add, file: path } = await openStore();
    await add('two');
    await writeFile(path, spoilt);
    await store.look();
    const line = spoilt.split('\n').findIndex((text) => text.includes('"done"')) + 1;
    expect(store.problem).toMatchObject({ kind: 'invalid_file', line });
    expect(await readFile(path, 'utf8')).toBe(spoilt);
  });
});

test('a change that could not be read again fails alone, and is told why', async () => {
  const home = await temporaryDirectory();
  await writeFile(join(home, 'registry.json'), file({ training: { token: MAX_TOKEN } }));
  const { store, add, namesOnDisk } = await openStore({ home });
  const outcomes = await Promise.allSettled([
    add('before'),
    store.change((draft) => {
      const project = draft.get(ID) as Project;
      draft.put({ ...project, training: { ...blankTraining(), token: MAX_TOKEN + 1 } });
    }),
    store.change((draft, now) => operations.touch(draft, 'one', now)),
  ]);
  expect(outcomes).toMatchObject([
    { status: 'fulfilled' },
    {
      status: 'rejected',
      reason: {
        name: 'InvalidParamsError',
        issues: [{ path: 'training.token', message: expect.stringContaining('registry file') }],
      },
    },
    { status: 'fulfilled' },
  ]);
  expect(store.registry.named('one')).toMatchObject({ training_status: 'failed' });
  await store.close();
  expect((await openStore({ home })).store.problem).toBeNull();
  expect(await namesOnDisk()).toEqual(['one', 'before']);
});
