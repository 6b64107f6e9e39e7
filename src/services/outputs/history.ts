/**
 * The history of each project: its file, and what that lacks yet. What has ended is known from the moment its change is
 * durable, and written afterwards: nobody waits for that, and a disk that is full is tried again with the next one.
 */
import { join } from 'node:path';
import type { ProjectChange } from '../../domain/draft.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Project } from '../../domain/project.ts';
import { profileOf, type TrainingProfile } from '../../domain/training/curve.ts';
import {
  type Ended,
  endedWith,
  joined,
  lastRecorded,
  sizeOf,
  standingOf,
  type Told,
  withStanding,
} from '../../domain/training/history.ts';
import { canBeFollowed } from '../../domain/training/record.ts';
import type { Logger } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import type { Store } from '../../store/store.ts';
import { errorCode, systemReason } from '../../system/errors.ts';
import { type Lanes, NoAnswerError } from '../lane.ts';
import { type Kept, readKept, writeKept } from './history-file.ts';

interface Place {
  readonly paths: Pick<Paths, 'projectsDir'>;
  readonly lanes: Lanes;
  readonly store: Pick<Store, 'registry'>;
  readonly log: Logger;
}

/** What the file of a project lacks. */
interface Pending {
  readonly ended: Ended[];
  /** What a record has told that is no more. */
  recorded: Ended | null;
  /** What was in service before that. */
  standing: Ended | null;
  /** How large outputs are, by token. */
  readonly bytes: Map<number, number>;
}

const NOTHING: Pending = { ended: [], recorded: null, standing: null, bytes: new Map() };

export class History {
  readonly #place: Place;
  readonly #pending = new Map<string, Pending>();
  /** What is known by whoever completes a training, by the project as that left it. */
  readonly #told = new WeakMap<Project, Told>();
  /** The projects whose files were read for their tokens. */
  readonly #known = new Set<string>();

  constructor(place: Place) {
    this.#place = place;
  }

  /** Keeps what is known of a training whose change is being made. */
  tell(completed: Project, told: Told): void {
    this.#told.set(completed, told);
  }

