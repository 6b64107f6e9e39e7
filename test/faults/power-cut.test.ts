/**
 * The power is cut at every moment of a recorded run, and the disk keeps of what was not synced what it likes. The
 * registry opens, has every change that was acknowledged, none that nobody asked for, and a copy of whatever was
 * replaced by an edit, a fault or a restore.
 *
 * What the simulation finds is worth what it is able to find: recordings of a daemon that does it wrong must fail.
 */
import { expect, test } from 'vitest';
import { requireTools } from '../support/tools.ts';
import { cutPower, type Violation } from './power/crashes.ts';
import type { Order } from './power/disk.ts';
import type { Event } from './power/events.ts';
import type { Recording } from './power/recording.ts';
import { recordEveryday, recordMigration, recordRecovery, recordRestored } from './power/scenarios.ts';
import {
  filesRemovedFirst,
  movedWithoutSync,
  removedBeforeReplaced,
  removedRatherThanMoved,
  renamedBeforeSync,
  toldBeforeSync,
  withoutDirectorySyncs,
  withoutFiles,
  withoutFileSyncs,
  withoutSyncsOfEdits,
  writtenInPlace,
} from './power/wrong-protocols.ts';
import { seeded } from './support/random.ts';
import { report } from './support/report.ts';

/** How many crashes are tried at each moment, beside the extremes. */
const SAMPLES = 15;
const ORDERS: readonly Order[] = ['ordered', 'any'];
const SCENARIOS = {
  everyday: recordEveryday,
  migration: recordMigration,
  restored: recordRestored,
  recovery: recordRecovery,
};

const recordings = new Map<keyof typeof SCENARIOS, Promise<Recording>>();

/** Recorded once for all tests, by the first that needs it. */
function recorded(scenario: keyof typeof SCENARIOS): Promise<Recording> {
  const recording = recordings.get(scenario) ?? SCENARIOS[scenario]();
  recordings.set(scenario, recording);
  return recording;
}

/** Some of what was found, each kind once. */
function describe(violations: readonly Violation[]): string[] {
  const kinds = new Map(violations.map((violation) => [`${violation.order} ${violation.when}`, violation]));
  return [...kinds.values()].slice(0, 5).map(({ order, when, what, tree }) => {
    const files = [...tree].map(([path, bytes]) =>
      bytes === null ? `${path}/` : `${path} (${bytes.length})`,
    );
    return `${order}: ${what}\n  ${when}\n  left: ${files.join(', ')}`;
  });
}

test.for(['everyday', 'migration', 'restored', 'recovery'] as const)(
  'nothing that was acknowledged is lost when the power fails: %s',
  { timeout: 240_000 },
  async (scenario, context) => {
    requireTools(context, 'strace');
    const recording = await recorded(scenario);
    const judged = await cutPower(recording, { orders: ORDERS, samples: SAMPLES, random: seeded() });
    report(`${scenario}: ${judged.moments} moments, ${judged.crashes} crashes, ${judged.states} states`);
    expect(describe(judged.violations)).toEqual([]);
    // Fewer would mean that the record was empty, or the model too well-behaved.
    expect(judged.states).toBeGreaterThan(recording.steps.length * 3);
  },
);

type Events = readonly Event[];
type Wrong = [what: string, order: Order, change: (events: Events) => Event[], found: RegExp];
const LOST = /^the file was broken|^changes are gone/;
const WRONG_CHANGES = ORDERS.flatMap((order): Wrong[] => [
  ['does not sync the file', order, withoutFileSyncs, LOST],
  ['does not sync the directory', order, withoutDirectorySyncs, LOST],
  ['renames before it syncs', order, renamedBeforeSync, LOST],
  ['writes in place', order, writtenInPlace, LOST],
  ['answers before it has synced', order, toldBeforeSync, LOST],
  ['does not sync what it takes over', order, withoutSyncsOfEdits, LOST],
  ["deletes a project's files first", order, filesRemovedFirst, /^the data of project .* are gone/],
]);

const COPY = /registry-last-good\.json/;
const CORRUPT = /-corrupt\.json$/;
const OLDER = /^not even what the last backup holds/;
const GONE = /^a content is gone for good/;
const writtenInPlaceUnsynced = (events: Events): Event[] =>
  withoutFileSyncs(writtenInPlace(events, COPY), COPY);
const WRONG_BACKUPS = ORDERS.flatMap((order): Wrong[] => [
  ['makes no copy of everything', order, (events) => withoutFiles(events, COPY), OLDER],
  ['renames that copy before it syncs', order, (events) => renamedBeforeSync(events, COPY), OLDER],
  ['writes that copy in place', order, writtenInPlaceUnsynced, OLDER],
  ['deletes the copy before that', order, (events) => removedBeforeReplaced(events, COPY), OLDER],
  ['deletes a spoilt file', order, (events) => removedRatherThanMoved(events, CORRUPT), GONE],
  ['keeps nothing of an edit', order, (events) => withoutFiles(events, /-edit\.json/), GONE],
  ['keeps nothing of a fault', order, (events) => withoutFiles(events, /-fault\.json/), GONE],
  ['keeps nothing of a restore', order, (events) => withoutFiles(events, /-restore\.json/), GONE],
]);
// In order, what is synced next makes it safe.
WRONG_BACKUPS.push([
  'does not sync where it moves a spoilt file',
  'any',
  (events) => movedWithoutSync(events, CORRUPT),
  GONE,
]);

const WRONG = [
  ...WRONG_CHANGES.map((wrong) => [...wrong, 'everyday'] as const),
  ...WRONG_BACKUPS.map((wrong) => [...wrong, 'recovery'] as const),
];
test.for(WRONG)('a daemon that %s is found out (%s)', { timeout: 120_000 }, async (wrong, context) => {
  requireTools(context, 'strace');
  const [, order, change, found, scenario] = wrong;
  const recording = await recorded(scenario);
  const events = change(recording.events);
  expect(events).not.toEqual(recording.events);
  const cuts = { orders: [order], samples: SAMPLES, random: seeded(), first: true };
  const { violations } = await cutPower(recording.having(events), cuts);
  expect(violations[0]?.what).toMatch(found);
});
