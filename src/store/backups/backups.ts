/** Copies of earlier contents, in `<data>/backups/`; `domain/backup-names.ts` says which are ours, and in which order. */
import type { BigIntStats } from 'node:fs';
import { chmod, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createdAt,
  isBackupName,
  LAST_GOOD,
  newestFirst,
  nextName,
  reasonOf,
  wasContent,
} from '../../domain/backup-names.ts';
import type { Registry } from '../../domain/registry.ts';
import { RegistryError } from '../../domain/errors.ts';
import { cutText } from '../../domain/values/text.ts';
import { errorCode, ifMissing } from '../../system/errors.ts';
import { makeDirectory } from '../../system/make-directory.ts';
import { NotPlainError } from '../../system/plain-file.ts';
import { removeStaged } from '../../system/staged.ts';
import { replaceFile, syncDirectory } from '../file/atomic-file.ts';
import { readRegularFile } from '../regular-file.ts';
import { type Decoded, decodeRegistry, openContent } from '../format/decode.ts';
import { unreadableBackups } from '../problem.ts';

/** Why a backup was made. */
export type BackupReason =
  | 'migration'
  | 'edit'
  | 'fault'
  | 'remove'
  | 'repair'
  | 'restore'
  | 'before-import'
  | 'corrupt'
  | 'last-good';

/** Whether a backup stays although newer ones take its place. */
export type IsSpared = (name: string) => Promise<boolean>;

/** How many are kept, `registry-last-good.json` included; the oldest go first. */
export const MAX_BACKUPS = 20;
/** How many of these may be from before removals: whoever removes many projects is to lose no other backup by that. */
const MAX_REMOVALS = 5;

export interface Backup {
  readonly name: string;
  /** ISO 8601. Not what the order goes by: the clock may have been wrong. */
  readonly created_at: string;
  readonly reason: string;
  readonly bytes: number;
}

