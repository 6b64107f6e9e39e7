/** The services of a daemon, made and tied together. */
import { keepToUser, MADE_PRIVATE } from '../claim/private-directory.ts';
import type { Logger } from '../log.ts';
import type { Project } from '../domain/project.ts';
import type { Paths } from '../paths.ts';
import type { Commit } from '../store/state.ts';
import type { Store } from '../store/store.ts';
import type { Result } from '../protocol/methods.ts';
import { Turns } from '../system/turns.ts';
import { Feed } from './feed/feed.ts';
import { createLanes, NoAnswerError } from './lane.ts';
import type { Ask } from './places/disk.ts';
import { Left } from './outputs/left.ts';
import { Places } from './places/places.ts';
import { Trainings } from './training/trainings.ts';
import { Trash } from './trash/trash.ts';
import { Undo } from './undo.ts';

/** What the daemon tells and does about itself. */
export interface DaemonControl {
  readonly epoch: string;
  readonly startedAt: string;
  status(): Omit<Result<'daemon.status'>, 'pid' | 'version' | 'memory_rss' | 'host' | 'home'>;
  shutdown(reason: string): void;
  failed(error: unknown): void;
}

export type Services = ReturnType<typeof createServices>;

export function createServices(daemon: DaemonControl, store: Store, paths: Paths, log: Logger) {
  const turns = new Turns();
  const lanes = createLanes();
  const feed = new Feed(daemon.epoch, store, turns, (error) => daemon.failed(error));
  const ask: Ask = (question) =>
    lanes.foreign.ask(question).catch((error: unknown) => {
      if (error instanceof NoAnswerError) throw error;
      return null;
    });
  const places = new Places(() => store.registry, ask, turns);
  const trash = new Trash({ paths, store, lane: lanes.projects, log });
  const left = new Left({ paths, lanes, store, trash, log });
  const trainings = new Trainings(store, left, feed, turns, log);
  // Whoever is told of a change has no say in whether it was made.
  const guard = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      daemon.failed(error);
    }
  };
  const committed = (commit: Commit): void => {
    feed.committed(commit);
    for (const change of commit.changes)
      if ('id' in change && change.before?.source_path !== change.after?.source_path) places.changed();
    trainings.committed(commit);
  };
  store.subscribe({
    committed: (commit) => guard(() => committed(commit)),
    problem: () => guard(() => feed.problem()),
  });
  // The disk of these may be another one, and need not answer.
  lanes.projects
    .ask(() => keepToUser(paths.projectsDir, 'the projects'))
    .then((done) => done && log.warn({ path: paths.projectsDir }, MADE_PRIVATE))
    .catch((error: unknown) => log.warn({ err: error }, 'cannot keep others out of the projects'));
  const leased = {
    isTraining: (id: string): boolean => !trainings.isFree(id),
    requireFree: (project: Project): void => void trainings.requireFree(project),
  };
  const undo = new Undo({ store, trash, lanes, paths, leased, log });
  return { store, lanes, trash, undo, paths, trainings, feed, places, turns, daemon, log };
}
