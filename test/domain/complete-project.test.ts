import { describe, expect, test } from 'vitest';
import { completeProject } from '../../src/domain/complete-project.ts';
import type { StoredProject } from '../../src/domain/schema.ts';
import { NOW, uuid } from '../support/projects.ts';

const ID = uuid(1);
const complete = (stored: Partial<StoredProject>): Record<string, unknown> =>
  completeProject({ name: 'one', source_path: '/src/one', ...stored }, ID, NOW);

describe('a project that is read from a file', () => {
  test('has every field, in the order of the file', () => {
    expect(Object.entries(complete({}))).toEqual([
      ['project_id', ID],
      ['name', 'one'],
      ['source_path', '/src/one'],
      ['created_at', NOW],
      ['last_updated', NOW],
      ['training_status', 'not_started'],
      ['language', 'python'],
      ['file_count', 0],
      ['lora_adapter_path', null],
      ['vector_store_path', null],
      ['context_path', null],
      ['last_trained', null],
      ['last_used', null],
      ['tags', []],
      ['metadata', {}],
      ['training', null],
      ['retrain_requested', null],
      ['repository', null],
      ['trained_from', null],
      ['base_model', null],
    ]);
  });

  test('keeps what it says, and what nobody here knows behind it', () => {
    const stored = { stars: 5, tags: ['x'], file_count: 7, language: 'go', nested: { a: [null] } };
    const project = complete(stored);
    expect(project).toMatchObject(stored);
    expect(Object.keys(project).slice(-2)).toEqual(['stars', 'nested']);
  });

  test('keeps keys that objects have by themselves', () => {
    const stored = JSON.parse(
      `{"name":"one","source_path":"/s","__proto__":{"a":1},"constructor":2}`,
    ) as StoredProject;
    const project = completeProject(stored, ID, NOW);
    expect(JSON.stringify(project)).toContain('"__proto__":{"a":1},"constructor":2');
    expect(Object.getPrototypeOf(project)).toBe(Object.prototype);
  });

  test('loses an etag, which belongs on the wire', () => {
    expect(complete({ etag: 'abc' })).not.toHaveProperty('etag');
  });

  test('takes one time for the other where one is missing', () => {
    const time = '2020-01-01T00:00:00.000Z';
    expect(complete({ created_at: time })).toMatchObject({ created_at: time, last_updated: time });
    expect(complete({ last_updated: time })).toMatchObject({ created_at: time, last_updated: time });
  });

  test('has its times and its name in the registry’s form', () => {
    expect(
      complete({
        name: ' cafe\u0301 ',
        created_at: '2025-02-03 10:11:12+01:00',
        last_used: '2025-02-03T10:11:12Z',
      }),
    ).toMatchObject({
      name: 'café',
      created_at: '2025-02-03T09:11:12.000Z',
      last_used: '2025-02-03T10:11:12.000Z',
    });
  });

  test('has the time of a request for training in the registry’s form, and keeps one that nobody can read', () => {
    const request = (at: string): object => ({ retrain_requested: { at, reason: 'new model' } });
    expect(complete(request('2025-02-03 10:11:12+01:00'))).toMatchObject(request('2025-02-03T09:11:12.000Z'));
    expect(complete(request('some day'))).toMatchObject(request('some day'));
  });

  test('has a whole training record, or none', () => {
    expect(complete({ training: { token: 3, note: 'mine' } })['training']).toEqual({
      token: 3,
      phase: null,
      progress: null,
      message: null,
      details: null,
      started_at: null,
      updated_at: null,
      holder: null,
      cancel_requested: false,
      error: null,
      attempt: 0,
      note: 'mine',
    });
    expect(complete({ training: null })['training']).toBeNull();
  });
});
