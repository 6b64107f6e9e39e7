/**
 * One file as this process last read or wrote it, so that somebody else's edit is noticed and never written over. When
 * its path is a link, the file is wherever that leads at the moment.
 */
import { hash } from 'node:crypto';
import { constants, open, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ifMissing } from '../../system/errors.ts';
import { type Identity, sameIdentity, telling } from '../../system/identity.ts';
import { stage, syncDirectory } from './atomic-file.ts';
import { locate, locateNow, type Place, plain, samePlace } from './place.ts';
import { readRegularFile, refuseTooLarge } from '../regular-file.ts';

/** What a look at the file found since the last one. */
export type Look =
  | { readonly kind: 'same' }
  | { readonly kind: 'missing' }
  /** The path is a link that leads nowhere, such as to a disk that is not mounted. */
  | { readonly kind: 'dangling'; readonly target: string }
  | { readonly kind: 'changed'; readonly bytes: Buffer };

/**
 * A content to compare with: the hash of what was read, or the pieces that were written, which are kept for the next
 * write anyway. Hashing what is written would take longer than putting it together.
 */
type Content = string | readonly Buffer[];

const SAME: Look = { kind: 'same' };

/** A pipe that somebody put there must not make the daemon wait for a writer. */
const READING = constants.O_RDONLY | constants.O_NONBLOCK;

/** The file as last read or written. */
interface Known {
  readonly place: Place;
  /** Null when there is no file, or when only its content can tell. */
  readonly identity: Identity | null;
  readonly content: Content | null;
}

/** A content that is in place. */
interface Unsynced {
  readonly directory: string;
  /** The file, where somebody else wrote it and need not have synced it. */
  readonly file: string | null;
}

export class TrackedFile {
  /** Where to look; what is there may be a link. */
  readonly path: string;
  #known: Known;
  /** The same before the last look. */
  #earlier: Known;
  /** The file behind any links, on the way to it and at its end. */
  #real: string;
  /** What may not survive a power cut yet. */
  #unsynced: Unsynced | null = null;

  constructor(path: string) {
    this.path = path;
    this.#known = { place: plain(path), identity: null, content: null };
    this.#earlier = this.#known;
    this.#real = path;
  }

  /** Where the file was at the last look, behind any links; where the link is when it leads nowhere. */
  get real(): string {
    return this.#real;
  }

  /** The file as it is written: the path itself, or what a link there led to at the last look, there or not. */
  get target(): string {
    return this.#known.place.dangling ?? this.#known.place.file;
  }

  /** Whether there was a file at the last look, or has been written since. */
  get isThere(): boolean {
    return this.#known.content !== null;
  }

  /** Whether a link led there. */
  get linked(): boolean {
    return this.#known.place.linked;
  }

  /**
   * Compares the file with what is known of it: its status first, its content where the status has changed. Call
   * {@link TrackedFile.sync} before anybody is told of what was found.
   */
  async look(): Promise<Look> {
    const known = this.#known;
    this.#earlier = known;
    const { place, identity } = await locate(this.path);
    const moved = !samePlace(place, known.place);
    if (!moved && (place.dangling !== null || (identity !== null && sameIdentity(identity, known.identity))))
      return SAME;
    // What was written there is no longer the registry.
    if (moved) this.#unsynced = null;
    if (place.dangling !== null) {
      this.#known = { place, identity: null, content: null };
      this.#real = await realOf(place.file);
      return { kind: 'dangling', target: place.dangling };
    }
    const read = identity === null ? null : await readWithIdentity(place.file);
    this.#real = await realOf(place.file);
    if (read === null) {
      this.#known = { place, identity: null, content: null };
      return known.content === null && known.place.dangling === null ? SAME : { kind: 'missing' };
    }
    const same = holds(known.content, read.bytes);
    const content = same ? known.content : hash('sha256', read.bytes);
    if (!same) this.#unsynced = { directory: dirname(place.file), file: place.file };
    this.#known = { place, identity: read.telling, content };
    return same ? SAME : { kind: 'changed', bytes: read.bytes };
  }

  /** The file's content as it is now, whatever it is; null when there is none. */
  async read(): Promise<Buffer | null> {
    return (await readWithIdentity(this.path))?.bytes ?? null;
  }

  /** Undoes the last look, which could not be acted on: the next one finds the same again. */
  forget(): void {
    this.#known = { ...this.#earlier, identity: null };
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
    refuseTooLarge(
      this.path,
      pieces.reduce((sum, piece) => sum + piece.length, 0),
    );
    const { place, content } = this.#known;
    if (place.dangling !== null) return false;
    const staged = await stage(place.file, Buffer.concat(pieces));
    try {
      let expected = this.#known.identity;
      // The last look and the rename are one step without a pause: whatever else the event loop has to do would be
      // added to the instant between them.
      for (;;) {
        // A link that leads elsewhere by now, or to nothing: the file there is another one.
        const now = locateNow(this.path);
        if (!samePlace(now.place, place)) return false;
        if (sameIdentity(now.identity, expected) && (expected !== null || content === null)) break;
        // Another status may still be the same content: somebody changed the mode, or made a hard link.
        const read = await readWithIdentity(place.file);
        if (read === null ? content !== null : !holds(content, read.bytes)) return false;
        expected = read?.identity ?? null;
      }
      this.#known = { place, identity: staged.place(), content: pieces };
      this.#unsynced = { directory: dirname(place.file), file: null };
      return true;
    } finally {
      await staged.discard();
    }
  }

  /**
   * Makes the content that was written or found last survive a power cut; after a failure the next call tries again.
   * What has taken its place meanwhile is found by the next look.
   *
   * @returns whether there was anything to do
   */
  async sync(): Promise<boolean> {
    const unsynced = this.#unsynced;
    if (unsynced === null) return false;
    if (unsynced.file !== null) await syncFile(unsynced.file);
    await syncDirectory(unsynced.directory);
    this.#unsynced = null;
    return true;
  }
}

/** Whether these bytes are a content. */
function holds(content: Content | null, bytes: Buffer): boolean {
  if (content === null) return false;
  return typeof content === 'string' ? hash('sha256', bytes) === content : equalPieces(bytes, content);
}

/** One that is gone has nothing to be synced. */
async function syncFile(path: string): Promise<void> {
  const handle = await open(path, READING).catch(ifMissing(null));
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

/** A file with the links on the way to it resolved; it itself need not be there. */
async function realOf(file: string): Promise<string> {
  const directory = dirname(file);
  return join(await realpath(directory).catch(() => directory), basename(file));
}

interface Read {
  readonly bytes: Buffer;
  readonly identity: Identity;
  /** The same, unless only the content can tell what happens from now on. */
  readonly telling: Identity | null;
}

async function readWithIdentity(path: string): Promise<Read | null> {
  // Before the status, and so before the content: what is written while it is read changes the status and is seen by the
  // next look.
  const now = Date.now();
  const read = await readRegularFile(path);
  return read && { bytes: read.bytes, identity: read.status, telling: telling(read.status, now) };
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
