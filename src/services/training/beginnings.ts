/** How a lease begins: with a token greater than any that its project has had, and a place to write. */
import type { Project } from '../../domain/project.ts';
import type { RegistryView } from '../../domain/registry.ts';
import * as training from '../../domain/training/training.ts';
import type { Logger } from '../../log.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../call.ts';
import type { History } from '../outputs/history.ts';
import type { Outputs } from '../outputs/outputs.ts';
import type { Begun, LeaseChanges, Terms } from './changes.ts';
import type { Leases } from './leases.ts';

interface Parts {
  readonly store: Store;
  readonly leases: Leases;
  readonly changes: LeaseChanges;
  readonly outputs: Outputs;
  readonly history: History;
  /** Told of each project on which a lease has begun. */
  readonly begun: (project: Project) => void;
  readonly log: Logger;
}

export class Beginnings {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Begins a lease on the project that `choose` finds, and makes its output; null as {@link LeaseChanges.begin} is.
   *
   * @param known the projects whose outputs have been looked at; added to
   */
  async begin(
    terms: Terms,
    context: Context,
    choose: (view: RegistryView) => Project | null,
    known: Set<string>,
  ): Promise<Begun | null> {
    for (;;) {
      const unread: { id: string | null } = { id: null };
      const begun = await this.#parts.changes.begin(terms, context, (draft) => {
        const project = choose(draft);
        const id = project?.project_id;
        // One that is new in this very change has no output.
        unread.id = id === undefined || known.has(id) || !this.#parts.store.registry.get(id) ? null : id;
        return unread.id === null ? project : null;
      });
      if (begun) {
        await this.#makeOutput(begun, context);
        this.#parts.begun(begun.project);
        return begun;
      }
      if (unread.id === null) return null;
      await this.readTokens(unread.id, known);
    }
  }

  /** A token is greater than that of any output, and of any training in the history, whatever became of the file. */
  async readTokens(id: string, known: Set<string>): Promise<void> {
    const { store, outputs, history, leases, log } = this.#parts;
    const project = store.registry.get(id);
    try {
      leases.raise(id, await outputs.greatestToken(id));
      if (project) leases.raise(id, await history.greatestToken(project));
    } catch (error) {
      // What cannot be read now cannot be written either, which is told then.
      log.warn({ err: error, project: id }, 'cannot look for the outputs of a project');
    }
    known.add(id);
  }

  /** The same for a lease that goes on: whoever began it may never have heard of its output. */
  async again({ project, token }: Begun): Promise<void> {
    const { outputs, log } = this.#parts;
    await outputs.make(project, token, true).catch((error: unknown) => {
      log.error({ err: error, project: project.project_id }, 'cannot make the output of a training');
    });
  }

  /** A lease without a place to write is none: it is given back. */
  async #makeOutput({ project, token }: Begun, context: Context): Promise<void> {
    const { leases, changes, outputs, log } = this.#parts;
    try {
      await outputs.make(project, token);
    } catch (error) {
      log.error({ err: error, project: project.project_id }, 'cannot make the output of a training');
      await changes
        .end(project.project_id, token, context, (draft, found, _live, now) =>
          training.release(draft, found, now),
        )
        // Whoever gets an error does not know of the lease: it ends as if they had vanished.
        .catch((failure: unknown) => {
          log.error({ err: failure, project: project.project_id }, 'cannot give a lease back');
          const lease = leases.get(project.project_id);
          if (lease?.token === token) leases.give(lease, null);
        });
      throw error;
    }
  }
}
