/** Which project a path means, as far as it takes the disk to tell: links and worktrees. */
import { join } from 'node:path';
import { RegistryError } from '../../domain/errors.ts';
import { normalizePath } from '../../domain/places/references.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { cutText } from '../../domain/values/text.ts';
import {
  findAround,
  findAt,
  type Found,
  type Place,
  type Worktree,
} from '../../domain/places/whereabouts.ts';
import { isWithin } from '../directories.ts';
import { NoAnswerError } from '../lane.ts';
import { type Ask, Disk } from './disk.ts';
import { FormerPlaces } from './former-places.ts';
import type { Turns } from '../../system/turns.ts';
import { RealSources, TRUSTED_MS } from './real-sources.ts';
import { MAX_WORKTREES, TooManyWorktrees } from './git-worktrees.ts';
import { Worktrees } from './worktrees.ts';

const TOO_MANY = `its repository has more than ${MAX_WORKTREES} worktrees and no main one`;

/** A path behind all links, and as much of it as there is. */
interface RealPlace {
  readonly real: string;
  readonly existing: string;
}

/** How sure a project has to be found. */
interface Care {
  /** What is known of links must not be older, as `performance.now` has it; null where somebody only asks. */
  readonly since: number | null;
  readonly isChange: boolean;
}

function recently(): Care {
  return { since: performance.now() - TRUSTED_MS, isChange: true };
}

function now(): Care {
  return { since: performance.now(), isChange: true };
}

export class Places {
  readonly #view: () => RegistryView;
  readonly #disk: Disk;
  readonly #sources: RealSources;
  readonly #worktrees: Worktrees;
  readonly #turns: Turns;
  /** By asker, what is found out for it at last. */
  readonly #last = new WeakMap<object, Promise<void>>();

  /** @param view the committed state */
  constructor(view: () => RegistryView, ask: Ask, turns: Turns) {
    this.#turns = turns;
    this.#view = view;
    this.#disk = new Disk(ask);
    this.#sources = new RealSources(view, this.#disk);
    this.#worktrees = new Worktrees(this.#disk, this.#sources);
  }

  /** The source paths of the registry have changed. */
  changed(): void {
    this.#sources.changed();
  }

  /**
   * The project that a path belongs to; undefined when there is none.
   *
   * @param path absolute
   * @param asker asks one thing at a time: one that asks thousands must not have the others wait behind all of them
   * @throws {RegistryError} `ambiguous_project`; `project_not_found` where the disk would have to tell and does not answer
   */
  find(path: string, asker: object): Promise<Found | undefined> {
    return this.#find(path, asker, { since: null, isChange: false });
  }

  /**
   * The same for what changes the project, which is one that is there now, and not by what was known a while ago. What
   * may be missed for {@link TRUSTED_MS} is one whose path was a directory and has become a link since.
   *
   * @throws {RegistryError} as {@link Places.find}, also where a disk would have to tell where the project is
   */
  findToChange(path: string, asker: object): Promise<Found | undefined> {
    return this.#find(path, asker, recently());
  }

  /**
   * The project whose `source_path` a path is, and no other one's by now; undefined when there is none.
   *
   * @param path absolute
   * @throws {RegistryError} as {@link Places.findToChange}
   */
  findAt(path: string, asker: object): Promise<Found | undefined> {
    const look = (care: Care): Promise<Found | undefined> =>
      this.#told(
        path,
        care,
        () => [],
        (place) => findAt(this.#view(), place, this.#sources.at),
      );
    // Asking for all of them is for what is really removed; most paths that nothing is found at are mistakes.
    return this.inTurn(asker, async () => (await look(recently())) && (await look(now())));
  }

