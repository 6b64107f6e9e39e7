/** Which project a path means, as far as it takes the disk to tell: links and worktrees. */
import { join } from 'node:path';
import { RegistryError } from '../../domain/errors.ts';
import { normalizePath } from '../../domain/references.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { cutText } from '../../domain/text.ts';
import { findAround, findAt, type Found, type Place } from '../../domain/whereabouts.ts';
import { NoAnswerError } from '../../store/lane.ts';
import { type Ask, Disk } from './disk.ts';
import { FormerPlaces } from './former-places.ts';
import type { Turns } from '../../turns.ts';
import { RealSources } from './real-sources.ts';
import { worktreesAround } from './worktrees.ts';

export class Places {
  readonly #view: () => RegistryView;
  readonly #disk: Disk;
  readonly #sources: RealSources;
  readonly #turns: Turns;
  /** By asker, what is found out for it at last. */
  readonly #last = new WeakMap<object, Promise<void>>();

  /** @param view the committed state */
  constructor(view: () => RegistryView, ask: Ask, turns: Turns) {
    this.#turns = turns;
    this.#view = view;
    this.#disk = new Disk(ask);
    this.#sources = new RealSources(view, this.#disk);
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
  async find(path: string, asker: object): Promise<Found | undefined> {
    const [known, ...others] = this.#view().at(normalizePath(path));
    // Nothing is nearer than that, and most paths are such.
    if (known && others.length === 0) return { project: known, by: 'cwd' };
    return await this.inTurn(asker, () =>
      this.#told(
        path,
        async () => {
          const place = await this.#real(path);
          return {
            real: place?.real,
            worktrees: place ? await worktreesAround(this.#disk, place.real, place.existing) : [],
          };
        },
        (place) => findAround(this.#view(), place, this.#sources.at),
      ),
    );
  }

  /** The id of the same. */
  async findId(path: string, asker: object): Promise<string | undefined> {
    return (await this.find(path, asker))?.project.project_id;
  }

  /**
   * The id of the project whose `source_path` a path is; undefined when there is none.
   *
   * @param path absolute
   * @throws {RegistryError} as {@link Places.find}
   */
  async findAt(path: string, asker: object): Promise<string | undefined> {
    return await this.inTurn(asker, () =>
      this.#told(
        path,
        async () => ({ real: (await this.#real(path))?.real, worktrees: [] }),
        (place) => findAt(this.#view(), place, this.#sources.at)?.project_id,
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
  async #told<T>(
    path: string,
    ask: () => Promise<Omit<Place, 'path'>>,
    lookUp: (place: Place) => T | undefined,
  ): Promise<T | undefined> {
    let silence: NoAnswerError | null = null;
    const place = await ask().catch((error: unknown) => {
      if (!(error instanceof NoAnswerError)) throw error;
      silence = error;
      return { worktrees: [] };
    });
    await this.#sources.refresh();
    // All that waited for the same questions go on together.
    if (this.#turns.isOver) await this.#turns.next();
    const found = lookUp({ path, ...place });
    if (found === undefined && silence) throw untold(path, silence);
    return found;
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
  async #real(path: string): Promise<{ real: string; existing: string } | undefined> {
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

function untold(path: string, { message }: NoAnswerError): RegistryError {
  return new RegistryError(
    'project_not_found',
    `cannot tell which project ${cutText(path, 200)} belongs to: ${message}; name the project`,
  );
}
