import { describe, expect, test } from 'vitest';
import { etagOf } from '../../src/domain/encoding.ts';
import { InvalidParamsError, RegistryError } from '../../src/domain/errors.ts';
import * as operations from '../../src/domain/changes.ts';
import { setStatus } from '../../src/domain/training/status.ts';
import type { JsonObject, Project } from '../../src/domain/project.ts';
import { Draft } from '../../src/domain/draft.ts';
import { LATER, NOW, project, registryOf, uuid } from '../support/projects.ts';

const draftOf = (...projects: readonly Project[]): Draft => new Draft(registryOf(...projects));

/** Runs what must be refused by a rule; also makes sure that it has changed nothing. */
function refusal(draft: Draft, run: () => unknown): RegistryError | InvalidParamsError {
  const before = draft.changes.length;
  try {
    run();
  } catch (error) {
    expect(draft.changes).toHaveLength(before);
    if (error instanceof RegistryError || error instanceof InvalidParamsError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

function register(draft: Draft, number: number, fields: Partial<operations.NewProject> = {}): Project {
  return operations.register(draft, {
    id: uuid(number),
    directory: `/data/projects/${uuid(number)}`,
    now: NOW,
    name: `p${number}`,
    source_path: `/src/p${number}`,
    ...fields,
  });
}

describe('register', () => {
  test('makes a whole project, with its own directory’s paths', () => {
    const draft = draftOf();
    const made = register(draft, 1, {
      name: '  cafe\u0301 ',
      source_path: '/src//x/../p1/',
      tags: ['a', 'b', 'a'],
    });
    expect(made).toEqual({
      project_id: uuid(1),
      name: 'café',
      source_path: '/src/p1',
      created_at: NOW,
      last_updated: NOW,
      training_status: 'not_started',
      language: 'python',
      file_count: 0,
      lora_adapter_path: `/data/projects/${uuid(1)}/lora_adapter.bin`,
      vector_store_path: `/data/projects/${uuid(1)}/vector_store`,
      context_path: `/data/projects/${uuid(1)}/context.json`,
      last_trained: null,
      last_used: null,
      tags: ['a', 'b'],
      metadata: {},
      training: null,
      retrain_requested: null,
      repository: null,
      trained_from: null,
      base_model: null,
    });
    expect(draft.get(uuid(1))).toBe(made);
  });

  test('makes the first one active, and no other unless asked', () => {
    const draft = draftOf();
    register(draft, 1);
    expect(draft.active).toBe(uuid(1));
    expect(draft.get(uuid(1))?.last_used).toBeNull();
    register(draft, 2);
    expect(draft.active).toBe(uuid(1));
    const third = register(draft, 3, { activate: true });
    expect(draft.active).toBe(uuid(3));
    expect(third.last_used).toBe(NOW);
    expect(draft.get(uuid(3))).toEqual(third);
  });

  test('refuses a name that is taken, whatever its case or composition', () => {
    const draft = draftOf(project(1, { name: 'Café' }));
    const error = refusal(draft, () => register(draft, 2, { name: 'CAFE\u0301' }));
    expect(error).toMatchObject({
      kind: 'project_exists',
      message: 'cannot register "CAFÉ": the name belongs to /src/p1',
      data: { project: { project_id: uuid(1), etag: /./ } },
    });
  });

  test.each([undefined, 'error'] as const)(
    'refuses the same project again where if_exists is %s',
    (if_exists) => {
      const draft = draftOf(project(1));
      const again = { name: 'p1', source_path: '/src/p1', if_exists };
      expect(refusal(draft, () => register(draft, 2, again))).toMatchObject({ kind: 'project_exists' });
    },
  );

  test('makes a new one where an existing one would do and there is none', () => {
    const draft = draftOf(project(1));
    expect(register(draft, 2, { if_exists: 'return' })).toMatchObject({ project_id: uuid(2), name: 'p2' });
  });

  test('keeps the language, the metadata and the repository that it is given', () => {
    const given = {
      language: 'go',
      metadata: { a: [null] },
      repository: { root_commit: null, remote: 'github.com/ada/payments' },
    };
    expect(register(draftOf(), 1, given)).toMatchObject(given);
  });

  test('without tags and metadata makes a project that has none', () => {
    expect(register(draftOf(), 1)).toMatchObject({ tags: [], metadata: {} });
  });

  test('lets one path have several names', () => {
    const draft = draftOf(project(1));
    expect(register(draft, 2, { source_path: '/src/p1' }).source_path).toBe('/src/p1');
  });

  test('gives the existing one where that is wanted and the path is the same', () => {
    const draft = draftOf(project(1), project(2));
    const found = register(draft, 9, { name: 'P1', source_path: '/src/p1/', if_exists: 'return' });
    expect(found.project_id).toBe(uuid(1));
    expect(draft.changes).toEqual([]);
    const activated = register(draft, 9, {
      name: 'p1',
      source_path: '/src/p1',
      if_exists: 'return',
      activate: true,
      now: LATER,
    });
    expect(activated).toMatchObject({ project_id: uuid(1), last_used: LATER });
    expect(draft.active).toBe(uuid(1));
    expect(
      refusal(draft, () => register(draft, 9, { name: 'p2', source_path: '/src/p1', if_exists: 'return' })),
    ).toMatchObject({ kind: 'project_exists' });
  });
});

describe('both registering and updating', () => {
  /** Metadata that takes so many bytes as compact JSON, of characters that take two. */
  const ofBytes = (bytes: number): JsonObject => ({
    text: 'ä'.repeat((bytes - '{"text":"x"}'.length) / 2) + 'x',
  });
  const LONG = 'ä'.repeat(256);

  test.each<[string, Partial<Pick<operations.NewProject, 'name' | 'source_path' | 'metadata'>>, string]>([
    ['no name', { name: ' ' }, 'cannot use the name "": the name is empty'],
    ['a name with a slash', { name: ' a/b ' }, 'cannot use the name "a/b": the name contains /'],
    [
      'a name that is too long, and so show its beginning',
      { name: LONG },
      `cannot use the name "${LONG.slice(0, 80)}": the name has 256 characters and 255 are allowed`,
    ],
    ['a relative path', { source_path: 'src' }, 'invalid params: source_path: must be an absolute path'],
    [
      'a path with a NUL',
      { source_path: '/a\0' },
      'invalid params: source_path: must not contain a NUL character',
    ],
    [
      'metadata of more than 16 KiB',
      { metadata: ofBytes(16 * 1024 + 2) },
      'invalid params: metadata: is 16386 bytes long and 16384 are allowed',
    ],
  ])('refuse %s', (_what, given, message) => {
    const draft = draftOf(project(1));
    expect(refusal(draft, () => register(draft, 2, given)).message).toBe(message);
    expect(refusal(draft, () => operations.update(draft, 'p1', given, LATER)).message).toBe(message);
  });

  test('tell which name they refused, as they read it', () => {
    const draft = draftOf(project(1));
    const refused = { kind: 'invalid_name', data: { name: 'cafe?' } };
    expect(refusal(draft, () => register(draft, 2, { name: ' cafe? ' }))).toMatchObject(refused);
    expect(refusal(draft, () => operations.update(draft, 'p1', { name: ' cafe? ' }, LATER))).toMatchObject(
      refused,
    );
  });

  test('take metadata of exactly 16 KiB', () => {
    const draft = draftOf(project(1));
    const metadata = ofBytes(16 * 1024);
    expect(register(draft, 2, { metadata }).metadata).toEqual(metadata);
    expect(operations.update(draft, 'p1', { metadata }, LATER).metadata).toEqual(metadata);
  });
});

describe('update', () => {
  test('changes what is given, and nothing else but the time', () => {
    const before = project(1, { tags: ['a'], metadata: { k: 1 } });
    const draft = draftOf(before);
    expect(operations.update(draft, 'p1', { file_count: 7 }, LATER)).toEqual({
      ...before,
      file_count: 7,
      last_updated: LATER,
    });
    const fields = {
      name: ' New ',
      source_path: '/new/',
      language: 'go',
      tags: ['b', 'b'],
      lora_adapter_path: '/x/../adapter',
      vector_store_path: null,
    };
    expect(operations.update(draft, 'p1', fields, LATER)).toEqual({
      ...before,
      last_updated: LATER,
      file_count: 7,
      name: 'New',
      source_path: '/new',
      language: 'go',
      tags: ['b'],
      lora_adapter_path: '/adapter',
      vector_store_path: null,
    });
    expect(draft.named('p1')).toBeUndefined();
    expect(draft.at('/new')).toHaveLength(1);
  });

  test('lets a project change the case of its name, and refuses another’s', () => {
    const draft = draftOf(project(1), project(2));
    expect(operations.update(draft, 'p1', { name: 'P1' }, LATER).name).toBe('P1');
    expect(refusal(draft, () => operations.update(draft, 'p1', { name: 'P2' }, LATER))).toMatchObject({
      kind: 'project_exists',
      message: 'cannot rename to "P2": the name belongs to /src/p2',
      data: { project: { project_id: uuid(2) } },
    });
  });

  test.each(['lora_adapter_path', 'vector_store_path', 'context_path'])('refuses a relative %s', (field) => {
    const draft = draftOf(project(1));
    expect(refusal(draft, () => operations.update(draft, 'p1', { [field]: 'x' }, LATER)).message).toBe(
      `invalid params: ${field}: must be an absolute path`,
    );
  });

  test('sets what is known of the repository, and forgets it for null', () => {
    const draft = draftOf(project(1));
    const repository = { root_commit: null, remote: 'github.com/ada/payments' };
    expect(operations.update(draft, 'p1', { repository }, LATER).repository).toEqual(repository);
    expect(operations.update(draft, 'p1', { language: 'go' }, LATER).repository).toEqual(repository);
    expect(operations.update(draft, 'p1', { repository: null }, LATER).repository).toBeNull();
  });

  test.each<[string, JsonObject, JsonObject, JsonObject]>([
    ['adds and replaces keys', { a: 1, b: 2 }, { b: 3, c: { d: 4 } }, { a: 1, b: 3, c: { d: 4 } }],
    ['deletes a key that is null', { a: 1, b: 2 }, { a: null, x: null }, { b: 2 }],
    ['merges the top only', { a: { b: 1 } }, { a: { c: 2 } }, { a: { c: 2 } }],
    ['keeps a null further in', {}, { a: { b: null }, c: [null] }, { a: { b: null }, c: [null] }],
    ['of nothing changes nothing', { a: 1 }, {}, { a: 1 }],
  ])('of metadata %s', (_what, before, given, after) => {
    const draft = draftOf(project(1, { metadata: before }));
    expect(operations.update(draft, 'p1', { metadata: given }, LATER).metadata).toEqual(after);
  });

  test('of metadata knows keys that objects have by themselves', () => {
    const draft = draftOf(project(1));
    const metadata = JSON.parse('{"__proto__":{"x":1},"constructor":2,"hasOwnProperty":3}') as JsonObject;
    const set = operations.update(draft, 'p1', { metadata }, LATER).metadata;
    expect(JSON.stringify(set)).toBe('{"__proto__":{"x":1},"constructor":2,"hasOwnProperty":3}');
    expect(Object.getPrototypeOf(set)).toBe(Object.prototype);
    const deletion = JSON.parse('{"__proto__":null}') as JsonObject;
    expect(JSON.stringify(operations.update(draft, 'p1', { metadata: deletion }, LATER).metadata)).toBe(
      '{"constructor":2,"hasOwnProperty":3}',
    );
  });

  test('of metadata may delete down to the limit', () => {
    const draft = draftOf(project(1, { metadata: { a: 'x'.repeat(20_000), b: 1 } }));
    expect(refusal(draft, () => operations.update(draft, 'p1', { metadata: { c: 1 } }, LATER))).toMatchObject(
      {
        issues: [{ path: 'metadata', message: /bytes/ }],
      },
    );
    expect(operations.update(draft, 'p1', { metadata: { a: null } }, LATER).metadata).toEqual({ b: 1 });
  });
});

describe('if_etag', () => {
  test('lets a change through while it is the project’s', () => {
    const draft = draftOf(project(1));
    const etag = etagOf(project(1));
    expect(operations.update(draft, 'p1', { file_count: 1 }, LATER, etag).file_count).toBe(1);
    expect(
      refusal(draft, () => operations.update(draft, 'p1', { file_count: 2 }, LATER, etag)),
    ).toMatchObject({
      kind: 'etag_mismatch',
      message: 'cannot change "p1": it has changed since it was read; read it again',
      data: { project: { file_count: 1, etag: etagOf(draft.named('p1') as Project) } },
    });
  });

  test('guards every change that takes one', () => {
    const draft = draftOf(project(1));
    for (const run of [
      () => operations.update(draft, 'p1', {}, LATER, 'old'),
      () => setStatus(draft, 'p1', 'failed', LATER, { ifEtag: 'old' }),
      () => operations.remove(draft, 'p1', 'old'),
    ]) {
      expect(refusal(draft, run)).toMatchObject({ kind: 'etag_mismatch' });
    }
  });
});