  async #find(path: string, asker: object, care: Care): Promise<Found | undefined> {
    const [known, ...others] = this.#view().at(normalizePath(path));
    // Nothing is nearer than that, and most paths are such.
    if (known && others.length === 0) return { project: known, by: 'cwd' };
    return await this.inTurn(asker, () =>
      this.#told(
        path,
        care,
        ({ real, existing }) => this.#worktrees.around(real, existing),
        (place) => findAround(this.#view(), place, this.#sources.at),
      ),
    );
  }

  /**
   * Where these paths and the source paths of all projects lead, or led before what was there was moved; as they are
   * written where the disk does not answer.
   *
   * @param paths absolute
   */
  async former(paths: readonly string[], asker: object): Promise<ReadonlyMap<string, string>> {
    const sources = Array.from(this.#view().projects(), (project) => project.source_path);
    const places = new FormerPlaces(this.#disk);
    return await this.inTurn(asker, async () => {
      const found = new Map<string, string>();
      for (const path of [...paths.map(normalizePath), ...sources]) found.set(path, await places.of(path));
      return found;
    });
  }

  /** Looks a path up by what the disk tells of it; by what is written where the disk does not answer. */
  async #told(
    path: string,
    care: Care,
    worktreesOf: (place: RealPlace) => Promise<Worktree[]> | [],
    lookUp: (place: Place) => Found | undefined,
  ): Promise<Found | undefined> {
    const { since, isChange } = care;
    let silence: NoAnswerError | null = null;
    const ask = async (): Promise<Omit<Place, 'path'>> => {
      const place = await this.#real(path);
      await (since === null ? this.#sources.refresh() : this.#sources.refreshToChange(since));
      return { real: place?.real, worktrees: place ? await worktreesOf(place) : [] };
    };
    const place = await ask().catch((error: unknown) => {
      if (error instanceof TooManyWorktrees) throw untold(path, TOO_MANY);
      if (!(error instanceof NoAnswerError)) throw error;
      silence = error;
      return { worktrees: [] };
    });
    // All that waited for the same questions go on together.
    if (this.#turns.isOver) await this.#turns.next();
    const found = lookUp({ path, ...place });
    // Something nearer may be where the disk does not tell, and a change is not to be made of the wrong project.
    const isSure = found && (!isChange || normalizePath(path) === found.project.source_path);
    if (silence && !isSure) throw untold(path, (silence as NoAnswerError).message);
    if (found === undefined || (await this.#isThere(path, found, isChange))) return found;
    return await this.#told(path, { ...now(), isChange }, worktreesOf, lookUp);
  }

  /** Whether what was found is still there: links may lead elsewhere since they were looked at. */
  async #isThere(path: string, { project }: Found, isChange: boolean): Promise<boolean> {
    const { name, source_path: source } = project;
    // Both go through the same links.
    if (isWithin(normalizePath(path), source)) return true;
    try {
      return await this.#sources.isAsKnown(source);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      if (isChange) throw untold(path, `the disk of "${name}" does not answer`);
      // As far as anybody knows.
      return true;
    }
  }

  /** Does one thing after the other for each asker. */
  inTurn<T>(asker: object, action: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(asker) ?? Promise.resolve()).then(action);
    this.#last.set(
      asker,
      done.then(
        () => undefined,
        () => undefined,
      ),
    );
    return done;
  }

  /** The path behind all links, and how much of it is there; what does not exist stays as it is written. */
  async #real(path: string): Promise<RealPlace | undefined> {
    const whole = normalizePath(path);
    const real = await this.#disk.real(whole);
    if (real !== null) return { real, existing: real };
    const root = await this.#disk.real('/');
    if (root === null) return undefined;
    // The first directory is asked for first, as often nothing is there; then half of what is left each time.
    const ends = [...whole.matchAll(/(?<!^)\//g)].map(({ index }) => index);
    let [there, existing] = [0, root];
    let [low, high] = [0, ends.length];
    for (let middle = 0; low < high; middle = Math.floor((low + high) / 2)) {
      const end = ends[middle] ?? 0;
      const leads = await this.#disk.real(whole.slice(0, end));
      if (leads === null) high = middle;
      else {
        [there, existing] = [end, leads];
        low = middle + 1;
      }
    }
    return { real: join(existing, whole.slice(there)), existing };
  }
}

function untold(path: string, why: string): RegistryError {
  return new RegistryError(
    'project_not_found',
    `cannot tell which project ${cutText(path, 200)} belongs to: ${why}; name the project`,
  );
}
