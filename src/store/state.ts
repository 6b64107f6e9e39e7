/** The committed state, how another content succeeds it, what is wrong with its file, and who is told of each. */
import type { Change, Origin } from '../domain/draft.ts';
import type { RegistryError } from '../domain/errors.ts';
import type { Project } from '../domain/project.ts';
import { Registry, type RegistryView } from '../domain/registry.ts';
import { type IsTraining, succeedProject } from '../domain/training/succession.ts';
import { isLeaseRecorded } from '../domain/training/record.ts';
import { encodeRegistry } from './format/encode.ts';
import { requireReadable } from './format/stored-project.ts';
import { newerVersion, type Problem, readOnly } from './problem.ts';

/** A step of the history: durable changes, in the order in which they were made. */
export interface Commit {
  readonly changes: readonly Change[];
  readonly origin: Origin;
  readonly at: string;
}

export interface StoreListener {
  committed?(commit: Commit): void;
  /** The problem came, changed or (null) went. */
  problem?(problem: Problem | null): void;
}

/** A file of an older version, or with what cannot be used. */
export interface Original {
  readonly bytes: Buffer;
  /** Told the name of the backup. */
  readonly kept?: (backup: string) => void;
}

/** How another content was come by. */
interface Adoption extends Omit<Commit, 'changes'> {
  readonly original?: Original | null;
  /** Whether its version is newer than this program, which then only serves it. */
  readonly newer?: boolean;
}

export class State {
  registry = new Registry();
  /** When the file's content was last taken over as a whole. */
  loadedAt = '';
  /** The file as it was found, where writing it anew changes more than is asked for, until it is in a backup. */
  original: Original | null = null;
  readonly #listeners = new Set<StoreListener>();
  /** What is wrong with what was last found in the file. */
  #problem: Problem | null = null;
  #readOnly = false;
  /** Why the last look could not find out, or not act on it; what was known before is known again when that is over. */
  #obstacle: Problem | null = null;
  /** What is wrong beside the file, and stops no change. */
  #warning: Problem | null = null;
  /** Why the last write failed, until one succeeds; `placed` when the content stands, and could not be made safe. */
  #failedWrite: { readonly problem: Problem; readonly placed: boolean } | null = null;
  #told: Problem | null = null;

  get problem(): Problem | null {
    // What a change has to be refused for comes first, and what is only to be known last.
    return this.#obstacle ?? this.fault ?? this.#failedWrite?.problem ?? this.#problem ?? this.#warning;
  }

  /** Why the file, as it was last found, cannot be changed; null when it can. */
  get fault(): Problem | null {
    return this.#readOnly ? this.#problem : null;
  }

  /** Whether changes are refused because of the problem. */
  get readOnly(): boolean {
    return this.#readOnly || this.#obstacle !== null;
  }

  /**
   * Why changes are refused; null when they are not.
   *
   * @param file that a person would have to mend
   */
  refusal(file: string): RegistryError | null {
    return this.readOnly ? readOnly(this.problem as Problem, file) : null;
  }

  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes another content, as a whole, in the place of the committed one; returns what that changed. */
  adopt(registry: Registry, { origin, at, original = null, newer = false }: Adoption): readonly Change[] {
    const changes = difference(this.registry, registry);
    this.registry = registry;
    this.original = original;
    this.loadedAt = at;
    this.setProblem(newer ? newerVersion(registry.version, at) : null, newer);
    this.publish({ changes, origin, at });
    return changes;
  }

