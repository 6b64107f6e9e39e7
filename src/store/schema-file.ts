/**
 * The schema of the registry file beside it, in the data directory: where editors find it without a network, and wherever
 * the package is moved to. It is a comfort: whatever goes wrong with it is logged, and nothing waits for it.
 */
import { join } from 'node:path';
import { SCHEMA_FILE } from '../paths.ts';
import { readSmallFile } from '../system/small-file.ts';
import { replaceFile } from './file/atomic-file.ts';
import { fileSchemaText, isOfLaterVersion } from './format/file-schema.ts';
import type { Parts } from './parts.ts';

/** How a registry file names it, in `$schema`. */
export const SCHEMA = `./${SCHEMA_FILE}`;

/** Several times of what it has. */
const MAX_BYTES = 1024 * 1024;

export class SchemaFile {
  readonly #parts: Parts;
  /** The fields beside the projects that were looked at: the same object until somebody else writes the registry file. */
  #seen: object | null = null;
  #keeping: Promise<void> = Promise.resolve();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Brings the schema up to date, once for each content of the registry file that names it. */
  keepUp(): void {
    const { state, file } = this.#parts;
    const { extra } = state.registry;
    if (extra === this.#seen || state.readOnly || !file.isThere) return;
    this.#seen = extra;
    if (extra['$schema'] === SCHEMA) this.#keeping = this.#keeping.then(() => this.#keep());
  }

  /** Resolves when nothing is being written. */
  close(): Promise<void> {
    return this.#keeping;
  }

  async #keep(): Promise<void> {
    const { paths, log, ownsRegistry } = this.#parts;
    const path = join(paths.dataDir, SCHEMA_FILE);
    try {
      const text = fileSchemaText();
      const known = await readSmallFile(path, MAX_BYTES, 'utf8', 'refuse');
      if (known === text || (known !== undefined && isOfLaterVersion(known))) return;
      if (await ownsRegistry()) await replaceFile(path, Buffer.from(text));
    } catch (error) {
      log.warn({ err: error, path }, 'cannot keep the schema of the registry file up to date for editors');
    }
  }
}
