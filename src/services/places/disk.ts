/**
 * The few questions about other people's directories that finding a project takes. What the disk refuses to tell is null;
 * all throw `NoAnswerError` where it does not answer.
 */
import { readdir, readlink, realpath, stat } from 'node:fs/promises';
import { readSmallFile } from '../../system/small-file.ts';

/**
 * Asks the disk something; null when it says no. Other people's disks may hang, and must not hold up the daemon.
 *
 * @throws {NoAnswerError} when it says nothing in time, which tells nothing of what is there
 */
export type Ask = <T>(question: () => Promise<T>) => Promise<T | null>;

/** The files of git and jj that are read here hold a path, or a configuration that people write. Bytes. */
const MAX_FILE_BYTES = 256 * 1024;

export class Disk {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async kindOf(path: string): Promise<'file' | 'directory' | null> {
    const status = await this.#ask(() => stat(path));
    if (status?.isFile()) return 'file';
    return status?.isDirectory() ? 'directory' : null;
  }

  /** The path behind all links, and on macOS as the disk spells it: there two spellings of a name are one directory. */
  real(path: string): Promise<string | null> {
    return this.#ask(() => realpath(path));
  }

  /** What a link says; null for anything else. */
  link(path: string): Promise<string | null> {
    return this.#ask(() => readlink(path));
  }

  /** The text of a small file, or its bytes as characters; never waits for a pipe. */
  read(path: string, encoding: 'utf8' | 'latin1' = 'utf8'): Promise<string | null> {
    return this.#ask(async () => (await readSmallFile(path, MAX_FILE_BYTES, encoding)) ?? null);
  }

  async list(path: string): Promise<readonly string[]> {
    return (await this.#ask(() => readdir(path))) ?? [];
  }
}
