/** A registry file as anybody may read it: what is in it, without the rules of whoever owns it. */
import { constants } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import type { JsonObject } from '../../../src/domain/project.ts';
import { mendJson } from '../../../src/domain/values/text.ts';
import { JsonFault, parseJson } from '../json.ts';
import { sameName } from '../names.ts';
import { isJsonObject } from '../../../src/domain/values/json.ts';

export interface StoredRegistry {
  readonly version: string;
  readonly active: string | null;
  /** In file order, by id. A file of an old version lacks fields, and anything may be in a field. */
  readonly projects: ReadonlyMap<string, JsonObject>;
}

/** The text of the file does not fit into a string: no program here could read it. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
  override readonly message = 'the file is too large';
}

/**
 * Reads a registry file or a backup.
 *
 * @throws {TooLargeError}
 * @throws {JsonFault} with the place of what is wrong
 * @throws the system's errors
 */
export async function readStoredRegistry(path: string): Promise<StoredRegistry> {
  if ((await stat(path)).size > constants.MAX_STRING_LENGTH) throw new TooLargeError();
  // As the daemon reads it: Python writes halves of characters for file names that are not UTF-8.
  const document = await parseJson(mendJson(await readFile(path, 'utf8')));
  if (!isJsonObject(document)) throw new JsonFault('an object is expected', 1, 1);
  const { version, active_project: active, projects } = document;
  if (!isJsonObject(projects)) throw new JsonFault('the object "projects" is missing', 1, 1);
  return {
    version: typeof version === 'string' ? version : '1.0',
    active: typeof active === 'string' ? active : null,
    projects: new Map(
      Object.entries(projects).flatMap(([id, project]) => (isJsonObject(project) ? [[id, project]] : [])),
    ),
  };
}

/** The name of a stored project; its id where it has none. */
export function storedName(id: string, project: JsonObject): string {
  const { name } = project;
  return typeof name === 'string' && name.trim() !== '' ? name.trim() : id;
}

/** The id of the stored project that is meant by an id or a name. */
export function findStored({ projects }: StoredRegistry, reference: string): string | undefined {
  if (projects.has(reference)) return reference;
  for (const [id, project] of projects) if (sameName(storedName(id, project), reference)) return id;
  return undefined;
}