  /** Takes in a durable step of the registry; returns whether there is something to be written now. */
  committed(change: ProjectChange): boolean {
    const { id, before, after } = change;
    if (!after) this.#forget(id);
    if (!before || !after) return false;
    const ended = endedWith(change, this.#told.get(after));
    const standing = standingOf(before);
    // The record that names its token goes with the next training.
    const isUnnamed = standing !== null && standing.token !== standingOf(after)?.token;
    const isOther = before.lora_adapter_path !== after.lora_adapter_path || isUnnamed;
    if (ended || isOther) {
      const pending = this.#pendingOf(id);
      const known = withStanding(pending.ended, pending.standing);
      if (withStanding(known, standing) !== known) pending.standing = standing;
      if (ended) pending.ended.splice(0, Infinity, ...joined([ended], pending.ended));
    }
    return ended !== null || isOther || this.#pending.get(id)?.recorded != null;
  }

  /** Keeps how large the output of a training is that has ended. */
  measured(id: string, token: number, bytes: number): void {
    this.#pendingOf(id).bytes.set(token, bytes);
  }

  /**
   * The trainings of a project that have ended, the newest first.
   *
   * @throws {RegistryError} `storage_failed`
   */
  async of(project: Project): Promise<readonly Ended[]> {
    try {
      return await this.#read(project);
    } catch (error) {
      throw cannotRead(`the history of "${project.name}"`, error);
    }
  }

  /** How the training went that completed last; null where none has, or its times say nothing. */
  async profile(project: Project): Promise<TrainingProfile | null> {
    const last = (await this.of(project)).find(({ status }) => status === 'completed');
    return last ? profileOf(last) : null;
  }

  /**
   * The greatest token in the history of a project, of those that another can follow; 0 for none. Looks once: what has
   * ended since is known.
   *
   * @throws the system's error
   */
  async greatestToken(project: Project): Promise<number> {
    const id = project.project_id;
    if (this.#known.has(id)) return 0;
    const { history } = await this.#readFile(id);
    this.#known.add(id);
    // What a daemon that was killed has not written, nor an earlier version: the next lease takes the record's place.
    const recorded = lastRecorded(project);
    const standing = standingOf(project);
    if (recorded && !history.some(({ token }) => token === recorded.token))
      this.#pendingOf(id).recorded ??= recorded;
    else if (withStanding(history, standing) !== history) this.#pendingOf(id).standing ??= standing;
    return Math.max(0, ...history.map(({ token }) => token).filter(canBeFollowed));
  }

  /**
   * Writes what the file of a project lacks. One call at a time.
   *
   * @returns the history; null for a project that is none any more, or whose disk has to be tried again later
   */
  async write(id: string): Promise<readonly Ended[] | null> {
    const { store, lanes, log } = this.#place;
    try {
      const kept = await this.#readFile(id);
      const project = store.registry.get(id);
      if (!project) return null;
      const pending = this.#pending.get(id);
      const history = together(this.#own(id), project, kept, pending);
      if (!pending) return history;
      const written = copyOf(pending);
      if (JSON.stringify(history) !== JSON.stringify(kept.history))
        await lanes.chores.ask(() => writeKept(this.#own(id), history, kept.unusable));
      this.#written(id, pending, written);
      return history;
    } catch (error) {
      log.error(
        { err: error, project: id },
        'cannot write the history of a project; trying again with the next',
      );
      return null;
    }
  }

  /** The tokens of trainings that have ended and are not written down. */
  lacking(id: string): readonly number[] {
    return (this.#pending.get(id)?.ended ?? []).map(({ token }) => token);
  }

  /** The projects whose files lack something. */
  get unwritten(): readonly string[] {
    return [...this.#pending.keys()];
  }

  async #readFile(id: string): Promise<Kept> {
    const { lanes, log } = this.#place;
    const kept = await lanes.projects.ask(() => readKept(this.#own(id)));
    if (kept.fault !== null) log.warn({ project: id }, `the history of a project ${kept.fault}`);
    return kept;
  }

  /** What is written while the file is read is in what was lacking before, or in the file. */
  async #read(project: Project): Promise<readonly Ended[]> {
    const id = project.project_id;
    const before = copyOf(this.#pending.get(id) ?? NOTHING);
    const kept = await this.#readFile(id);
    return together(this.#own(id), project, kept, this.#pending.get(id), before);
  }

  /** Forgets what was written, and nothing that came since. */
  #written(id: string, pending: Pending, written: Pending): void {
    if (this.#pending.get(id) !== pending) return;
    const rest = pending.ended.filter((ended) => !written.ended.includes(ended));
    pending.ended.splice(0, Infinity, ...rest);
    if (pending.recorded === written.recorded) pending.recorded = null;
    if (pending.standing === written.standing) pending.standing = null;
    for (const [token, bytes] of written.bytes)
      if (pending.bytes.get(token) === bytes) pending.bytes.delete(token);
    const isLeft = rest.length > 0 || pending.bytes.size > 0 || pending.recorded || pending.standing;
    if (!isLeft) this.#pending.delete(id);
  }

  #pendingOf(id: string): Pending {
    const pending = this.#pending.get(id) ?? copyOf(NOTHING);
    this.#pending.set(id, pending);
    return pending;
  }

  #forget(id: string): void {
    this.#pending.delete(id);
    this.#known.delete(id);
  }

  #own(id: string): string {
    return join(this.#place.paths.projectsDir, id);
  }
}

export function cannotRead(what: string, error: unknown): Error {
  if (errorCode(error) === undefined && !(error instanceof NoAnswerError)) return error as Error;
  const message = `cannot read ${what}: ${systemReason(error)}`;
  const suggestions = ['see what is wrong with its directory: gardener doctor; then ask again'];
  return new RegistryError('storage_failed', message, { applied: false, suggestions });
}

function copyOf(pending: Pending): Pending {
  return { ...pending, ended: [...pending.ended], bytes: new Map(pending.bytes) };
}

/** What a file has, and lacks; and lacked, when it was about to be read. */
function together(
  own: string,
  project: Project,
  { history: kept }: Kept,
  now: Pending = NOTHING,
  before: Pending = NOTHING,
): readonly Ended[] {
  const recorded = [now.recorded, before.recorded, lastRecorded(project)].filter((record) => record !== null);
  let known: readonly Ended[] = joined(now.ended, kept, before.ended, recorded);
  for (const standing of [now.standing, before.standing, standingOf(project)])
    known = withStanding(known, standing);
  return known.map((ended) => {
    const bytes = sizeOf(own, ended, now.bytes.get(ended.token) ?? ended.bytes);
    return { ...ended, bytes };
  });
}
