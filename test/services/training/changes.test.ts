/** Changes of leases that the store tries again, as when somebody has edited the file meanwhile. */
import { expect, test, vi } from 'vitest';
import { Draft } from '../../../src/domain/draft.ts';
import type { Project } from '../../../src/domain/project.ts';
import { Registry } from '../../../src/domain/registry.ts';
import * as training from '../../../src/domain/training/training.ts';
import { nextWaiting } from '../../../src/domain/training/waiting.ts';
import type { Context } from '../../../src/services/call.ts';
import { LeaseChanges } from '../../../src/services/training/changes.ts';
import { Leases } from '../../../src/services/training/leases.ts';
import type { Store } from '../../../src/store/store.ts';
import { project } from '../../support/projects.ts';

const NOW = '2026-01-05T10:00:00.000Z';
const [FIRST, SECOND] = [project(1), project(2)];

/** Leases over a store that tries each change once for each of these contents, and makes it in the last one. */
function scene(...contents: Project[][]) {
  const leases = new Leases(vi.fn(), vi.fn());
  const store = {
    registry: new Registry(contents.at(-1) ?? []),
    change: async <T>(
      operation: (draft: Draft, now: string) => T,
      applied: (result: T) => void,
    ): Promise<T> => {
      const results = contents.map((content) => operation(new Draft(new Registry(content)), NOW));
      applied(results.at(-1) as T);
      return results.at(-1) as T;
    },
  } as unknown as Store;
  const context = { peer: {}, connection: { ended: false }, changed: vi.fn() } as unknown as Context;
  return { leases, context, changes: new LeaseChanges(store, leases, { error: vi.fn() } as never) };
}

test('a lease that finds another project the second time has left the first one free', async () => {
  const { leases, context, changes } = scene([FIRST, SECOND], [SECOND]);
  const free: boolean[] = [];
  const begun = await changes.begin({}, context, (draft) => {
    free.push(leases.isFree(FIRST.project_id));
    return nextWaiting(draft, {}, (id) => leases.isFree(id));
  });
  expect(begun?.project.project_id).toBe(SECOND.project_id);
  expect(free).toEqual([true, true]);
  expect(leases.isFree(FIRST.project_id)).toBe(true);
  expect(leases.isFree(SECOND.project_id)).toBe(false);
});

test('a lease that finds nothing the second time leaves nothing reserved', async () => {
  const { leases, context, changes } = scene([FIRST], []);
  const choose = (draft: Draft) => nextWaiting(draft, {}, (id) => leases.isFree(id));
  expect(await changes.begin({}, context, choose)).toBeNull();
  expect(leases.isFree(FIRST.project_id)).toBe(true);
});

test('a lease is ended by a change that was tried before, and then is over', async () => {
  const held = training.begin(new Draft(new Registry([FIRST])), FIRST, 7, {}, NOW);
  const { leases, context, changes } = scene([held], [held]);
  leases.adopt(held);
  await changes.end(held.project_id, 7, context, (draft, found, _live, now) =>
    training.release(draft, found, now),
  );
  expect(leases.isFree(held.project_id)).toBe(true);
  await expect(
    changes.end(held.project_id, 7, context, (draft, found, _live, now) =>
      training.release(draft, found, now),
    ),
  ).rejects.toMatchObject({ kind: 'lease_lost' });
});
