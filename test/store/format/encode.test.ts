import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Project } from '../../../src/domain/project.ts';
import { encodeRegistry } from '../../../src/store/format/encode.ts';
import { project, uuid } from '../../support/projects.ts';

async function encoded(projects: readonly Project[]): Promise<string> {
  return Buffer.concat(await encodeRegistry(projects, null, '1.2', {}, null)).toString();
}

function expected(projects: readonly Project[]): string {
  const byId = Object.fromEntries(projects.map((one) => [one.project_id, one]));
  return `${JSON.stringify({ version: '1.2', active_project: null, projects: byId }, null, 2)}\n`;
}

/** What happens to the projects of a registry between two writes. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), number: fc.nat(400) }),
  fc.record({ kind: fc.constant('change' as const), at: fc.nat(), count: fc.nat(9) }),
  fc.record({ kind: fc.constant('remove' as const), at: fc.nat() }),
);

test('the text is that of the projects as they are, whatever was kept of earlier ones', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(100),
      fc.array(fc.array(step, { maxLength: 5 }), { maxLength: 8 }),
      async (size, writes) => {
        const projects = Array.from({ length: size }, (_, number) => project(number));
        expect(await encoded(projects)).toBe(expected(projects));
        for (const steps of writes) {
          for (const one of steps) {
            if (one.kind === 'add') {
              const taken = projects.some(({ project_id }) => project_id === uuid(one.number));
              if (!taken) projects.push(project(one.number));
            } else if (projects.length > 0) {
              const at = one.at % projects.length;
              if (one.kind === 'remove') projects.splice(at, 1);
              else projects[at] = { ...(projects[at] as Project), file_count: one.count };
            }
          }
          expect(await encoded(projects)).toBe(expected(projects));
        }
      },
    ),
  );
});

test('nothing of a large registry is written out twice while it does not change', async () => {
  const projects = Array.from({ length: 1_000 }, (_, number) => project(number));
  const first = await encodeRegistry(projects, null, '1.2', {}, null);
  const changed = [...projects];
  changed[500] = { ...(changed[500] as Project), file_count: 1 };
  const second = await encodeRegistry(changed, null, '1.2', {}, null);
  const kept = new Set(first);
  // The beginning and the end, which are short, and the run with the change.
  expect(second.filter((piece) => !kept.has(piece))).toHaveLength(3);
});

test('others have their turns while a large registry is written out', async () => {
  const projects = Array.from({ length: 10_000 }, (_, number) => project(number));
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await encodeRegistry(projects, null, '1.2', {}, null);
  done = true;
  expect(turns).toBeGreaterThan(5);
});
