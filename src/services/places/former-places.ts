/** Where paths lead, or led before what was there was moved away: people name it as they knew it, through links. */
import { basename, dirname, join, resolve } from 'node:path';
import { ifSilent } from '../lane.ts';
import type { Disk } from './disk.ts';

/** As many as the system follows; links may go round in a circle. */
const MAX_LINKS = 40;

export class FormerPlaces {
  readonly #disk: Disk;
  /** Most paths lie in few directories. */
  readonly #known = new Map<string, string>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /**
   * The path behind all links; of what is not there as much as is, and through links that lead nowhere. As it is written
   * where the disk does not answer.
   */
  of(path: string): Promise<string> {
    return this.#of(path, 0).catch(ifSilent(path));
  }

  async #of(path: string, links: number): Promise<string> {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const found = await this.#find(path, links);
    this.#known.set(path, found);
    return found;
  }

  async #find(path: string, links: number): Promise<string> {
    const real = await this.#disk.real(path);
    if (real !== null) return real;
    if (path === '/') return path;
    const parent = await this.#of(dirname(path), links);
    const place = join(parent, basename(path));
    const target = links < MAX_LINKS ? await this.#disk.link(place) : null;
    return target === null ? place : await this.#of(resolve(parent, target), links + 1);
  }
}
