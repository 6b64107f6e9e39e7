/** What is in the registry, for a person who waits with a finger on the tabulator key: read from the file, at once. */
import { isJsonObject } from '../../../src/domain/values/json.ts';
import { readSmallFile } from '../../../src/system/small-file.ts';

/** As far as completion looks at one. */
export interface Listed {
  readonly name: string;
  readonly source_path: string;
  readonly language: string;
  readonly tags: readonly string[];
}

/** A longer file takes longer to read than anybody waits. Bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The projects in a registry file, which may be that of an earlier version: what there is of each.
 *
 * @throws for a file that is not there, cannot be read, or is no registry
 */
export async function storedProjects(file: string): Promise<Listed[]> {
  const text = await readSmallFile(file, MAX_BYTES);
  const document: unknown = JSON.parse((text ?? '').replace(/^\uFEFF/, ''));
  if (!isJsonObject(document) || !isJsonObject(document['projects'])) throw new Error('it is no registry');
  return Object.values(document['projects']).flatMap((project) => {
    if (!isJsonObject(project) || typeof project['name'] !== 'string') return [];
    const { name, source_path: path, language, tags } = project;
    return [
      {
        name,
        source_path: textOf(path),
        language: textOf(language),
        tags: Array.isArray(tags) ? tags.map(textOf) : [],
      },
    ];
  });
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
