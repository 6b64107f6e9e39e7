/** What a watch knows: each event applied to what was known before. */
import type { WatchEvent } from '../../watch.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Result } from '../../../src/protocol/methods.ts';

/** What is wrong with the file of the registry. */
export type Problem = NonNullable<Result<'registry.info'>['problem']>;

type Tildes = (message: string) => string;

export class WatchState {
  active: string | null = null;
  /** A message with its paths as people read them. */
  readonly tildes: Tildes;
  problem: Problem | null = null;
  /** Whether what is known is still being kept up to date. */
  connected = true;
  /** The project that was removed last, as it was. */
  removed: WireProject | undefined;
  readonly #projects = new Map<string, WireProject>();
  /** When each training will have ended, as far as that can be told; milliseconds since the epoch. */
  readonly #ends = new Map<string, number>();
  /** Made when it is asked for, and kept until something changes. */
  #order: WireProject[] | undefined;

  constructor(tildes: Tildes = (message) => message) {
    this.tildes = tildes;
  }

  apply(event: WatchEvent): void {
    this.#order = undefined;
    switch (event.type) {
      case 'resync':
        this.#projects.clear();
        this.#ends.clear();
        for (const project of event.projects) this.#keep(project, event.at);
        this.active = event.active_project;
        this.problem = event.problem;
        break;
      case 'activated':
        this.active = event.project_id;
        this.#keep(event.project, event.at);
        break;
      case 'removed':
        this.removed = this.#projects.get(event.project_id) ?? event.previous;
        this.#projects.delete(event.project_id);
        this.#ends.delete(event.project_id);
        break;
      case 'problem':
        this.problem = event.problem;
        break;
      case 'recovered':
        this.problem = null;
        break;
      case 'shutdown':
        this.connected = false;
        break;
      default:
        this.#keep(event.project, event.at);
    }
  }

  get size(): number {
    return this.#projects.size;
  }

  get(id: string): WireProject | undefined {
    return this.#projects.get(id);
  }

  /** How many projects have each status, in the order in which people ask for them. */
  counts(): (readonly [WireProject['training_status'], number])[] {
    const all = [...this.#projects.values()].map(({ training_status: status }) => status);
    return (['training', 'completed', 'failed', 'not_started'] as const)
      .map((status) => [status, all.filter((one) => one === status).length] as const)
      .filter(([, count]) => count > 0);
  }

  /** Those in training, the longest first, then the others, the last changed first. */
  inOrder(): readonly WireProject[] {
    this.#order ??= [...this.#projects.values()].toSorted(
      (a, b) =>
        Number(isTraining(b)) - Number(isTraining(a)) || compareTimes(a, b) || compare(a.name, b.name),
    );
    return this.#order;
  }

  /**
   * How long a training will still take, in milliseconds; undefined where nobody can tell, or it takes longer.
   *
   * @param now milliseconds since the epoch
   */
  leftOf({ project_id: id }: WireProject, now: number): number | undefined {
    const left = (this.#ends.get(id) ?? Number.NaN) - now;
    return left >= 0 ? left : undefined;
  }

  #keep(project: WireProject | undefined, at: string): void {
    if (!project) return;
    const { project_id: id, training } = project;
    const before = this.#projects.get(id)?.training;
    this.#projects.set(id, project);
    // Only what is told of a training as it goes on says how long it will take; its other events do not.
    if (typeof training?.eta_s === 'number') this.#ends.set(id, Date.parse(at) + training.eta_s * 1000);
    else if (training?.eta_s === null || training?.token !== before?.token || !isTraining(project))
      this.#ends.delete(id);
  }
}

/** Since when a project has its status, as far as it is known: ISO 8601. */
export function sinceWhen({
  training_status: status,
  training,
  last_trained,
  last_updated,
}: WireProject): string {
  if (status === 'training') return training?.started_at ?? last_updated;
  if (status === 'completed') return last_trained ?? last_updated;
  return training?.updated_at ?? last_updated;
}

function isTraining({ training_status: status }: WireProject): boolean {
  return status === 'training';
}

function compareTimes(a: WireProject, b: WireProject): number {
  return isTraining(a) ? compare(sinceWhen(a), sinceWhen(b)) : compare(b.last_updated, a.last_updated);
}

/** Times in the registry's form sort as texts. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
