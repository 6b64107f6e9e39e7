/**
 * What a removal had to leave under `<data>/projects/`, noted beside the trash: a later look, also by another daemon,
 * must not take it for something that an edit of the file has lost.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../log.ts';
import { makeDirectory } from '../make-directory.ts';
import { isMissing } from './atomic-file.ts';

const SUFFIX = '.left';

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
      for (const file of await readdir(this.#directory)) {
        const name = file.slice(0, -SUFFIX.length);
        if (!file.endsWith(SUFFIX) || this.#reasons.has(name)) continue;
        this.#reasons.set(name, (await readFile(join(this.#directory, file), 'utf8')).trim());
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
      await writeFile(join(this.#directory, name + SUFFIX), `${reason}\n`, { mode: 0o600 });
    });
  }

  async forget(name: string): Promise<void> {
    if (!this.#reasons.delete(name)) return;
    await this.#attempt(() => rm(join(this.#directory, name + SUFFIX), { force: true }));
  }

  /** The note is for those who look later; what it is about was said already. */
  async #attempt(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#log.error({ err: error }, 'cannot note what a removal has left');
    }
  }
}
