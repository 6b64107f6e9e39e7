/** Which project a path means, as far as it takes the disk to tell: links and worktrees. */
import { basename, join } from 'node:path';
import { normalizePath } from '../../domain/references.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { findAround, findAt, type Found } from '../../domain/whereabouts.ts';
import { type Ask, Disk } from './disk.ts';
import type { Turns } from '../../turns.ts';
import { RealSources } from './real-sources.ts';
import { worktreesAround } from './worktrees.ts';

export class Places {
  readonly #view: () => RegistryView;
  readonly #disk: Disk;
  readonly #sources: RealSources;
  readonly #turns: Turns;

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
   * @throws {RegistryError} `ambiguous_project`
   */
  async find(path: string): Promise<Found | undefined> {
    const [known, ...others] = this.#view().at(normalizePath(path));
    // Nothing is nearer than that, and most paths are such.
    if (known && others.length === 0) return { project: known, by: 'cwd' };
    const place = await this.#real(path);
    const worktrees = place ? await worktreesAround(this.#disk, place.real, place.existing) : [];
    await this.#sources.refresh();
    // All that waited for the same questions go on together.
    if (this.#turns.isOver) await this.#turns.next();
    return findAround(this.#view(), { path, real: place?.real, worktrees }, this.#sources.at);
  }

  /** The id of the same. */
  async findId(path: string): Promise<string | undefined> {
    return (await this.find(path))?.project.project_id;
  }

  /**
   * The id of the project whose `source_path` a path is; undefined when there is none.
   *
   * @param path absolute
   * @throws {RegistryError} `ambiguous_project`
   */
  async findAt(path: string): Promise<string | undefined> {
    const place = await this.#real(path);
    await this.#sources.refresh();
    // All that waited for the same questions go on together.
    if (this.#turns.isOver) await this.#turns.next();
    return findAt(this.#view(), { path, real: place?.real }, this.#sources.at)?.project_id;
  }

  /** The path behind all links, and how much of it is there; what does not exist stays as it is written. */
  async #real(path: string): Promise<{ real: string; existing: string } | undefined> {
    const whole = normalizePath(path);
    const real = await this.#disk.real(whole);
    if (real !== null) return { real, existing: real };
    // From above: of a path with thousands of directories few exist.
    let existing = await this.#disk.real('/');
    if (existing === null) return undefined;
    for (let end = whole.indexOf('/', 1); end !== -1; end = whole.indexOf('/', end + 1)) {
      const there = await this.#disk.real(whole.slice(0, end));
      if (there === null) {
        return { real: join(existing, whole.slice(whole.lastIndexOf('/', end - 1))), existing };
      }
      existing = there;
    }
    return { real: join(existing, basename(whole)), existing };
  }
}
