/** One file as this process last read or wrote it, so that somebody else's edit is noticed and never written over. */
import { hash } from 'node:crypto';
import { constants, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Identity,
  identify,
  identifyNow,
  isMissing,
  sameIdentity,
  stage,
  syncDirectory,
  telling,
} from './atomic-file.ts';

/** What a look at the file found since the last one. */
export type Look =
  | { readonly kind: 'same' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'changed'; readonly bytes: Buffer };

/**
 * A content to compare with: the hash of what was read, or the pieces that were written, which are kept for the next
 * write anyway. Hashing what is written would take longer than putting it together.
 */
type Content = string | readonly Buffer[];

const SAME: Look = { kind: 'same' };

export class TrackedFile {
  readonly path: string;
  /** The file as last read or written; null when there is none, or when only its content can tell. */
  #identity: Identity | null = null;
  #content: Content | null = null;
  /** The content before the last look. */
  #earlier: Content | null = null;
  #unsynced = false;

  constructor(path: string) {
    this.path = path;
  }

  /** Compares the file with what is known of it: its status first, its content where the status has changed. */
  async look(): Promise<Look> {
    this.#earlier = this.#content;
    const identity = await identify(this.path);
    if (identity !== null && sameIdentity(identity, this.#identity)) return SAME;
    const read = identity === null ? null : await readWithIdentity(this.path);
    if (read === null) {
      if (this.#content === null) return SAME;
      this.#identity = null;
      this.#content = null;
      return { kind: 'missing' };
    }
    const same = this.#holds(read.bytes);
    if (!same) this.#content = hashOf(read.bytes);
    this.#identity = read.telling;
    return same ? SAME : { kind: 'changed', bytes: read.bytes };
  }

  /** The file's content as it is now, whatever it is; null when there is none. */
  async read(): Promise<Buffer | null> {
    return (await readWithIdentity(this.path))?.bytes ?? null;
  }

  /** Undoes the last look, which could not be acted on: the next one finds the same again. */
  forget(): void {
    this.#identity = null;
    this.#content = this.#earlier;
  }

  /**
   * Replaces the file with these bytes, given in pieces, unless somebody has changed it since the last look.
   *
   * What happens between the last look and the rename, an instant, is lost: there is no way to rename only if.
   * Call {@link TrackedFile.sync} before anybody is told.
   *
   * @returns whether the file was replaced
   */
  async replace(pieces: readonly Buffer[]): Promise<boolean> {
    const staged = await stage(this.path, Buffer.concat(pieces));
    try {
      let expected = this.#identity;
      // The last look and the rename are one step without a pause: whatever else the event loop has to do would be
      // added to the instant between them.
      while (
        !sameIdentity(identifyNow(this.path), expected) ||
        (expected === null && this.#content !== null)
      ) {
        // Another status may still be the same content: somebody changed the mode, or made a hard link.
        const read = await readWithIdentity(this.path);
        if (read === null ? this.#content !== null : !this.#holds(read.bytes)) return false;
        expected = read?.identity ?? null;
      }
      this.#identity = staged.place();
      this.#content = pieces;
      this.#unsynced = true;
      return true;
    } finally {
      await staged.discard();
    }
  }

  /** Whether these bytes are the file's content as last read or written. */
  #holds(bytes: Buffer): boolean {
    if (this.#content === null) return false;
    if (typeof this.#content === 'string') return hashOf(bytes) === this.#content;
    return equalPieces(bytes, this.#content);
  }

  /** Makes the last replacement survive a power cut; after a failure the next call tries again. */
  async sync(): Promise<void> {
    if (!this.#unsynced) return;
    await syncDirectory(dirname(this.path));
    this.#unsynced = false;
  }
}

interface Read {
  readonly bytes: Buffer;
  readonly identity: Identity;
  /** The same, unless only the content can tell what happens from now on. */
  readonly telling: Identity | null;
}

async function readWithIdentity(path: string): Promise<Read | null> {
  try {
    // A pipe that somebody put there must not make the daemon wait for a writer.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      // Before the content: what is written while it is read changes the status and is seen by the next look.
      const now = Date.now();
      const identity = await handle.stat({ bigint: true });
      if (!identity.isFile())
        throw Object.assign(new Error(`${path} is no regular file`), { code: 'EINVAL' });
      return { identity, telling: telling(identity, now), bytes: await handle.readFile() };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function equalPieces(bytes: Buffer, pieces: readonly Buffer[]): boolean {
  let at = 0;
  for (const piece of pieces) {
    if (at + piece.length > bytes.length) return false;
    if (bytes.compare(piece, 0, piece.length, at, at + piece.length) !== 0) return false;
    at += piece.length;
  }
  return at === bytes.length;
}

function hashOf(bytes: Buffer): string {
  return hash('sha256', bytes);
}
