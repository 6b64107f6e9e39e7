/** A registry file as it lies there: what is in it, without the rules of whoever owns it, who may not be there to ask. */
import { constants } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { mendJson } from '../../../src/domain/values/text.ts';
import { isJsonObject } from '../../../src/domain/values/json.ts';
import { JsonFault, parseJson } from '../json.ts';

/** The text of the file does not fit into a string: no program here could read it. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
  override readonly message = 'the file is too large';
}

/**
 * Reads a registry file: its version, how many projects it has, and what it names as its schema.
 *
 * @throws {TooLargeError}
 * @throws {JsonFault} with the place of what is wrong
 * @throws the system's errors
 */
export async function readStoredRegistry(
  path: string,
): Promise<{ version: string; size: number; schema: unknown }> {
  if ((await stat(path)).size > constants.MAX_STRING_LENGTH) throw new TooLargeError();
  // As the daemon reads it: Python writes halves of characters for file names that are not UTF-8.
  const document = await parseJson(mendJson(await readFile(path, 'utf8')));
  if (!isJsonObject(document)) throw new JsonFault('an object is expected', 1, 1);
  const { version, projects, $schema: schema } = document;
  if (!isJsonObject(projects)) throw new JsonFault('the object "projects" is missing', 1, 1);
  const size = Object.values(projects).filter(isJsonObject).length;
  return { version: typeof version === 'string' ? version : '1.0', size, schema };
}
