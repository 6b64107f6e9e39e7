/** One file as this process last read or wrote it, so that somebody else's edit is noticed and never written over. */
import { webcrypto } from 'node:crypto';
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

const SAME: Look = { kind: 'same' };

export class TrackedFile {
  readonly path: string;
  /** The file as last read or written; null when there is none, or when only its content can tell. */
  #identity: Identity | null = null;
  #hash: string | null = null;
  /** The content before the last look. */
  #earlierHash: string | null = null;
  #unsynced = false;

  constructor(path: string) {
    this.path = path;
  }

  /** Compares the file with what is known of it: its status first, its content where the status has changed. */
  async look(): Promise<Look> {
    this.#earlierHash = this.#hash;
    const identity = await identify(this.path);
    if (identity !== null && sameIdentity(identity, this.#identity)) return SAME;
    const read = identity === null ? null : await readWithIdentity(this.path);
    if (read === null) {
      if (this.#hash === null) return SAME;
      this.#identity = null;
      this.#hash = null;
      return { kind: 'missing' };
    }
    const hash = await hashOf(read.bytes);
    const same = hash === this.#hash;
    this.#identity = read.telling;
    this.#hash = hash;
    return same ? SAME : { kind: 'changed', bytes: read.bytes };
  }

  /** The file's content as it is now, whatever it is; null when there is none. */
  async read(): Promise<Buffer | null> {
    return (await readWithIdentity(this.path))?.bytes ?? null;
  }

  /** Undoes the last look, which could not be acted on: the next one finds the same again. */
  forget(): void {
    this.#identity = null;
    this.#hash = this.#earlierHash;
  }

  /**
   * Replaces the file with these bytes, unless somebody has changed it since the last look.
   *
   * What happens between the last look and the rename, an instant, is lost: there is no way to rename only if.
   * Call {@link TrackedFile.sync} before anybody is told.
   *
   * @returns whether the file was replaced
   */
  async replace(bytes: Buffer): Promise<boolean> {
    const [staged, hash] = await Promise.all([stage(this.path, bytes), hashOf(bytes)]);
    try {
      let expected = this.#identity;
      // The last look and the rename are one step without a pause: whatever else the event loop has to do would be
      // added to the instant between them.
      while (!sameIdentity(identifyNow(this.path), expected) || (expected === null && this.#hash !== null)) {
        // Another status may still be the same content: somebody changed the mode, or made a hard link.
        const read = await readWithIdentity(this.path);
        if (read === null ? this.#hash !== null : (await hashOf(read.bytes)) !== this.#hash) return false;
        expected = read?.identity ?? null;
      }
      this.#identity = staged.place();
      this.#hash = hash;
      this.#unsynced = true;
      return true;
    } finally {
      await staged.discard();
    }
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

/** In a thread of its own: a large registry must not stop the event loop, and its bytes are being written meanwhile. */
async function hashOf(bytes: Buffer): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
}
