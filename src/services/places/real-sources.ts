/** Where the source paths of the projects lead, for projects that are registered through a link. */
import { basename, dirname } from 'node:path';
import type { Project } from '../../domain/project.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { ifSilent } from '../lane.ts';
import type { Disk } from './disk.ts';

/** What is known of links is asked again after so long: somebody may have made one, or had one lead elsewhere. Milliseconds. */
export const TRUSTED_MS = 5_000;
/** And only afterwards where asking takes longer than this: nobody waits so long at a prompt. Milliseconds. */
const PATIENCE_MS = 100;

export class RealSources {
  readonly #view: () => RegistryView;
  readonly #disk: Disk;
  /** By source path, where it leads. */
  #real = new Map<string, string>();
  /** The source paths that lead to a place and are not that place. */
  #leadingTo = new Map<string, string[]>();
  /** How long the paths are that a project may be found at. */
  #lengths = new Set<number>();
  /** The links that source paths go through, and where they led; null for nowhere. Many paths may share one. */
  #links: ReadonlyMap<string, string | null> = new Map();
  #isStale = true;
  #begunAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #took = 0;
  #asking: Promise<void> | null = null;

  constructor(view: () => RegistryView, disk: Disk) {
    this.#view = view;
    this.#disk = disk;
  }

  /** There may be other source paths now. */
  changed(): void {
    this.#isStale = true;
  }

  /** The projects whose source path leads to a real path. */
  readonly at = (real: string): readonly Project[] => {
    // Of the directories above a deep path few are as long as one that is registered.
    if (!this.#isStale && !this.#lengths.has(real.length)) return [];
    const view = this.#view();
    const written = view.at(real).filter((project) => (this.#real.get(project.source_path) ?? real) === real);
    const linked = (this.#leadingTo.get(real) ?? []).flatMap((path) => view.at(path));
    return linked.length === 0 ? written : [...written, ...linked];
  };

  /** Where projects are, behind all links. */
  places(): Iterable<string> {
    return this.#real.values();
  }

  /**
   * Whether a source path leads where it is known to lead.
   *
   * @throws {NoAnswerError} where its disk does not tell now
   */
  async isAsKnown(path: string): Promise<boolean> {
    return (await this.#disk.real(path)) === (this.#real.get(path) ?? null);
  }

  /**
   * Has all that is known be of this moment or later: what was asked before it may have changed until then.
   *
   * @param moment as `performance.now` has it
   */
  async refreshSince(moment: number): Promise<void> {
    const isRecent = (): boolean => !this.#isStale && this.#begunAt >= moment;
    if (isRecent()) return;
    await this.#asking;
    if (!isRecent()) await this.#ask();
  }

  /**
   * The same, and has the links lead where they are known to lead now: few paths go through one, and those that do are
   * what may be nearer to a place since it was looked at.
   */
  async refreshToChange(moment: number): Promise<void> {
    const begun = performance.now();
    await this.refreshSince(moment);
    if (this.#begunAt >= begun || (await this.#linksAreAsKnown())) return;
    await this.refreshSince(begun);
  }

  async #linksAreAsKnown(): Promise<boolean> {
    for (const [link, known] of this.#links) {
      // What does not answer has not come to lead to a place that does.
      if ((await this.#disk.real(link).catch(ifSilent(known))) !== known) return false;
    }
    return true;
  }

  /** Brings what is known up to date, where it may not be. */
  async refresh(): Promise<void> {
    if (this.#isStale) {
      // What is being asked may not know of the change yet.
      await this.#asking;
      if (this.#isStale) await this.#ask();
      return;
    }
    if (performance.now() - this.#askedAt < Math.max(TRUSTED_MS, 20 * this.#took)) return;
    const asking = this.#ask();
    if (this.#took < PATIENCE_MS) await asking;
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#askAll().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #askAll(): Promise<void> {
    const started = performance.now();
    this.#isStale = false;
    const real = new Map<string, string>();
    const leadingTo = new Map<string, string[]>();
    const paths = new Set(Array.from(this.#view().projects(), (project) => project.source_path));
    const lengths = new Set<number>();
    const links = new Map<string, string | null>();
    for (const path of paths) {
      lengths.add(path.length);
      const leads = await this.#leadsTo(path);
      // What is gone, or cannot be told, counts as it is written.
      if (leads === null) {
        if ((await this.#disk.link(path).catch(ifSilent(null))) !== null) links.set(path, null);
        continue;
      }
      real.set(path, leads);
      lengths.add(leads.length);
      if (leads === path) continue;
      links.set(...(await this.#linkOf(path, leads, links)));
      const others = leadingTo.get(leads);
      if (others) others.push(path);
      else leadingTo.set(leads, [path]);
    }
    this.#real = real;
    this.#leadingTo = leadingTo;
    this.#lengths = lengths;
    this.#links = links;
    this.#begunAt = started;
    this.#askedAt = performance.now();
    this.#took = this.#askedAt - started;
  }

  /** As far as is known, where the disk does not answer. */
  #leadsTo(path: string): Promise<string | null> {
    return this.#disk.real(path).catch(ifSilent(this.#real.get(path) ?? null));
  }

  /** The part of a path that all its links are in, and where that leads. */
  async #linkOf(
    path: string,
    leads: string,
    known: ReadonlyMap<string, string | null>,
  ): Promise<[link: string, leads: string]> {
    let [link, end] = [path, leads];
    while (link !== '/' && end !== '/' && basename(link) === basename(end)) {
      [link, end] = [dirname(link), dirname(end)];
    }
    const isSo = link === path || (known.get(link) ?? (await this.#leadsTo(link))) === end;
    // Another link may come after that one, and lead back to the same names.
    return isSo ? [link, end] : [path, leads];
  }
}
