/** What projects point to, in whatever spelling: behind a link, in the directory of another project, from far away. */
import { realpath } from 'node:fs/promises';
import { normalizePath } from '../../domain/places/references.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { pathsOf } from '../../domain/training/history.ts';
import { errorCode } from '../../system/errors.ts';
import { isNothing, isWithin } from '../directories.ts';
import { type Lane, type Lanes, NoAnswerError, PATIENCE_MS } from '../lane.ts';

/** Where a path leads; null for nowhere, undefined where that cannot be told. */
type Real = string | null | undefined;

export class Pointers {
  readonly #projectsDir: string;
  readonly #lanes: Lanes;
  readonly #reals = new Map<string, Real>();

  /** @param projectsDir as paths of the registry spell it */
  constructor(projectsDir: string, lanes: Lanes) {
    this.#projectsDir = projectsDir;
    this.#lanes = lanes;
  }

  /**
   * Looks where paths lead whose text does not say it, one after the other.
   *
   * @param id of the project whose own paths may lead on from its directory, too
   */
  async look(registry: RegistryView, id: string): Promise<void> {
    for (const project of registry.projects())
      for (const path of pathsOf(project)) {
        if (this.#reals.has(path) || (project.project_id !== id && this.#isPlain(path))) continue;
        const { projects, foreign } = this.#lanes;
        this.#reals.set(path, await realOf(path, this.#isPlain(path) ? projects : foreign));
      }
  }

  /**
   * Whether some project points to a directory, into it, or to what it is in; also where that cannot be told.
   *
   * @param directory in the projects' directory
   * @param real where it is without links
   */
  pointTo(registry: RegistryView, directory: string, real: string): boolean {
    for (const project of registry.projects())
      for (const path of pathsOf(project)) {
        if (areAround(normalizePath(path), directory)) return true;
        if (!this.#reals.has(path) && this.#isPlain(path)) continue;
        const place = this.#reals.get(path);
        if (place === undefined || (place !== null && areAround(place, real))) return true;
      }
    return false;
  }

  /** Whether a path is as it leads, as far as it is known from its text. */
  #isPlain(path: string): boolean {
    return isWithin(path, this.#projectsDir) && normalizePath(path) === path;
  }
}

export async function realOf(path: string, lane: Lane): Promise<Real> {
  try {
    return await lane.ask(() => realpath(path), PATIENCE_MS);
  } catch (error) {
    if (isNothing(error)) return null;
    if (errorCode(error) === undefined && !(error instanceof NoAnswerError)) throw error;
    return undefined;
  }
}

function areAround(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one);
}
