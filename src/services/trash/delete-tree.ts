/** Deleting a directory with all that is in it: never through a link, never on another disk, one file after the other. */
import { rename, rmdir, unlink } from 'node:fs/promises';
import { errorCode, isMissing } from '../../system/errors.ts';
import { inDirectory, type OpenDirectory } from './open-directory.ts';

/** Directories are open from the uppermost to the one that is being emptied; descriptors are few. */
const MAX_OPEN = 32;
/** How often to look again whether a directory is empty, where something is still written into it. */
const MAX_PASSES = 3;

/** What stays, and why: the first of it. */
export interface Undeleted {
  /** In the parent: what was to be deleted, or what was nested too deeply in it. */
  readonly name: string;
  /** Relative to that; empty for that itself. */
  readonly inside: string;
  readonly error: unknown;
}

/** Something is mounted in what was to be deleted; what is there is somebody's. */
export class MountedError extends Error {
  override readonly message = 'another disk is mounted there';
  /** As the system calls it. */
  readonly code = 'EBUSY';
}

/** Ends a deletion between two files. */
class Stopped extends Error {}

/**
 * Deletes an entry of a directory with all that is in it. Goes on after a failure, and deletes what it can.
 *
 * @param parent whose other names are free to be used: what is nested too deeply is moved up into it
 * @param freshName gives such a name
 * @param isStopped asked before each file
 * @returns what stays; null when nothing does; `stopped`
 */
export async function deleteTree(
  parent: OpenDirectory,
  name: string,
  freshName: () => string,
  isStopped: () => boolean,
): Promise<Undeleted | 'stopped' | null> {
  try {
    return await new Deletion(parent, await parent.mount(), freshName, isStopped).run(name);
  } catch (error) {
    if (error instanceof Stopped) return 'stopped';
    throw error;
  }
}

class Deletion {
  readonly #top: OpenDirectory;
  readonly #mount: string;
  readonly #freshName: () => string;
  readonly #isStopped: () => boolean;
  readonly #waiting: string[] = [];
  #name = '';
  #failure: Undeleted | null = null;
  #failures = 0;

  constructor(top: OpenDirectory, mount: string, freshName: () => string, isStopped: () => boolean) {
    this.#top = top;
    this.#mount = mount;
    this.#freshName = freshName;
    this.#isStopped = isStopped;
  }

  async run(name: string): Promise<Undeleted | null> {
    this.#waiting.push(name);
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      this.#name = next;
      await this.#remove(this.#top, next, true, []);
    }
    return this.#failure;
  }

  /** @param inside the names that lead here from what is deleted */
  async #remove(
    parent: OpenDirectory,
    name: string,
    isDirectory: boolean,
    inside: readonly string[],
  ): Promise<void> {
    if (this.#isStopped()) throw new Stopped();
    try {
      if (isDirectory) await this.#removeDirectory(parent, name, inside);
      else await unlink(parent.at(name));
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      if (isMissing(error)) return;
      // It is something else than what it was when its directory was read, or than the disk says.
      if (isDirectory && (code === 'ENOTDIR' || code === 'ELOOP'))
        await unlink(parent.at(name)).catch((again: unknown) => {
          if (!isMissing(again)) this.#note(inside, again);
        });
      else if (code === 'EISDIR') await this.#remove(parent, name, true, inside);
      else this.#note(inside, error);
    }
  }

  async #removeDirectory(parent: OpenDirectory, name: string, inside: readonly string[]): Promise<void> {
    if (inside.length >= MAX_OPEN) {
      const fresh = this.#freshName();
      await rename(parent.at(name), this.#top.at(fresh));
      this.#waiting.push(fresh);
      return;
    }
    for (let pass = 1; ; pass += 1) {
      const before = this.#failures;
      const unread = await this.#empty(parent.at(name), inside);
      try {
        await rmdir(parent.at(name));
        return;
      } catch (error) {
        if (unread !== null) throw unread;
        const full = errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST';
        // Why it is not empty has been noted.
        if (full && this.#failures > before) return;
        if (!full || pass === MAX_PASSES) throw error;
      }
    }
  }

  /** Returns why it cannot be read, if so; an empty one can be removed all the same. */
  async #empty(path: string, inside: readonly string[]): Promise<Error | null> {
    try {
      await inDirectory(path, async (directory) => {
        if ((await directory.mount()) !== this.#mount) throw new MountedError();
        await directory.makeWritable();
        for await (const entry of directory.entries())
          await this.#remove(directory, entry.name, entry.isDirectory(), [...inside, entry.name]);
      });
      return null;
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined || isMissing(error) || code === 'ENOTDIR' || code === 'ELOOP') throw error;
      return error as Error;
    }
  }

  #note(inside: readonly string[], error: unknown): void {
    this.#failures += 1;
    // Of all that stays, a mount is what a person must know of.
    const isWorse = error instanceof MountedError && !(this.#failure?.error instanceof MountedError);
    if (this.#failure === null || isWorse)
      this.#failure = { name: this.#name, inside: inside.join('/'), error };
  }
}