  publish(commit: Commit): void {
    if (commit.changes.length === 0) return;
    for (const listener of this.#listeners) listener.committed?.(commit);
  }

  /** What a look has found to be wrong with the file, or that nothing is. */
  setProblem(problem: Problem | null, readOnly: boolean): void {
    this.#readOnly = readOnly;
    this.#problem = problem;
    this.#obstacle = null;
    this.#tell();
  }

  /** Says a problem in other words, where that is still what is wrong. */
  reword(known: Problem, problem: Problem): void {
    if (this.#problem !== known) return;
    this.#problem = problem;
    this.#tell();
  }

  /** The last look has failed; null when it has not, and found nothing new. */
  setObstacle(obstacle: Problem | null): void {
    this.#obstacle = obstacle;
    this.#tell();
  }

  /** Something is wrong beside the file, or nothing any more: changes go on. */
  setWarning(warning: Problem | null): void {
    this.#warning = warning;
    this.#tell();
  }

  /** The last write of the file has failed, or, with `placed`, what makes it survive a power cut. */
  writeFailed(problem: Problem, placed: boolean): void {
    if (this.#failedWrite?.problem.message !== problem.message) this.#failedWrite = { problem, placed };
    this.#tell();
  }

  /** The same has succeeded. */
  writeSucceeded(placed: boolean): void {
    if (this.#failedWrite?.placed !== placed) return;
    this.#failedWrite = null;
    this.#tell();
  }

  #tell(): void {
    const { problem } = this;
    if (problem === this.#told) return;
    this.#told = problem;
    for (const listener of this.#listeners) listener.problem?.(problem);
  }

  /** What the file says of what is committed, or would, in pieces that follow one another. */
  encodePieces(registry: Registry = this.registry): Promise<Buffer[]> {
    const { version, extra, active, previous } = registry;
    return encodeRegistry(registry.projects(), active, version, extra, previous);
  }

  /** The same in one. */
  async encode(registry?: Registry): Promise<Buffer> {
    return Buffer.concat(await this.encodePieces(registry));
  }
}

export interface Succession {
  readonly registry: Registry;
  /** Whether the content says something else of a lease than this: the next daemon must not believe it. */
  readonly leasesDiffer: boolean;
}

/**
 * Another content as the successor of this one: projects that are the same stay the same objects, with all that was
 * kept for them; leases go on, and no token goes back.
 *
 * @throws {InvalidParamsError} when what comes of the two could not be read again
 */
export function succeed(before: Registry, after: Registry, isTraining: IsTraining): Succession {
  let leasesDiffer = false;
  const projects = Array.from(after.projects(), (project) => {
    const id = project.project_id;
    const known = before.get(id);
    const next = succeedProject(known, project, isTraining(id));
    // Each was read; what was put together of both has not been.
    if (next !== project) requireReadable([{ id, after: next }]);
    if (isTraining(id) || isLeaseRecorded(project)) leasesDiffer ||= !sameContent(project, next);
    return known && sameContent(known, next) ? known : next;
  });
  const { active, version, extra, previous } = after;
  const registry = new Registry(projects, active, version, extra, previousOf(before, after), previous);
  return { registry, leasesDiffer };
}

/** What was active before: as the content says, where it says something new; otherwise what it has taken the place of. */
export function previousOf(before: Registry, after: Registry): string | null {
  const isNews = after.previous !== before.previousInFile;
  const isSwitched = before.active !== after.active && after.get(before.active ?? '') !== undefined;
  if (isSwitched && !(isNews && after.previous !== null)) return before.active;
  return isNews ? after.previous : before.previous;
}

/** The changes that lead from one state to another: removals first, so that a freed name can be taken again. */
function difference(before: RegistryView, after: RegistryView): Change[] {
  const changes: Change[] = [];
  for (const project of before.projects()) {
    if (!after.get(project.project_id)) changes.push({ id: project.project_id, before: project });
  }
  for (const project of after.projects()) {
    const known = before.get(project.project_id);
    if (!known) changes.push({ id: project.project_id, after: project });
    else if (!sameContent(known, project))
      changes.push({ id: project.project_id, before: known, after: project });
  }
  if (before.active !== after.active) changes.push({ active: after.active, previous: before.active });
  return changes;
}

function sameContent(a: Project, b: Project): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
