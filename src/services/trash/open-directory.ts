/**
 * Naming what is in a directory by the directory itself and not by its path, which somebody may lead elsewhere meanwhile.
 *
 * Node has no `openat`; Linux has paths through a descriptor. Elsewhere the plain path has to do, and a directory above
 * that is swapped for a link in the same instant is followed.
 */
import { constants, type Dirent, existsSync, type Stats } from 'node:fs';
import { type FileHandle, open, opendir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Entries read at once: a directory of a million files must not fill the memory. */
const PORTION = 256;

const DESCRIPTORS = '/proc/self/fd';

export class OpenDirectory {
  readonly #handle: FileHandle;
  readonly #place: string;

  private constructor(handle: FileHandle, place: string) {
    this.#handle = handle;
    this.#place = place;
  }

  /** @throws the system's error: ENOTDIR or ELOOP for a link, also to a directory */
  static async open(path: string): Promise<OpenDirectory> {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    return new OpenDirectory(handle, existsSync(DESCRIPTORS) ? join(DESCRIPTORS, String(handle.fd)) : path);
  }

  /** A path to what is in it under this name. */
  at(name: string): string {
    return join(this.#place, name);
  }

  /** Of the directory itself. */
  async status(): Promise<Stats> {
    return await this.#handle.stat();
  }

  /**
   * What is mounted where it is. Differs between a directory and one in it when something is mounted there, on Linux also
   * when that is another directory of the same disk.
   */
  async mount(): Promise<string> {
    const { dev } = await this.status();
    const told = await readFile(`/proc/self/fdinfo/${this.#handle.fd}`, 'latin1').catch(() => '');
    return `${dev} ${/^mnt_id:\s*(\d+)/m.exec(told)?.[1] ?? ''}`;
  }

  /**
   * Lets its user delete what is in it, where nothing but its mode is in the way.
   *
   * @returns whether that was so
   */
  async makeWritable(): Promise<boolean> {
    const { uid, mode } = await this.status();
    if (uid !== process.geteuid?.() || (mode & 0o700) === 0o700) return false;
    await this.#handle.chmod((mode & 0o7777) | 0o700);
    return true;
  }

  async *entries(): AsyncIterable<Dirent> {
    yield* await opendir(this.#place, { bufferSize: PORTION });
  }

  /** Makes its entries survive a power cut. */
  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Does something in a directory and closes it. */
export async function inDirectory<T>(
  path: string,
  task: (directory: OpenDirectory) => Promise<T>,
): Promise<T> {
  const directory = await OpenDirectory.open(path);
  try {
    return await task(directory);
  } finally {
    await directory.close();
  }
}
