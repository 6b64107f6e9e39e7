/** Which project a path means, as far as it takes the disk to tell: links and worktrees. */
import { dirname, join, relative } from 'node:path';
import { normalizePath } from '../../domain/references.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { findAround, findAt, type Found } from '../../domain/whereabouts.ts';
import { type Ask, Disk } from './disk.ts';
import { RealSources } from './real-sources.ts';
import { worktreesAround } from './worktrees.ts';

export class Places {
  readonly #view: () => RegistryView;
  readonly #disk: Disk;
  readonly #sources: RealSources;

  /** @param view the committed state */
  constructor(view: () => RegistryView, ask: Ask) {
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
    const real = await this.#real(path);
    const worktrees = real === undefined ? [] : await worktreesAround(this.#disk, real);
    await this.#sources.refresh();
    return findAround(this.#view(), { path, real, worktrees }, this.#sources.at);
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
    const real = await this.#real(path);
    await this.#sources.refresh();
    return findAt(this.#view(), { path, real }, this.#sources.at)?.project_id;
  }

  /** The path behind all links; what does not exist stays as it is written. */
  async #real(path: string): Promise<string | undefined> {
    const whole = normalizePath(path);
    for (let there = whole; ; there = dirname(there)) {
      const real = await this.#disk.real(there);
      if (real !== null) return join(real, relative(there, whole));
      if (there === '/') return undefined;
    }
  }
}
