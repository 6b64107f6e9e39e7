/**
 * What a crash may leave: whatever files there are, the real store opens the directory, and finds a state that lies
 * between the last change that was acknowledged and the last that was asked for.
 */
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { pino } from 'pino';
import { resolvePaths } from '../../../src/paths.ts';
import { decodeRegistry } from '../../../src/store/format/decode.ts';
import { repair } from '../../../src/services/repair.ts';
import { createLanes } from '../../../src/services/lane.ts';
import { Store } from '../../../src/store/store.ts';
import { Trash } from '../../../src/services/trash/trash.ts';
import { isMissing } from '../../../src/system/errors.ts';
import type { Tree } from './disk.ts';
import type { Moment, Recording, Step } from './recording.ts';
import { patched, type State, stateOf } from './state.ts';

/** What the store made of a directory. */
export interface Found {
  readonly state: State;
  /** It says that it took a backup. */
  readonly recovered: boolean;
  /** What is wrong whatever was asked for; null for nothing. */
  readonly fault: string | null;
  /** The file and its backups, after both starts. */
  readonly contents: readonly Buffer[];
}

const silent = pino({ level: 'silent' });
/** In memory where there is such a place: the disk is what is simulated here. */
const PLACE = access('/dev/shm').then(
  () => '/dev/shm',
  () => tmpdir(),
);

/** Puts the files of a crash somewhere and opens the registry among them, twice. */
export async function open(tree: Tree): Promise<Found> {
  const root = await mkdtemp(join(await PLACE, 'gardener-power-'));
  try {
    for (const [path, bytes] of tree) {
      if (bytes === null) await mkdir(join(root, path), { recursive: true });
      else await writeFile(join(root, path), bytes);
    }
    return await openAt(join(root, 'data'));
  } finally {
    await rm(root, { recursive: true });
  }
}

async function openAt(dataDir: string): Promise<Found> {
  const paths = resolvePaths({ dataDir }, {});
  const contents: Buffer[] = [];
  let state: State = new Map();
  const faulty = (fault: string): Found => ({ state, recovered: false, fault, contents });
  try {
    const first = await Store.open({ paths, log: silent });
    state = stateIn(first);
    const recovered = first.problem?.kind === 'recovered';
    await first.close();
    const written = await readFile(paths.registryFile).catch(onlyMissing);
    if (written === null && first.registry.size > 0) return faulty('there is no file afterwards');
    const decoded = written && decodeRegistry(written, new Date().toISOString());
    if (decoded && !decoded.ok) return faulty(`the file is not valid afterwards: ${decoded.fault.message}`);
    const second = await Store.open({ paths, log: silent });
    const again = stateIn(second);
    const left = await readFile(paths.registryFile).catch(onlyMissing);
    if (left !== null) contents.push(left);
    for (const { name } of await second.backups.list()) {
      const bytes = await second.backups.read(name);
      if (bytes) contents.push(bytes);
    }
    const lanes = createLanes();
    const trash = new Trash({ paths, store: second, lane: lanes.projects, log: silent });
    const surroundings = {
      paths,
      lanes,
      trash,
      isTraining: () => false,
      hadAdapter: () => Promise.resolve(true),
      log: silent,
    };
    const { remaining } = await repair(second, surroundings);
    trash.close();
    await second.close();
    if (!isDeepStrictEqual(again, state))
      return faulty('the second start finds something else than the first');
    const broken = remaining.find(({ fixable, code }) => fixable && code !== 'orphan_dir');
    if (broken) return faulty(`cannot be repaired: ${broken.message}`);
    return { state, recovered, fault: null, contents };
  } catch (error) {
    return faulty(`it does not open: ${(error as Error).message}`);
  }
}

/** What is wrong with what was found after a crash at this moment; null for nothing. */
export function violation(recording: Recording, moment: Moment, tree: Tree, found: Found): string | null {
  if (found.fault !== null) return found.fault;
  const { steps, states } = recording;
  const done = steps.findLastIndex(({ changes }) =>
    changes.every((change) => isMade(change.acknowledged, moment)),
  );
  const begun = steps.filter((step) => step.begun <= moment).length;
  const careless = steps.slice(done + 1, begun).some((step) => step.careless);
  if (careless && found.recovered) {
    const backups = steps.slice(0, done + 1).flatMap(({ backup }, index) => {
      if (backup === null) return [];
      return [backup === 'all' ? index + 1 : index];
    });
    const earlier = backups.length === 0 ? [] : states.slice(Math.max(...backups), begun + 1);
    if (!isOneOf(found.state, earlier))
      return `not even what the last backup holds: ${difference(found.state, earlier)}`;
    return missing(recording, moment, tree, found);
  }
  if (found.recovered) return 'the file was broken, and a backup took its place';
  const legal = legalStates(steps.slice(0, begun), done, states, moment);
  if (!isOneOf(found.state, legal)) {
    return `changes are gone, or nobody asked for them: ${difference(found.state, legal)}`;
  }
  return missing(recording, moment, tree, found);
}

/** What there may be after all of the first steps up to `done`, and some of those that were begun. */
function legalStates(
  begun: readonly Step[],
  done: number,
  states: readonly State[],
  moment: Moment,
): State[] {
  if (begun.length === done + 1) return [states[done + 1] as State];
  // A change that was acknowledged stands on what was begun before it.
  const partly = begun.findLastIndex(({ changes }) =>
    changes.some((change) => isMade(change.acknowledged, moment)),
  );
  const first = Math.max(done + 1, partly);
  return begun
    .slice(first)
    .flatMap((step, index) => statesWithin(states[first + index] as State, step, moment));
}

/** A state with those changes of a step that were acknowledged, and any of the others. */
function statesWithin(before: State, step: Step, moment: Moment): State[] {
  let states = [before];
  for (const { patch, acknowledged } of step.changes) {
    const made = states.map((state) => patched(state, patch));
    states = isMade(acknowledged, moment) ? made : [...states, ...made];
  }
  return states;
}

function isMade(acknowledged: Moment | null, moment: Moment): boolean {
  return acknowledged !== null && acknowledged < moment;
}

function missing({ kept }: Recording, moment: Moment, tree: Tree, found: Found): string | null {
  for (const { bytes, from, until, project } of kept) {
    if (moment <= from || moment > until) continue;
    const files =
      project === null ? found.contents : found.state.has(project) ? filesOf(tree, project) : null;
    if (files && !files.some((file) => file.equals(bytes))) {
      return project === null ? 'a content is gone for good' : `the data of project ${project} are gone`;
    }
  }
  return null;
}

function filesOf(tree: Tree, project: string): Buffer[] {
  return [...tree].flatMap(([path, bytes]) =>
    bytes !== null && dirname(path).endsWith(`/${project}`) ? [bytes] : [],
  );
}

function stateIn({ registry }: Store): State {
  return stateOf({ active: registry.active, projects: [...registry.projects()] });
}

function isOneOf(state: State, states: readonly State[]): boolean {
  return states.some((one) => isDeepStrictEqual(new Map(state), new Map(one)));
}

/** Where a state differs from the legal one that is most like it. */
function difference(state: State, states: readonly State[]): string {
  const differing = (legal: State): string[] =>
    [...new Set([...state.keys(), ...legal.keys()])].filter((key) => state.get(key) !== legal.get(key));
  const [nearest] = states.toSorted((a, b) => differing(a).length - differing(b).length);
  if (nearest === undefined) return 'nothing is legal';
  return differing(nearest)
    .map((key) => `${key} is ${state.get(key) ?? 'absent'}, not ${nearest.get(key) ?? 'absent'}`)
    .join('; ');
}

function onlyMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}
