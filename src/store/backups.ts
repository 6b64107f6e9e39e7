/** Copies of earlier contents, in `<data>/backups/`. Only files named `registry-*.json` are ours. */
import { chmod, constants, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, isMissing, removeStaged, replaceFile, syncDirectory } from './atomic-file.ts';
import { decodeRegistry } from './codec.ts';
import type { Registry } from '../domain/registry.ts';

/** Why a backup was made. */
export type BackupReason = 'migration' | 'edit' | 'fault' | 'restore' | 'corrupt' | 'last-good';

/** How many are kept, `registry-last-good.json` included; the oldest go first. */
export const MAX_BACKUPS = 20;

const LAST_GOOD = 'registry-last-good.json';
const OURS = /^registry-.+\.json$/;
const NAMED = /^registry-(\d{8}T\d{6}\.\d{3}Z)(?:-(\d+))?-([a-z-]+)\.json$/;

export interface Backup {
  readonly name: string;
  /** ISO 8601. */
  readonly created_at: string;
  readonly reason: string;
  readonly bytes: number;
}

export class Backups {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Makes the directory and removes what an interrupted backup left in it.
   *
   * @param failed told of what cannot be removed
   */
  async prepare(failed: (error: unknown) => void): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await removeStaged(this.directory, (name) => OURS.test(name), failed);
  }

  /** Keeps a content; returns the backup's name. */
  async keep(bytes: Buffer, reason: BackupReason, now: string): Promise<string> {
    const name = await this.#freeName(reason, now);
    await replaceFile(join(this.directory, name), bytes);
    await this.#prune(name);
    return name;
  }

  /** Keeps the committed content under one name that is written over; see {@link Backups.newestGood}. */
  async keepLastGood(bytes: Buffer): Promise<void> {
    await replaceFile(join(this.directory, LAST_GOOD), bytes);
  }

  /** Moves a file that cannot be read out of the way, as it is. */
  async setAside(file: string, now: string): Promise<string> {
    const name = await this.#freeName('corrupt', now);
    const place = join(this.directory, name);
    try {
      await rename(file, place);
    } catch (error) {
      if (errorCode(error) !== 'EXDEV') throw error;
      // A registry that is kept on another disk through a link.
      await replaceFile(place, await readFile(file));
      await rm(file);
    }
    await chmod(place, 0o600);
    await syncDirectory(this.directory);
    await this.#prune(name);
    return name;
  }

  /** Newest first. */
  async list(): Promise<Backup[]> {
    const backups: Backup[] = [];
    for (const name of await this.#names()) {
      try {
        const status = await stat(join(this.directory, name));
        if (!status.isFile()) continue;
        backups.push({
          name,
          created_at: createdAt(name) ?? status.mtime.toISOString(),
          reason: name === LAST_GOOD ? 'last-good' : (NAMED.exec(name)?.[3] ?? 'unknown'),
          bytes: status.size,
        });
      } catch (error) {
        if (!isMissing(error)) throw error; // pruned meanwhile
      }
    }
    return backups.toSorted(
      (a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || nth(b.name) - nth(a.name),
    );
  }

  /** The same with how many projects each has; null for one that cannot be read as a registry. */
  async describe(): Promise<(Backup & { readonly project_count: number | null })[]> {
    const described: (Backup & { readonly project_count: number | null })[] = [];
    for (const backup of await this.list()) {
      // One at a time: each is as large as the registry, and others are waiting for the event loop.
      const bytes = await this.read(backup.name);
      const decoded = bytes && decodeRegistry(bytes, backup.created_at);
      described.push({ ...backup, project_count: decoded?.ok ? decoded.registry.size : null });
    }
    return described;
  }

  /** The bytes of a backup; null when none has this name. */
  async read(name: string): Promise<Buffer | null> {
    if (!OURS.test(name) || name.includes('/')) return null;
    try {
      // A pipe of this name must not make the daemon wait for a writer.
      const handle = await open(join(this.directory, name), constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return (await handle.stat()).isFile() ? await handle.readFile() : null;
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** The newest backup that can be read as a registry; null when there is none. */
  async newestGood(now: string): Promise<{ name: string; registry: Registry } | null> {
    for (const { name } of await this.list()) {
      const bytes = await this.read(name);
      if (!bytes) continue;
      const decoded = decodeRegistry(bytes, now);
      if (decoded.ok && !decoded.newer) return { name, registry: decoded.registry };
    }
    return null;
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.directory)).filter((name) => OURS.test(name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  async #freeName(reason: BackupReason, now: string): Promise<string> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const time = now.replace(/[-:]/g, '');
    const taken = (await this.#names()).filter((name) => NAMED.exec(name)?.[1] === time).map(nth);
    const count = Math.max(0, ...taken) + 1;
    return `registry-${time}${count === 1 ? '' : `-${count}`}-${reason}.json`;
  }

  /** @param made stays, also where a clock that was put back makes it the oldest */
  async #prune(made: string): Promise<void> {
    const dated = (await this.list()).filter(({ name }) => name !== LAST_GOOD && name !== made);
    for (const { name } of dated.slice(MAX_BACKUPS - 2))
      await rm(join(this.directory, name), { force: true });
  }
}

/** Which of the backups of one instant it is. */
function nth(name: string): number {
  return Number(NAMED.exec(name)?.[2] ?? 1);
}

/** The time in a backup's name, as ISO 8601. */
function createdAt(name: string): string | null {
  const [, time] = NAMED.exec(name) ?? [];
  return time ? time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, '$1-$2-$3T$4:$5:') : null;
}
