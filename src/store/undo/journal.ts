/**
 * What can be taken back, in `<data>/undo/`: a file for each operation, written before the change is. That it was made is
 * seen from the registry: an operation of which nothing is left was never made, or is taken back.
 *
 * Beside the backups and not among them, because what can be taken back must not depend on which of those are kept.
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidParamsError } from '../../domain/errors.ts';
import type { Registry } from '../../domain/registry.ts';
import { type Done, UNDOABLE, type Undoable } from '../../domain/undo/take-back.ts';
import { isJsonObject } from '../../domain/values/json.ts';
import { ifMissing } from '../../system/errors.ts';
import { makeDirectory, requireNoLink } from '../../system/make-directory.ts';
import { NotPlainError } from '../../system/plain-file.ts';
import { removeStaged } from '../../system/staged.ts';
import { isTrusted } from '../backups/backups.ts';
import { replaceFile } from '../file/atomic-file.ts';
import { openContent } from '../format/decode.ts';
import { encodeRegistry } from '../format/encode.ts';
import { readRegularFile } from '../regular-file.ts';

/** How many operations can be taken back; the oldest go first. */
export const MAX_UNDO = 20;

/** Of an operation whose directories may not have been moved yet. */
const OPEN = '-open';
const NAME = /^(\d{12})(-open)?\.json$/;

/** An operation, as it is written down. */
export interface Entry extends Done {
  readonly operation: Undoable;
  /** ISO 8601. */
  readonly at: string;
  /** The content before it; null for one that changed no content. */
  readonly backup: string | null;
  /** Of the directories under `projects/` that it moves to the trash, the names. */
  readonly directories: readonly string[];
}

/** An entry that was read. */
export interface Noted extends Entry {
  readonly name: string;
  /** Whether its directories may not have been moved yet. */
  readonly open: boolean;
}

export class Journal {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Removes what an interrupted write has left.
   *
   * @param failed told of what cannot be removed
   * @throws {LinkedError}, as all that follows
   */
  async prepare(failed: (error: unknown) => void): Promise<void> {
    requireNoLink(this.#directory);
    await removeStaged(this.#directory, (name) => NAME.test(name), failed).catch(ifMissing([]));
  }

  /** Of the entries, the last one first. */
  async names(): Promise<string[]> {
    requireNoLink(this.#directory);
    const names = await readdir(this.#directory).catch(ifMissing([]));
    return names.filter((name) => NAME.test(name)).toSorted((a, b) => (a < b ? 1 : -1));
  }

  /** Writes entries down, each after the one before it; returns their names. */
  async add(entries: readonly Entry[]): Promise<string[]> {
    requireNoLink(this.#directory);
    makeDirectory(this.#directory);
    const added: string[] = [];
    let last = Number.parseInt((await this.names())[0] ?? '0', 10);
    try {
      for (const entry of entries) {
        last += 1;
        const name = `${String(last).padStart(12, '0')}${entry.directories.length > 0 ? OPEN : ''}.json`;
        added.push(name);
        await replaceFile(join(this.#directory, name), await encode(entry));
      }
      return added;
    } catch (error) {
      await this.drop(added);
      throw error;
    }
  }

  /**
   * @param unusable told why one that is there cannot be used; default nobody
   * @returns null for one that is gone, or cannot be used any more
   */
  async read(
    name: string,
    now: string,
    unusable: (reason: unknown) => void = () => undefined,
  ): Promise<Noted | null> {
    requireNoLink(this.#directory);
    try {
      const read = await readRegularFile(join(this.#directory, name), 'refuse', (status) => {
        if (isTrusted(status)) return true;
        unusable("it is another user's");
        return false;
      });
      const entry = read && decode(read.bytes, now);
      if (read && !entry) unusable('it is none');
      return entry && { ...entry, name, open: name.includes(OPEN) };
    } catch (error) {
      const isUnreadable =
        error instanceof SyntaxError || error instanceof InvalidParamsError || error instanceof NotPlainError;
      if (isUnreadable) {
        unusable(error);
        return null;
      }
      return ifMissing(null)(error);
    }
  }

  /** The directories of an entry are where they belong. */
  async close(name: string): Promise<void> {
    const closed = name.replace(OPEN, '');
    if (closed === name) return;
    requireNoLink(this.#directory);
    await rename(join(this.#directory, name), join(this.#directory, closed)).catch(ifMissing(undefined));
  }

  /** Forgets entries: they were never made, or are taken back. */
  async drop(names: readonly string[]): Promise<void> {
    requireNoLink(this.#directory);
    for (const name of names) {
      await rm(join(this.#directory, name), { force: true });
      await rm(join(this.#directory, name.replace(OPEN, '')), { force: true });
    }
  }

  /** Forgets the oldest. */
  async prune(): Promise<void> {
    await this.drop((await this.names()).slice(MAX_UNDO));
  }
}

async function encode({ before, after, ...about }: Entry): Promise<Buffer> {
  const text = async (part: Registry): Promise<string> =>
    Buffer.concat(
      await encodeRegistry(part.projects(), part.active, part.version, part.extra, part.previous),
    ).toString();
  const head = JSON.stringify(about).slice(0, -1);
  return Buffer.from(`${head},\n"before": ${await text(before)},\n"after": ${await text(after)}}\n`);
}

/** @throws {SyntaxError | InvalidParamsError} for what a person has spoilt */
function decode(bytes: Buffer, now: string): Entry | null {
  const entry: unknown = JSON.parse(bytes.toString());
  if (!isJsonObject(entry)) return null;
  const { operation, at, backup = null, directories = [], before, after } = entry;
  const kind = UNDOABLE.find((one) => one === operation);
  const isWhole = typeof at === 'string' && (backup === null || typeof backup === 'string');
  if (!kind || !isWhole || !Array.isArray(directories)) return null;
  const part = (content: unknown): Registry =>
    openContent(Buffer.from(JSON.stringify(content ?? null)), 'entry', now);
  return {
    operation: kind,
    at,
    backup,
    directories: directories.filter((name) => typeof name === 'string'),
    before: part(before),
    after: part(after),
  };
}
