import { expect, test } from 'vitest';
import { Known, LIST } from '../../../client/mcp/resources/known.ts';
import { ACTIVE, PROJECTS, projectUri, resourceOf } from '../../../client/mcp/resources/uris.ts';
import { toWire, type WireProject } from '../../../src/domain/encoding.ts';
import { NOW, project, uuid } from '../../support/projects.ts';

const AT = { origin: 'rpc', at: NOW } as const;
const HEALTHY = { problem: null, read_only: false, ...AT };
const [one, two] = [toWire(project(1)), toWire(project(2))];
const tagged = toWire(project(1, { tags: ['work'] }));
const renamed = toWire(project(1, { name: 'Other name' }));

/** A registry of two projects, of which the first is active, is known. */
function known(): Known {
  const all = new Known();
  all.take({ type: 'resync', projects: [one, two], active_project: uuid(1), ...HEALTHY });
  return all;
}

function ofProject({ name, project_id }: Pick<WireProject, 'name' | 'project_id'>): (string | undefined)[] {
  return [name, project_id].map((reference) => resourceOf(projectUri({ name: reference, project_id })));
}

const ONE = { project_id: uuid(1), ...AT };
const CHANGES = {
  'a field that is other': [
    { type: 'updated', project: tagged, previous: one, ...ONE },
    [...ofProject(one), PROJECTS, ACTIVE],
  ],
  'nothing that is other': [{ type: 'updated', project: one, previous: one, ...ONE }, []],
  'another name': [
    { type: 'updated', project: renamed, previous: one, ...ONE },
    [...ofProject(one), ...ofProject(renamed).slice(0, 1), PROJECTS, ACTIVE, LIST],
  ],
  'a project that is gone': [
    { type: 'removed', project_id: uuid(2), previous: two, ...AT },
    [...ofProject(two), PROJECTS, LIST],
  ],
  'a project that is new': [
    { type: 'registered', project_id: uuid(3), project: toWire(project(3)), ...AT },
    [...ofProject(project(3)), PROJECTS, LIST],
  ],
  'another active one': [
    { type: 'activated', project_id: uuid(2), previous: uuid(1), ...AT },
    [ACTIVE, PROJECTS],
  ],
  'all that holds now, which is the same': [
    { type: 'resync', projects: [one, two], active_project: uuid(1), ...HEALTHY },
    [],
  ],
  'all that holds now, without one, and with another active one': [
    { type: 'resync', projects: [two], active_project: uuid(2), ...HEALTHY },
    [...ofProject(one), PROJECTS, LIST, ACTIVE],
  ],
  'trouble with the file': [{ type: 'recovered', ...AT }, []],
} satisfies Record<string, [Parameters<Known['take']>[0], readonly (string | undefined)[]]>;

test.each(Object.entries(CHANGES))('%s', (_, [event, changed]) => {
  expect(known().take(event)).toEqual(new Set<unknown>(changed));
});

test('a resource is known however it is written', () => {
  expect(projectUri({ name: 'My app, 50%', project_id: uuid(1) })).toBe(
    'gardener://projects/My%20app%2C%2050%25',
  );
  const uris = ['My%20app%2C%2050%25', 'my app, 50%', 'MY%20APP,%2050%25'].map(
    (part) => `${PROJECTS}/${part}`,
  );
  expect(new Set(uris.map(resourceOf)).size).toBe(1);
  // What a path loses is named by its id.
  expect(projectUri({ name: '..', project_id: uuid(1) })).toBe(`${PROJECTS}/${uuid(1)}`);
  expect(
    ['gardener://project/x', `${PROJECTS}/`, `${PROJECTS}/a/b`, `${PROJECTS}?x`].map(resourceOf),
  ).toEqual(Array<undefined>(4).fill(undefined));
});
