/** What trainings leave behind, as one: where they write, what is known of them, and what becomes of it. */
import type { Project } from '../../domain/project.ts';
import { timestampOf } from '../../domain/values/time.ts';
import type { Logger } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import type { Store } from '../../store/store.ts';
import type { Lanes } from '../lane.ts';
import type { Trash } from '../trash/trash.ts';
import { Gone } from './gone.ts';
import { cannotRead, History } from './history.ts';
import { Outputs } from './outputs.ts';
import { findPromotable, type Promotable, requireKept } from './promotion.ts';
import { type Pruned, Pruning } from './pruning.ts';
import { Upkeep } from './upkeep.ts';

interface Place {
  readonly paths: Paths;
  readonly lanes: Lanes;
  readonly store: Store;
  readonly trash: Trash;
  readonly log: Logger;
}

export class Left {
  readonly outputs: Outputs;
  readonly history: History;
  readonly upkeep: Upkeep;
  readonly #place: Place;
  readonly #pruning: Pruning;
  readonly #gone = new Gone();

  constructor(place: Place) {
    this.#place = place;
    this.outputs = new Outputs(place);
    this.history = new History(place);
    const isClosed = (): boolean => this.upkeep.isClosed;
    const pruning = new Pruning({ ...place, history: this.history, gone: this.#gone, isClosed });
    this.#pruning = pruning;
    this.upkeep = new Upkeep({ ...place, history: this.history, pruning });
  }

  /** See {@link findPromotable}. */
  async promotable(project: Project, token: number): Promise<Promotable> {
    const { outputs, history } = this;
    return await findPromotable(project, token, { ...this.#place, outputs, history, gone: this.#gone });
  }

  /** See {@link requireKept}. */
  requireKept(id: string, found: Promotable): void {
    requireKept(id, found, { ...this.#place, outputs: this.outputs, gone: this.#gone });
  }

  /**
   * Takes away what is not needed of a project.
   *
   * @param olderMs what ended longer ago, but for what is in service; default what later trainings have made superfluous
   * @param isTrial only tells; default false
   * @throws {RegistryError} `storage_failed`
   */
  async prune(project: Project, olderMs?: number, isTrial?: boolean): Promise<Pruned> {
    const before = olderMs === undefined ? undefined : timestampOf(Date.now() - olderMs);
    const id = project.project_id;
    return await this.upkeep.inTurn(async () => {
      const pruned = await this.#pruning
        .prune(project, await this.history.of(project), before, isTrial)
        .catch((error: unknown) => {
          throw cannotRead(`the outputs of "${project.name}"`, error);
        });
      if (!isTrial && this.history.unwritten.includes(id)) await this.history.write(id);
      return pruned;
    });
  }
}
