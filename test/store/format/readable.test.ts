/** What is written can be read again: by the next daemon, whatever was in the file before and whatever is asked for. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidParamsError, RegistryError } from '../../../src/domain/errors.ts';
import * as operations from '../../../src/domain/changes.ts';
import { retrain, setStatus } from '../../../src/domain/training/status.ts';
import {
  MAX_ATTEMPT,
  MAX_STALL_MS,
  MAX_TOKEN,
  type Project,
  TRAINING_STATUSES,
} from '../../../src/domain/project.ts';
import { Draft } from '../../../src/domain/draft.ts';
import { Registry } from '../../../src/domain/registry.ts';
import { bringBack } from '../../../src/domain/contents.ts';
import { DISCONNECTED, STALLED, nextToken } from '../../../src/domain/training/record.ts';
import * as training from '../../../src/domain/training/training.ts';
import { decodeRegistry } from '../../../src/store/format/decode.ts';
import { succeed } from '../../../src/store/state.ts';
import { encodeRegistry } from '../../../src/store/format/encode.ts';
import { requireReadable } from '../../../src/store/format/stored-project.ts';
import { LATER, NOW, uuid } from '../../support/projects.ts';

const { record, constantFrom, option, array, oneof, integer, boolean } = fc;

const text = fc.string({ unit: 'binary', maxLength: 6 });
const metadata = fc.dictionary(text, fc.jsonValue({ maxDepth: 2 })) as fc.Arbitrary<Project['metadata']>;
const status = constantFrom(...TRAINING_STATUSES);
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  option(of, { nil: undefined, freq: 2 });

// Files, as people, other programs and other versions write them: mostly good, now and then at or beyond the edge.

const edge = integer({ min: 0, max: 150 });
const seldom = <T>(good: fc.Arbitrary<T>, odd: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  edge.chain((n) => (n === 0 ? odd : good));
const time = seldom(
  constantFrom(NOW, LATER, '2025-02-03 10:11:12.123456', '2025-02-03', '2026-03-01T10:00:00+01:00'),
  constantFrom('', 'yesterday', '2026-02-30'),
);
const token = seldom(
  constantFrom(0, 1, 1_795_000_000_000, MAX_TOKEN - 1, MAX_TOKEN),
  constantFrom(MAX_TOKEN + 1, Number.MAX_SAFE_INTEGER, 2 ** 53, -1),
);
const attempt = seldom(constantFrom(0, 1, 3, MAX_ATTEMPT), constantFrom(MAX_ATTEMPT + 1, -1));
const nested = constantFrom(1, 50, 90, 92, 93, 94, 95, 96, 97, 98, 120).map((depth) => {
  let value: unknown = 1;
  for (let n = 0; n < depth; n += 1) value = n % 2 === 0 ? [value] : { n: value };
  return value;
});
const request = option(
  record({ at: time, reason: option(text), own: nested }, { requiredKeys: ['at', 'reason'] }),
);
const storedTraining = record(
  {
    token,
    phase: option(text),
    progress: option(constantFrom(0, 0.5, 1)),
    started_at: option(time),
    updated_at: option(time),
    holder: option(
      record({ name: text, pid: seldom(constantFrom(0, 7), constantFrom(-1)) }, { requiredKeys: [] }),
    ),
    cancel_requested: boolean(),
    cancel_reason: text,
    error: option(constantFrom('x', DISCONNECTED, STALLED)),
    attempt,
    stall_ms: seldom(constantFrom(1, 86_400_000), constantFrom(0, 86_400_001, 'long')),
    before: seldom(
      record(
        { training_status: status, retrain_requested: request, error: option(text), attempt },
        { requiredKeys: [] },
      ),
      constantFrom(null, 'done', { training_status: 'done' }),
    ),
    own: nested,
  },
  { requiredKeys: ['token'] },
);
const stored = record(
  {
    source_path: text.map((path) => `/${path}`),
    created_at: time,
    last_updated: time,
    training_status: status,
    last_trained: option(time),
    last_used: option(time),
    tags: array(text, { maxLength: 3 }),
    metadata,
    training: option(storedTraining, { freq: 8 }),
    retrain_requested: request,
    plugin: oneof(nested, fc.jsonValue()),
  },
  { requiredKeys: ['source_path'] },
);
const file = record({
  projects: array(stored, { minLength: 1, maxLength: 2 }),
  active_project: option(constantFrom(uuid(0), uuid(1), uuid(9))),
  settings: fc.jsonValue({ maxDepth: 2 }),
  mend: boolean(),
}).map(({ projects, active_project, settings, mend }) => {
  const named = projects.map((one, n) => [uuid(n), { name: `p${n}`, ...one }]);
  const document = {
    version: '1.2',
    active_project,
    projects: Object.fromEntries(named) as object,
    settings,
  };
  return decodeRegistry(Buffer.from(JSON.stringify(document)), NOW, { mend });
});

// Changes, as the protocol lets them through.

type Change = (draft: Draft, now: string) => void;

const reference = constantFrom(uuid(0), uuid(0), uuid(1), uuid(2));
const path = text.map((part) => `/${part}`);
const given = record(
  {
    name: text,
    source_path: path,
    language: text,
    file_count: fc.maxSafeNat(),
    tags: array(text, { maxLength: 64 }),
    metadata,
    lora_adapter_path: option(path),
  },
  { requiredKeys: [] },
);
const progress = record(
  { progress: constantFrom(0, 0.3, 1), phase: text, message: text, details: metadata },
  { requiredKeys: [] },
);
const stallMs = maybe(integer({ min: 1, max: 86_400_000 }));
const holder = record({ name: text, pid: fc.nat() }, { requiredKeys: [] });

const change: fc.Arbitrary<Change> = oneof(
  record({ id: reference, name: text, source_path: path, metadata }).map(
    (input): Change =>
      (draft, now) =>
        operations.register(draft, { ...input, directory: '/p', now }),
  ),
  record({ id: reference, given }).map(
    ({ id, given: fields }): Change =>
      (draft, now) =>
        operations.update(draft, id, fields, now),
  ),
  record({ id: reference, status, error: maybe(text) }).map(
    ({ id, status: next, error }): Change =>
      (draft, now) =>
        setStatus(draft, id, next, now, { error }),
  ),
  record({ id: reference, reason: option(text) }).map(
    ({ id, reason }): Change =>
      (draft, now) =>
        retrain(draft, id, now, reason),
  ),
  reference.map(
    (id): Change =>
      (draft) =>
        operations.remove(draft, id),
  ),
  option(reference).map(
    (id): Change =>
      (draft, now) =>
        operations.activate(draft, id, now),
  ),
  record({ id: reference, holder, stallMs }).map(
    ({ id, holder: who, stallMs: stall }): Change =>
      (draft, now) => {
        const found = existing(draft, id);
        training.begin(draft, found, nextToken(now, found.training?.token ?? 0), who, now, {
          stall_ms: stall,
        });
      },
  ),
  record({
    id: reference,
    progress,
    given: record({ file_count: fc.nat(), metadata }, { requiredKeys: [] }),
  }).map(
    ({ id, progress: live, given: results }): Change =>
      (draft, now) =>
        training.complete(draft, id, live, results, now),
  ),
  record({ id: reference, progress, error: text }).map(
    ({ id, progress: live, error }): Change =>
      (draft, now) =>
        training.fail(draft, existing(draft, id), live, error, now),
  ),
  reference.map(
    (id): Change =>
      (draft, now) =>
        training.release(draft, existing(draft, id), now),
  ),
  record({ id: reference, reason: maybe(text) }).map(
    ({ id, reason }): Change =>
      (draft, now) =>
        training.requestCancel(draft, existing(draft, id), reason, now),
  ),
  record({ id: reference, progress }).map(
    ({ id, progress: live }): Change =>
      (draft, now) =>
        training.notePhase(draft, id, live, now),
  ),
);

function existing(draft: Draft, id: string): Project {
  const found = draft.get(id);
  if (!found) throw new RegistryError('project_not_found', id);
  return found;
}

/** One step: the content of a file takes the place of this one, or gives projects back, or a change is made. */
const step = record({
  file: option(file, { freq: 2 }),
  alone: boolean(),
  live: array(reference, { maxLength: 2 }),
  change,
});