/** One that can be read as a registry. */
export interface GoodBackup {
  readonly name: string;
  readonly registry: Registry;
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
    makeDirectory(this.directory);
    await removeStaged(this.directory, isBackupName, failed);
  }

  /**
   * Keeps a content; returns the backup's name.
   *
   * @param isSpared default none is
   */
  async keep(bytes: Buffer, reason: BackupReason, now: string, isSpared?: IsSpared): Promise<string> {
    const name = await this.#freeName(reason, now);
    await replaceFile(join(this.directory, name), bytes);
    await this.#prune(isSpared);
    return name;
  }

  /** Keeps the committed content under one name that is written over; see {@link Backups.newestGood}. */
  async keepLastGood(bytes: Buffer): Promise<void> {
    makeDirectory(this.directory);
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
    await this.#prune();
    return name;
  }

  /**
   * Newest first. The copy of the last good content, which is the newest by what it holds, stands where it was last
   * written, as people read the list: what was kept since then is what they may want to go back to.
   */
  async list(): Promise<Backup[]> {
    const found: (Backup & { readonly written: number })[] = [];
    for (const name of await this.#names()) {
      const status = await stat(join(this.directory, name)).catch((error: unknown) => {
        if (!isNone(error)) throw error;
      });
      if (!status?.isFile()) continue;
      const { mtime, mtimeMs: written, size: bytes } = status;
      found.push({ name, created_at: createdAt(name, mtime), reason: reasonOf(name), bytes, written });
    }
    const copy = found.find(({ name }) => name === LAST_GOOD);
    const dated = found.filter((backup) => backup !== copy);
    const older = copy ? dated.findIndex(({ written }) => written < copy.written) : 0;
    if (copy) dated.splice(older < 0 ? dated.length : older, 0, copy);
    return dated.map(({ written: _written, ...backup }) => backup);
  }

  /** The same with how many projects each has; null for one that cannot be read as a registry. */
  async describe() {
    const described: (Backup & { readonly project_count: number | null })[] = [];
    for (const backup of await this.list()) {
      // One at a time: each is as large as the registry, and others are waiting for the event loop.
      const decoded = await this.#decode(backup.name, backup.created_at).catch((error: unknown) => {
        if (errorCode(error) === undefined) throw error;
        return null; // it says nothing of the others
      });
      described.push({ ...backup, project_count: decoded?.ok ? decoded.registry.size : null });
    }
    return described;
  }

  /** The bytes of a backup; null when none has this name, or it is another user's. */
  async read(name: string): Promise<Buffer | null> {
    if (!isBackupName(name)) return null;
    try {
      const read = await readRegularFile(join(this.directory, name), 'follow', isTrusted);
      return read?.bytes ?? null;
    } catch (error) {
      if (isNone(error) || error instanceof NotPlainError) return null;
      throw error;
    }
  }

  /**
   * A backup that a caller named.
   *
   * @throws {RegistryError} `backup_not_found`, with the newest that there are
   * @throws {RegistryError} `storage_failed` when the system does not let us read it
   * @throws as {@link openContent}
   */
  async open(name: string, now: string): Promise<Registry> {
    const bytes = await this.read(name).catch((error: unknown) => {
      throw unreadableBackups(error);
    });
    if (!bytes) {
      const suggestions = (await this.list()).slice(0, 3).map((backup) => backup.name);
      const message = `cannot restore ${JSON.stringify(cutText(name, 100))}: no backup has this name`;
      throw new RegistryError('backup_not_found', message, { name, suggestions });
    }
    return openContent(bytes, 'name', now);
  }

  /**
   * The newest backup that can be read as a registry; null when there is none.
   *
   * @throws when the system does not let us read one that may be newer: an older one must not take its place
   */
  async newestGood(now: string): Promise<GoodBackup | null> {
    for (const name of await this.#names()) {
      if (!wasContent(name)) continue;
      const decoded = await this.#decode(name, now);
      if (decoded?.ok && !decoded.newer) return { name, registry: decoded.registry };
    }
    return null;
  }

  /** A backup as a registry; null for one that is gone, or larger than a registry can be. */
  async #decode(name: string, now: string): Promise<Decoded | null> {
    try {
      const bytes = await this.read(name);
      return bytes && decodeRegistry(bytes, now, { mend: true });
    } catch (error) {
      if (errorCode(error) === 'EFBIG') return null;
      throw error;
    }
  }

  /** Ours, newest first. */
  async #names(): Promise<string[]> {
    const names = await readdir(this.directory).catch(ifMissing([]));
    return names.filter(isBackupName).toSorted(newestFirst);
  }

  async #freeName(reason: BackupReason, now: string): Promise<string> {
    makeDirectory(this.directory);
    return nextName(await this.#names(), reason, now);
  }

  async #prune(isSpared: IsSpared = async () => false): Promise<void> {
    let removals = 0;
    const isOneTooMany = ({ reason }: Backup): boolean =>
      reason === 'remove' && (removals += 1) > MAX_REMOVALS;
    const dated = (await this.list()).filter(({ name }) => name !== LAST_GOOD);
    const extra = dated.filter(isOneTooMany);
    const rest = dated.filter((backup) => !extra.includes(backup));
    for (const { name } of [...extra, ...rest.slice(MAX_BACKUPS - 1)]) {
      try {
        if (!(await isSpared(name))) await rm(join(this.directory, name), { force: true });
      } catch (error) {
        // One too many harms nobody, and goes with the next; what was to be kept is kept.
        if (errorCode(error) === undefined) throw error;
      }
    }
  }
}

/** Whether there is nothing of that name: it was pruned meanwhile, or is a link that leads nowhere. */
function isNone(error: unknown): boolean {
  return ['ENOENT', 'ELOOP', 'ENXIO'].includes(errorCode(error) ?? '');
}

/** Whether a file can be of this program's making: others may have put theirs there while the directory was open to them. */
export function isTrusted({ uid }: BigIntStats): boolean {
  return uid === 0n || Number(uid) === process.geteuid?.();
}
