/** The schema of the registry file says of a file what the daemon says of it, as far as a schema can. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { projectSchema } from '../../../src/domain/schema.ts';
import { REGISTRY_VERSION } from '../../../src/domain/registry.ts';
import { decodeRegistry } from '../../../src/store/format/decode.ts';
import { encodeRegistry } from '../../../src/store/format/encode.ts';
import { fileSchemaText, isOfLaterVersion } from '../../../src/store/format/file-schema.ts';
import { replaceAt } from '../../../src/store/format/stored-project.ts';
import { NOW } from '../../support/projects.ts';
import { fileWith, idOf } from '../../support/store.ts';

interface Schema {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

const FIXTURE = fileURLToPath(new URL('../../fixtures/python-1.0.json', import.meta.url));
const schema = JSON.parse(fileSchemaText()) as { definitions: { Project: Schema } } & Schema;
const validate = new Ajv({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(schema);

/** Every field of a project, as a file of 1.2 has it under a lease. */
const ID = idOf('one');
const REQUEST = { at: NOW, reason: 'it grew' };
const PROJECT = {
  project_id: ID,
  name: 'one',
  source_path: '/src/one',
  created_at: NOW,
  last_updated: NOW,
  training_status: 'training',
  language: 'go',
  file_count: 3,
  lora_adapter_path: '/p/lora_adapter.bin',
  vector_store_path: null,
  context_path: null,
  last_trained: NOW,
  last_used: null,
  tags: ['work'],
  metadata: { loss: 0.4 },
  retrain_requested: REQUEST,
  repository: { root_commit: 'a1', remote: null },
  trained_from: { commit: 'a1', dirty: false },
  base_model: 'x',
  training: {
    token: 7,
    phase: 'epoch 1',
    progress: 0.4,
    message: null,
    details: {},
    started_at: NOW,
    updated_at: NOW,
    holder: { name: 'lora', pid: 7 },
    cancel_requested: true,
    error: null,
    attempt: 1,
    cancel_reason: 'x',
    before: { training_status: 'completed', retrain_requested: REQUEST, error: null, attempt: 0 },
    stall_ms: 1_000,
    source: { commit: 'a1', dirty: true },
    slot: 'gpu0',
    phases: [{ phase: 'epoch 1', at: NOW }],
    outcome: 'failed',
  },
};

const VALUES = [
  null,
  true,
  7,
  -1,
  0.5,
  1.5,
  2 ** 53,
  '',
  'x',
  'a/b',
  ' x ',
  NOW,
  '2025-02-03 10:11:12.123456',
  [],
  ['x'],
  [7],
  {},
];

function whole(project: object = PROJECT): { projects: Record<string, object>; [key: string]: unknown } {
  return { version: '1.2', active_project: null, projects: { [ID]: structuredClone(project) } };
}

/** The places of everything in a project but what is its own to say. */
function placesIn(value: unknown, at: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...at, Array.isArray(value) ? Number(key) : key];
    const isFree = ['metadata', 'details'].includes(key);
    return [here, ...(isFree ? [] : placesIn(inner, here))];
  });
}

function isTaken(file: object): boolean {
  return decodeRegistry(Buffer.from(JSON.stringify(file)), NOW).ok;
}

describe('the schema takes', () => {
  test('what the Python module has written, and what the daemon makes of it', async () => {
    const bytes = await readFile(FIXTURE);
    validate(JSON.parse(bytes.toString()));
    expect(validate.errors).toBeNull();
    const decoded = decodeRegistry(bytes, NOW);
    if (!decoded.ok) throw new Error(decoded.fault.message);
    const { registry } = decoded;
    const extra = { ...registry.extra, $schema: './registry.schema.json' };
    const pieces = await encodeRegistry(registry.projects(), registry.active, registry.version, extra, ID);
    validate(JSON.parse(Buffer.concat(pieces).toString()));
    expect(validate.errors).toBeNull();
  });

  test('what a person writes, with fields that nobody knows', () => {
    for (const file of [
      whole(),
      JSON.parse(fileWith('one', 'two')),
      { projects: {}, mine: [1] },
    ] as object[]) {
      validate(file);
      expect(validate.errors).toBeNull();
      expect(isTaken(file)).toBe(true);
    }
    expect(Object.keys(PROJECT).toSorted()).toEqual(Object.keys(projectSchema.shape).toSorted());
  });
});

test.each(placesIn(PROJECT).map((place) => [place.join('.'), place] as const))(
  'of any value of %s it says what the daemon says',
  (_name, place) => {
    for (const value of [undefined, ...VALUES]) {
      // The next in a list would take its place.
      if (value === undefined && typeof place.at(-1) === 'number') continue;
      const file = whole();
      replaceAt(file, ['projects', ID, ...place], value);
      expect(validate(file), JSON.stringify(value)).toBe(isTaken(file));
    }
  },
);

test.each<[string, object]>([
  ['no projects', { version: '1.2' }],
  ['a list of projects', { projects: [] }],
  ['a key that is no id', { projects: { one: { name: 'one', source_path: '/' } } }],
  ['a version that is a number', { version: 1.2, projects: {} }],
  ['a version that is none', { version: 'one', projects: {} }],
  ['an active project that is no id', { active_project: 7, projects: {} }],
  ['a name that is too long', whole({ ...PROJECT, name: 'x'.repeat(256) })],
  ['a name with a control character', whole({ ...PROJECT, name: 'a\u0085b' })],
  ['no name', whole({ source_path: '/' })],
])('refuses %s, as the daemon does', (_what, file) => {
  expect(isTaken(file)).toBe(false);
  expect(validate(file)).toBe(false);
});

test('ids are the same in either case of letters', () => {
  const id = ID.replace(/^0/, 'A');
  const file = { projects: { [id]: { name: 'one', source_path: '/' } } };
  expect([validate(file), isTaken(file)]).toEqual([true, true]);
});

test('shows what a field means, and what it is where it is missing', () => {
  const { properties = {} } = schema.definitions.Project;
  // Put together anew for a file, which would drop it.
  for (const name of ['training', 'repository', 'last_used'] as const) {
    const { description } = projectSchema.shape[name];
    if (description !== undefined) expect(properties[name]?.description).toBe(description);
  }
  expect(properties['last_used']?.description).toBeTruthy();
  expect(properties['training_status']).toMatchObject({
    default: 'not_started',
    enum: expect.arrayContaining(['failed']),
  });
  expect(properties['tags']?.default).toEqual([]);
  expect(properties['name']).not.toHaveProperty('default');
  for (const [name, { description }] of Object.entries(schema.properties ?? {}))
    expect(description, name).toBeTruthy();
});

test('tells a later version of itself from an earlier one, and from anything else', () => {
  const [major, minor] = REGISTRY_VERSION.split('.').map(Number) as [number, number];
  const text = (version: string): string =>
    fileSchemaText().replace(`version ${REGISTRY_VERSION} of`, `version ${version} of`);
  for (const later of [`${major}.${minor + 1}`, `${major + 1}.0`, `${major}.${minor}0`])
    expect(isOfLaterVersion(text(later)), later).toBe(true);
  for (const other of [
    text(REGISTRY_VERSION),
    text('1.0'),
    text('0.99'),
    '',
    '{',
    'null',
    '[]',
    '{"$comment": 7}',
  ])
    expect(isOfLaterVersion(other), other.slice(0, 80)).toBe(false);
});