function copy(registry: Registry): Registry {
  const { active, version, extra, previous } = registry;
  return new Registry(registry.projects(), active, version, extra, previous);
}

/** What is written of a registry says the same to whoever reads it. */
async function expectReadable(registry: Registry): Promise<void> {
  const { active, version, extra, previous } = registry;
  const bytes = Buffer.concat(await encodeRegistry(registry.projects(), active, version, extra, previous));
  const again = decodeRegistry(bytes, LATER);
  if (!again.ok) throw new Error(`cannot be read again: ${JSON.stringify(again.fault)}`);
  const told = ({ registry: { active: id, extra: more }, list }: { registry: Registry; list: Project[] }) =>
    JSON.stringify([id, more, list]);
  expect(told({ registry: again.registry, list: [...again.registry.projects()] })).toBe(
    told({ registry, list: [...registry.projects()] }),
  );
}

test('whatever was in the file, and whatever is done', { timeout: 60_000 }, async () => {
  const counts = { read: 0, refused: 0, changed: 0 };
  await fc.assert(
    fc.asyncProperty(file, array(step, { maxLength: 8, size: 'max' }), async (first, steps) => {
      // A copy, because a run may be repeated.
      let registry = first.ok ? copy(first.registry) : new Registry();
      for (const { file: decoded, alone, live, change: make } of steps) {
        const isTraining = (id: string): boolean => live.includes(id);
        const draft = new Draft(registry);
        try {
          if (decoded?.ok && !alone) {
            counts.read += 1;
            registry = copy(succeed(registry, decoded.registry, isTraining).registry);
            await expectReadable(registry);
            continue;
          }
          if (decoded?.ok) bringBack(draft, decoded.registry, [uuid(0)], isTraining);
          else if (decoded === null) make(draft, LATER);
          requireReadable(draft.changes);
          counts.changed += draft.changes.length;
        } catch (error) {
          if (!(error instanceof RegistryError) && !(error instanceof InvalidParamsError)) throw error;
          counts.refused += 1;
          continue;
        }
        registry.apply(draft.changes);
        await expectReadable(registry);
      }
    }),
    { numRuns: 300 },
  );
  // Otherwise little was tried.
  for (const count of Object.values(counts)) expect(count, JSON.stringify(counts)).toBeGreaterThan(20);
});

test('a lease can be begun on whatever could be read', { timeout: 60_000 }, async () => {
  let begun = 0;
  await fc.assert(
    fc.asyncProperty(file, async (decoded) => {
      if (!decoded.ok) return;
      const draft = new Draft(decoded.registry);
      for (const project of decoded.registry.projects()) {
        training.begin(draft, project, nextToken(LATER, project.training?.token ?? 0), {}, LATER);
        begun += 1;
      }
      requireReadable(draft.changes);
    }),
    { numRuns: 500 },
  );
  expect(begun).toBeGreaterThan(20);
});

test('another content that a lease would make unreadable is not taken over', () => {
  const [id, name] = [uuid(0), 'p0'];
  const held = (stall_ms: number): Registry => {
    const draft = new Draft(new Registry());
    const now = NOW;
    const { project_id } = operations.register(draft, { id, name, directory: '/p', source_path: '/s', now });
    training.begin(draft, existing(draft, project_id), 7, {}, now, { stall_ms });
    return new Registry(draft.projects());
  };
  const [before, after] = [held(MAX_STALL_MS + 1), held(1)];
  expect(() => succeed(before, after, () => true)).toThrow(/training\.stall_ms/);
  expect(() => succeed(before, after, () => false)).not.toThrow();
});
