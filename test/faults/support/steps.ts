/** What may happen to a registry, in any order. Steps are data: a counterexample can be copied into a table. */
import fc from 'fast-check';
import type { Operation } from './model.ts';

export type Step =
  | Operation
  /** Several changes in one batch. */
  | { readonly do: 'batch'; readonly operations: readonly Operation[] }
  /** Somebody edits the file; the daemon looks by itself, or finds out when it is asked for a change. */
  | { readonly do: 'edit'; readonly how: How; readonly edit: Operation; readonly noticed: 'look' | 'change' }
  /** Somebody spoils the file; it is mended again, or the daemon is killed and recovers it. */
  | { readonly do: 'spoil'; readonly how: How; readonly text: string; readonly end: 'mend' | 'kill' }
  /** Nothing can be written while a change is asked for. */
  | { readonly do: 'fail'; readonly operation: Operation }
  | { readonly do: 'restart'; readonly signal: 'SIGTERM' | 'SIGKILL' };

export type How = 'in place' | 'replace';

const name = fc.constantFrom('a', 'A', 'b', 'c', 'd');
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('register' as const), name, activate: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('count' as const), name, count: fc.nat(99) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rename' as const), name, to: name }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('status' as const),
      name,
      status: fc.constantFrom('completed', 'failed', 'not_started'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('activate' as const), name: fc.option(name) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('touch' as const), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), name }) },
);
const how = fc.constantFrom<How>('in place', 'replace');
/** Any step. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: operation },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('batch' as const),
      operations: fc.array(operation, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('edit' as const),
      how,
      edit: operation,
      noticed: fc.constantFrom('look', 'change'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('spoil' as const),
      how,
      text: fc.constantFrom('', '{', '{"version": "1.2", "projects": []}', 'null', '{"version": 1}\n'),
      end: fc.constantFrom('mend', 'mend', 'mend', 'kill'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), operation }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('restart' as const),
      signal: fc.constantFrom('SIGTERM', 'SIGKILL'),
    }),
  },
);
