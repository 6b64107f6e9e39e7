import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completeProject } from '../../../src/domain/complete-project.ts';
import { etagOf, toWire, wireJson } from '../../../src/domain/encoding.ts';
import type { JsonObject, Project } from '../../../src/domain/project.ts';
import { Registry } from '../../../src/domain/registry.ts';
import { cleanName, foldName, nameFault } from '../../../src/domain/values/names.ts';
import { type Decoded, decodeRegistry } from '../../../src/store/format/decode.ts';
import { encodeRegistry } from '../../../src/store/format/encode.ts';
import { LATER, NOW, project, uuid } from '../../support/projects.ts';

const PYTHON = await readFile(new URL('../../fixtures/python-1.0.json', import.meta.url));

function decode(content: string | Buffer): Extract<Decoded, { ok: true }> {
  const decoded = decodeRegistry(Buffer.from(content), LATER);
  if (!decoded.ok) throw new Error(decoded.fault.message);
  return decoded;
}

async function encode(registry: Registry): Promise<string> {
  const { active, version, extra, previous } = registry;
  const pieces = await encodeRegistry(registry.projects(), active, version, extra, previous);
  return Buffer.concat(pieces).toString();
}

const file = (fields: object, version = '1.2'): string =>
  JSON.stringify({ version, active_project: null, projects: {}, ...fields });

describe('a file of version 1.0, as the Python module writes it', () => {
  test('is read whole, and marked as older', () => {
    const { registry, older, newer } = decode(PYTHON);
    expect([older, newer]).toEqual([true, false]);
    expect(registry.version).toBe('1.2');
    expect(registry.size).toBe(12);
    expect(registry.active).toBe('965eda32-dae4-4550-8201-e2bd73ab4876');
    expect(registry.named('日本語プロジェクト')).toMatchObject({ language: 'java', tags: [], metadata: {} });
    const raw = JSON.parse(PYTHON.toString()) as { projects: Record<string, Project> };
    for (const { created_at, last_updated, ...stored } of Object.values(raw.projects)) {
      const read = registry.get(stored.project_id);
      expect(read).toMatchObject(stored);
      expect(Date.parse(String(read?.created_at))).toBe(Date.parse(created_at.slice(0, 23)));
      expect(Date.parse(String(read?.last_updated))).toBe(Date.parse(last_updated.slice(0, 23)));
    }
  });

  test('may do without a version and the rest of what a person left out', () => {
    const id = uuid(1);
    const { registry, older } = decode(`{"projects":{"${id}":{"name":"x","source_path":"/x"}}}`);
    expect(older).toBe(true);
    expect(registry.get(id)).toEqual(completeProject({ name: 'x', source_path: '/x' }, id, LATER));
  });
});

