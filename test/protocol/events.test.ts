/** The catalogue of events, and those who know of each. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { events } from '../../src/protocol/events.ts';

describe('each event', () => {
  test.each(events)('$type has an example that its schema accepts', ({ type, schema, example }) => {
    expect(schema.strict().safeParse(example)).toMatchObject({ success: true, data: example });
    expect(example.type).toBe(type);
  });

  test.each(events)('$type says in one sentence when it is told', ({ summary }) => {
    expect(summary).toMatch(/^[A-Z][^.]*\.$/);
    expect(summary.length).toBeLessThan(80);
  });
});

test('the events of the contract are there, and no others', () => {
  const ofProjects = ['registered', 'updated', 'removed', 'activated', 'training', 'progress'];
  const ofTheRegistry = ['problem', 'recovered', 'shutdown', 'resync'];
  expect(
    events.map(({ type }) => type),
    'add a new event to this list; CONTRIBUTING.md says where else',
  ).toEqual([...ofProjects, ...ofTheRegistry]);
});

describe('the Python client', () => {
  const module = new URL('../../client/python/codebase_gardener_registry/__init__.py', import.meta.url);
  const source = readFileSync(fileURLToPath(module), 'utf8');
  const [, types = ''] = /^EventType = Literal\[\n(.*?)\n\]/ms.exec(source) ?? [];
  const [, known = ''] = /^class RegistryEvent:\n(.*?)\n {4}@classmethod/ms.exec(source) ?? [];

  test.each(events)('knows $type', ({ type, schema }) => {
    expect(types, `name ${type} in EventType`).toContain(`"${type}"`);
    for (const member of Object.keys(schema.shape))
      expect(known, `add ${member} to the fields of RegistryEvent`).toMatch(
        new RegExp(`^ {4}${member}: `, 'm'),
      );
  });
});
