/** What a training brings into service as it completes, and what is taken back of an earlier one. */
import { findProject, tryToFind } from '../../domain/places/references.ts';
import type { Project } from '../../domain/project.ts';
import { promote } from '../../domain/training/status.ts';
import { complete } from '../../domain/training/training.ts';
import type { Given } from '../../protocol/methods.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../call.ts';
import type { Left } from '../outputs/left.ts';
import { type Promotable, refused } from '../outputs/promotion.ts';
import type { LeaseChanges } from './changes.ts';
import type { Leases } from './leases.ts';

/** With what is added to the parameters of `training.complete`. */
type Completing = Given<'training.complete'> & {
  /** Whether there is an adapter, as far as a disk can tell; default there is. */
  readonly adapter?: boolean;
};

/** The same for `training.promote`. */
type Promoting = Given<'training.promote'> & {
  /** What was in service then; missing for a project that is not known yet. */
  readonly found?: Promotable;
};

interface Parts {
  readonly store: Store;
  readonly leases: Leases;
  readonly changes: LeaseChanges;
  readonly left: Left;
}

export class Results {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Adds what the trainer has put into its output to what it says. */
  async prepareComplete(params: Given<'training.complete'>): Promise<Completing> {
    const { store, leases, left } = this.#parts;
    const project = tryToFind(store.registry, params.project);
    if (!project || leases.get(project.project_id)?.token !== params.token) return params;
    const made = await left.outputs.results(project.project_id, params.token);
    const { lora_adapter_path: named = made.lora_adapter_path ?? project.lora_adapter_path } = params;
    return { ...made, ...params, adapter: await left.outputs.mayBeThere(named) };
  }

  async complete(
    { project: reference, token, adapter = true, ...results }: Completing,
    context: Context,
  ): Promise<{ project: Project; warnings: readonly 'no_adapter'[] }> {
    const { leases, changes, left } = this.#parts;
    const project = await changes.end(reference, token, context, (draft, { project_id: id }, live, now) => {
      const completed = complete(draft, id, live, results, now);
      const { curve = [] } = leases.get(id) ?? {};
      left.history.tell(completed, { metadata: results.metadata ?? {}, adapter, curve });
      return completed;
    });
    // One that is named is somebody else's to look after.
    const isMissed = !adapter && results.lora_adapter_path === undefined;
    return { project, warnings: isMissed ? ['no_adapter'] : [] };
  }

  /** Finds out what was in service when an earlier training completed, and whether that is there. */
  async preparePromote(params: Given<'training.promote'>): Promise<Promoting> {
    const { store, left } = this.#parts;
    const project = tryToFind(store.registry, params.project);
    return project ? { ...params, found: await left.promotable(project, params.token) } : params;
  }

  async promote({ project: reference, token, found }: Promoting, { changed }: Context): Promise<Project> {
    const { store, left } = this.#parts;
    const project = await store.change((draft, now) => {
      const { project_id: id } = findProject(draft, reference);
      if (!found) throw refused('is of no training that has ended');
      left.requireKept(id, found);
      return promote(draft, id, found.earlier, now);
    });
    changed({ project: project.project_id, name: project.name, token });
    return project;
  }
}