describe('a file of version 1.2', () => {
  test('has a form that a person can read and edit', async () => {
    const registry = new Registry([project(1, { tags: ['a'] })], uuid(1));
    expect(await encode(registry)).toBe(
      `${JSON.stringify(
        { version: '1.2', active_project: uuid(1), projects: { [uuid(1)]: project(1, { tags: ['a'] }) } },
        null,
        2,
      )}\n`,
    );
    expect(await encode(new Registry())).toBe(
      '{\n  "version": "1.2",\n  "active_project": null,\n  "projects": {}\n}\n',
    );
  });

  test('is written as it was read, byte for byte, with all that nobody here knows', async () => {
    const text = `${JSON.stringify(
      {
        version: '1.2',
        active_project: null,
        projects: {
          [uuid(2)]: {
            ...project(2),
            training: {
              ...completeProject({ name: 'x', source_path: '/', training: {} }, '', NOW).training,
              own: [1],
            },
            retrain_requested: { at: NOW, reason: null, by: 'me' },
            plugin: { deep: [{ er: null }], 'ключ ☃': '\u2028' },
          },
          [uuid(1)]: { ...project(1), zeta: 1, alpha: 2 },
        },
        settings: { theme: { dark: true } },
        zero: null,
      },
      null,
      2,
    )}\n`;
    expect(await encode(decode(text).registry)).toBe(text);
  });

  test('keeps keys that objects have by themselves, at every level', async () => {
    const id = uuid(1);
    const stored = JSON.stringify({ ...project(1), metadata: { k: 1 } }).slice(0, -1);
    const text = `{"version":"1.2","active_project":null,"projects":{"${id}":${stored.replace('"k":1', '"__proto__":{"a":1}')},"__proto__":{"b":2}}},"__proto__":{"c":3},"constructor":4}`;
    const again = await encode(decode(text).registry);
    expect(JSON.stringify(JSON.parse(again))).toBe(text);
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  test('may begin with a byte-order mark, which is not written', async () => {
    const text = file({ projects: { [uuid(1)]: project(1) } });
    const { registry } = decode(`\uFEFF${text}`);
    expect(registry.size).toBe(1);
    expect((await encode(registry)).startsWith('{')).toBe(true);
  });

  test('may name an active project that does not exist', () => {
    expect(decode(file({ active_project: uuid(9) })).registry.active).toBe(uuid(9));
  });

  test('does not hold etags', async () => {
    const registry = decode(file({ projects: { [uuid(1)]: toWire(project(1)) } })).registry;
    expect(await encode(registry)).not.toContain('etag');
  });
});

describe('a newer file', () => {
  test('of the same major version is written with its version and its fields', async () => {
    const { registry, older, newer } = decode(file({ later: { on: 1 } }, '1.7'));
    expect([older, newer]).toEqual([false, false]);
    expect(JSON.parse(await encode(registry))).toMatchObject({ version: '1.7', later: { on: 1 } });
  });

  test('of another major version is served as far as it is understood', () => {
    const { registry, newer } = decode(
      file(
        {
          projects: {
            [uuid(1)]: project(1),
            [uuid(2)]: { name: { first: 'x' } },
            'not-a-uuid': project(3),
          },
        },
        '2.0',
      ),
    );
    expect(newer).toBe(true);
    expect([...registry.projects()].map(({ name }) => name)).toEqual(['p1']);
    for (const strange of [file({ projects: [1, 2] }, '3'), '{"version":"10.2.3"}']) {
      expect(decode(strange)).toMatchObject({ newer: true });
    }
  });
});

describe('an etag', () => {
  test('is of the content, and the same after writing and reading', async () => {
    const one = project(1, { metadata: { a: [1, 'ü'] } });
    const again = decode(await encode(new Registry([one]))).registry.get(uuid(1)) as Project;
    expect(again).not.toBe(one);
    expect(etagOf(again)).toBe(etagOf(one));
    expect(etagOf(one)).toMatch(/^[0-9a-f]{16}$/);
    expect(etagOf({ ...one, file_count: 1 })).not.toBe(etagOf(one));
  });

  test('is on the wire beside the project', () => {
    const one = project(1);
    expect(JSON.parse(wireJson(one))).toEqual({ ...one, etag: etagOf(one) });
    expect(wireJson(one)).toBe(JSON.stringify(toWire(one)));
  });
});

const name = fc
  .string({ unit: 'binary', maxLength: 40 })
  .map(cleanName)
  .filter((text) => nameFault(text) === null);
const json = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' });
const object = fc.dictionary(fc.string({ unit: 'binary' }), json) as fc.Arbitrary<JsonObject>;
const fields = fc.record({
  name,
  source_path: fc.string({ unit: 'binary' }).map((text) => `/${text}`),
  language: fc.string({ unit: 'binary' }),
  tags: fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }),
  metadata: object,
  file_count: fc.nat(),
  unknown: json,
});

test('whatever a registry holds, it holds the same after writing and reading', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fields, { selector: (one) => foldName(one.name), maxLength: 4 }),
      object,
      fc.option(fc.constant(uuid(1))),
      async (list, extra, previous) => {
        // What JSON itself does to a value (-0, and keys in their order) is not the codec's doing.
        const plain = JSON.parse(JSON.stringify({ list, extra })) as { list: typeof list; extra: JsonObject };
        const { version: _v, active_project: _a, previous_project: _b, projects: _p, ...rest } = plain.extra;
        const projects = plain.list.map((one, at) => project(at, one as Partial<Project>));
        const registry = new Registry(projects, uuid(0), '1.2', rest, previous);
        const again = decode(await encode(registry)).registry;
        expect([...again.projects()]).toEqual([...registry.projects()]);
        expect(again.extra).toEqual(registry.extra);
        expect(again.active).toBe(registry.active);
        expect(again.previous).toBe(previous);
        expect(await encode(again)).toBe(await encode(registry));
      },
    ),
  );
});
