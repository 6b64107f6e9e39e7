/**
 * The schema of the registry file beside it, in the data directory: where editors find it without a network, and wherever
 * the package is moved to. It is a comfort: whatever goes wrong with it is logged, and nothing waits for it.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { namesSchema, SCHEMA_FILE } from '../paths.ts';
import { ifMissing } from '../system/errors.ts';
import { type Identity, sameIdentity, telling } from '../system/identity.ts';
import { readSmallFile } from '../system/small-file.ts';
import { replaceFile } from './file/atomic-file.ts';
import { fileSchemaText, isOfLaterVersion } from './format/file-schema.ts';
import type { Parts } from './parts.ts';

/** How a new registry file names it, in `$schema`. */
export const SCHEMA = `./${SCHEMA_FILE}`;

/** Several times of what it has. */
const MAX_BYTES = 1024 * 1024;

export class SchemaFile {
  readonly #parts: Parts;
  /** The fields beside the projects that were looked at: the same object until somebody else writes the registry file. */
  #seen: object | null = null;
  #keeping: Promise<void> = Promise.resolve();
  /** Whether a look is to follow the one that goes on. */
  #waiting = false;
  /** What the file was when it was found to be good; null where it was not, or where that does not tell enough. */
  #good: Identity | null = null;
  /** What went wrong at last, which is told once. */
  #told: string | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Brings the schema up to date where the registry file names it.
   *
   * @param written after a write: what could not be done before may go now, and somebody may have spoilt the schema.
   *   Otherwise it is done once for each content of the registry file
   */
  keepUp(written: boolean): void {
    const { state, file, paths } = this.#parts;
    const { extra } = state.registry;
    if ((extra === this.#seen && !written) || state.readOnly || !file.isThere) return;
    this.#seen = extra;
    if (this.#waiting || !namesSchema(extra['$schema'], paths.dataDir)) return;
    this.#waiting = true;
    this.#keeping = this.#keeping.then(() => {
      this.#waiting = false;
      return this.#keep();
    });
  }

  /** Resolves when nothing is being written. */
  close(): Promise<void> {
    return this.#keeping;
  }

  async #keep(): Promise<void> {
    const { paths, log, ownsRegistry } = this.#parts;
    const path = join(paths.dataDir, SCHEMA_FILE);
    try {
      const now = Date.now();
      const found = await lstat(path, { bigint: true }).catch(ifMissing(null));
      if (found && this.#good && sameIdentity(found, this.#good)) return;
      this.#good = null;
      const text = fileSchemaText();
      // What is too long to be one has nothing that is to be kept.
      const isTooLong = found?.isFile() && found.size > MAX_BYTES;
      const known = isTooLong ? '' : await readSmallFile(path, MAX_BYTES, 'utf8', 'refuse');
      if (known === text || (known !== undefined && isOfLaterVersion(known)))
        this.#good = found && telling(found, now);
      // What was written is looked at once more, after the next write.
      else if (await ownsRegistry()) await replaceFile(path, Buffer.from(text));
      this.#told = null;
    } catch (error) {
      const { message } = error as Error;
      if (message === this.#told) return;
      this.#told = message;
      log.warn({ err: error, path }, 'cannot keep the schema of the registry file up to date for editors');
    }
  }
}
