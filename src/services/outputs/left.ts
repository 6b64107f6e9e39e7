/** What trainings leave behind, as one: where they write, what is known of them, and what becomes of it. */
import { join } from 'node:path';
import type { Project } from '../../domain/project.ts';
import { type InService, pathsOf } from '../../domain/training/history.ts';
import { outputWith } from '../../domain/training/output.ts';
import type { Logger } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import type { Store } from '../../store/store.ts';
import type { Lanes } from '../lane.ts';
import { History } from './history.ts';
import { Outputs } from './outputs.ts';
import { findPromotable, gone, refused } from './promotion.ts';
import { Upkeep } from './upkeep.ts';

interface Place {
  readonly paths: Paths;
  readonly lanes: Lanes;
  readonly store: Store;
  readonly log: Logger;
}

export class Left {
  readonly outputs: Outputs;
  readonly history: History;
  readonly upkeep: Upkeep;
  /** The outputs that were moved away, or are about to be, by path. */
  readonly #gone = new Set<string>();
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
    this.outputs = new Outputs(place);
    this.history = new History(place);
    this.upkeep = new Upkeep(this.history);
  }

  /** See {@link findPromotable}. */
  async promotable(project: Project, token: number): Promise<InService> {
    const { outputs, history } = this;
    return await findPromotable(project, token, { ...this.#place, outputs, history });
  }

  /**
   * To be asked within a change: what a disk was asked before may have been moved away since.
   *
   * @throws {InvalidParamsError}
   */
  requireKept(id: string, earlier: InService): void {
    for (const path of pathsOf(earlier)) {
      const token = outputWith(join(this.#place.paths.projectsDir, id), path);
      if (token !== null && this.#gone.has(this.outputs.of(id, token).directory)) throw refused(gone(path));
    }
  }
}
