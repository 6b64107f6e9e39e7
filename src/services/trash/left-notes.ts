/**
 * What a removal had to leave under `<data>/projects/`, noted beside the trash: a later look, also by another daemon,
 * must not take it for something that an edit of the file has lost.
 */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../log.ts';
import { isMissing } from '../../system/errors.ts';
import { makeDirectory, requireNoLink } from '../../system/make-directory.ts';
import { readSmallFile, UnfitFile } from '../../system/small-file.ts';

const SUFFIX = '.left';
/** A reason has a path or two in it. Bytes. */
const MAX_NOTE_BYTES = 16 * 1024;
const UNKNOWN = 'why is not known any more';

export class LeftNotes {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #reasons = new Map<string, string>();

  constructor(directory: string, log: Logger) {
    this.#directory = directory;
    this.#log = log;
  }

  /** Reads what earlier daemons have noted. */
  async load(): Promise<void> {
    try {
      requireNoLink(this.#directory);
      for (const file of await readdir(this.#directory)) {
        const name = file.slice(0, -SUFFIX.length);
        if (!file.endsWith(SUFFIX) || this.#reasons.has(name)) continue;
        const text = await readSmallFile(join(this.#directory, file), MAX_NOTE_BYTES).catch(unknown);
        this.#reasons.set(name, text?.trim() ?? UNKNOWN);
      }
    } catch (error) {
      if (!isMissing(error)) this.#log.error({ err: error }, 'cannot read what earlier removals have left');
    }
  }

  /** The names of the directories, each with the reason. */
  get all(): readonly (readonly [name: string, reason: string])[] {
    return [...this.#reasons];
  }

  async note(name: string, reason: string): Promise<void> {
    this.#reasons.set(name, reason);
    await this.#attempt(async () => {
      makeDirectory(this.#directory);
      const path = join(this.#directory, name + SUFFIX);
      // Whatever else has the name is not written into.
      await rm(path, { force: true });
      await writeFile(path, `${reason}\n`, { flag: 'wx', mode: 0o600 });
    });
  }

  async forget(name: string): Promise<void> {
    if (!this.#reasons.delete(name)) return;
    await this.#attempt(() => rm(join(this.#directory, name + SUFFIX), { force: true }));
  }

  /** The note is for those who look later; what it is about was said already. */
  async #attempt(write: () => Promise<void>): Promise<void> {
    try {
      requireNoLink(this.#directory);
      await write();
    } catch (error) {
      this.#log.error({ err: error }, 'cannot note what a removal has left');
    }
  }
}

/** A note of which only the name is left still says that something is. */
function unknown(error: unknown): undefined {
  if (!(error instanceof UnfitFile)) throw error;
}
