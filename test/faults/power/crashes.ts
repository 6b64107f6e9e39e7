/** Cuts the power at every moment of a recording, and judges what may be left: legal states, sampled by a seed. */
import { createHash } from 'node:crypto';
import type { Random } from '../support/random.ts';
import { anyChoice, EXTREMES } from './choices.ts';
import { Disk, type Order, type Tree } from './disk.ts';
import { type Found, open, violation } from './judge.ts';
import type { Moment, Recording } from './recording.ts';

export interface Violation {
  readonly moment: Moment;
  readonly order: Order;
  readonly what: string;
  /** The steps of the scenario that were begun, and the last thing that happened. */
  readonly when: string;
  readonly tree: Tree;
}

export interface Judged {
  readonly moments: number;
  /** Crashes, and directories that differ from each other; each of these was opened. */
  readonly crashes: number;
  readonly states: number;
  readonly violations: readonly Violation[];
}

export interface Cuts {
  readonly orders: readonly Order[];
  /** How many crashes are tried at each moment in each order, beside the {@link EXTREMES}. */
  readonly samples: number;
  readonly random: Random;
  /** Stops at the first violation. */
  readonly first?: boolean;
}

/** How many directories are opened side by side: a file that does not parse is read again after a pause. */
const AT_ONCE = 16;

interface Crash {
  readonly moment: Moment;
  readonly order: Order;
  readonly tree: Tree;
  readonly key: string;
}

/** What was found in directories, by their keys: a daemon that does it wrong leaves mostly what the right one does. */
const opened = new Map<string, Promise<Found>>();

/** @throws {Error} when the record is not one of a run, as where a directory was never made */
export async function cutPower(recording: Recording, cuts: Cuts): Promise<Judged> {
  const states = new Set<string>();
  const moments = new Set<Moment>();
  const violations: Violation[] = [];
  let crashes = 0;
  const all = crashesOf(recording, cuts);
  const worker = async (): Promise<void> => {
    for (const { moment, order, tree, key } of all) {
      const found = opened.get(key) ?? open(tree);
      opened.set(key, found);
      states.add(key);
      moments.add(moment);
      crashes += 1;
      const what = violation(recording, moment, tree, await found);
      if (what !== null) violations.push({ moment, order, what, when: describe(recording, moment), tree });
      if (cuts.first === true && violations.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { moments: moments.size, crashes, states: states.size, violations };
}

function* crashesOf(recording: Recording, { orders, samples, random }: Cuts): Generator<Crash> {
  for (const order of orders) yield* crashesIn(recording, order, samples, random);
}

function* crashesIn(recording: Recording, order: Order, samples: number, random: Random): Generator<Crash> {
  const disk = new Disk(recording.root, order);
  // After these something else is expected of the same disk. What else is said changes nothing, and its number depends
  // on the machine: without it, the same seed makes the same crashes of the next recording.
  const turns = new Set(
    recording.steps.flatMap(({ begun, changes }) => [begun, ...changes.map((change) => change.acknowledged)]),
  );
  for (const [index, event] of recording.events.entries()) {
    const moment = index + 1;
    if (!(disk.apply(event) || turns.has(index)) || moment <= recording.from) continue;
    const choices = [...EXTREMES, ...Array.from({ length: samples }, () => anyChoice(random, order))];
    const keys = new Set<string>();
    for (const choice of choices) {
      const tree = disk.afterCrash(choice);
      const key = keyOf(tree);
      if (keys.has(key)) continue;
      keys.add(key);
      yield { moment, order, tree, key };
    }
  }
}

const hashes = new WeakMap<Buffer, string>();

/** The same for two trees that are the same. */
function keyOf(tree: Tree): string {
  const hash = createHash('sha256');
  for (const path of [...tree.keys()].toSorted()) hash.update(`${path}\0${hashOf(tree.get(path) ?? null)}\0`);
  return hash.digest('base64');
}

function hashOf(bytes: Buffer | null): string {
  if (bytes === null) return 'directory';
  const known = hashes.get(bytes);
  if (known !== undefined) return known;
  const made = createHash('sha256').update(bytes).digest('base64');
  hashes.set(bytes, made);
  return made;
}

function describe({ events, steps, root }: Recording, moment: Moment): string {
  const step = steps.findLast(({ begun }) => begun < moment)?.name ?? 'the start';
  const last = events[moment - 1];
  const text = JSON.stringify(last, (key, value: unknown) => (key === 'bytes' ? undefined : value)) ?? '';
  return `in ${step}, after ${text.replaceAll(root, '').slice(0, 300)}`;
}
