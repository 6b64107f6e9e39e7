/** What is in the registry, for a person who waits with a finger on the tabulator key: read from the file, at once. */
import { isJsonObject } from '../../../src/domain/values/json.ts';
import { readSmallFile } from '../../../src/system/small-file.ts';

/** What completion shows of a project. */
export interface Named {
  readonly name: string;
  readonly source_path: string;
}

/** As far as completion looks at one. */
export interface Listed extends Named {
  readonly language: string;
  readonly tags: readonly string[];
}

/** A longer file takes longer to read than anybody waits. Bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The name of a project and where it is, as the daemon writes them. */
const WRITTEN = /\n {6}"name": "([^"\\]*)",\n {6}"source_path": "([^"\\]*)",\n/g;

/**
 * The names in a registry file. What the daemon has written is looked through; of ten thousand projects, to understand the
 * whole file takes three times as long.
 *
 * @throws for a file that is not there, cannot be read, or is no registry
 */
export async function storedNames(file: string): Promise<readonly Named[]> {
  const text = await textOf(file);
  const found = Array.from(text.matchAll(WRITTEN), ([, name = '', source_path = '']) => ({
    name,
    source_path,
  }));
  const isWhole = text.startsWith('{\n  "') && text.endsWith('\n    }\n  }\n}\n');
  // Each ends in a brace of its own: none is written in another way.
  return isWhole && text.split('\n    }').length - 1 === found.length ? found : projectsIn(text);
}

/**
 * The projects in a registry file, which may be that of an earlier version: what there is of each.
 *
 * @throws as {@link storedNames}
 */
export async function storedProjects(file: string): Promise<readonly Listed[]> {
  return projectsIn(await textOf(file));
}

async function textOf(file: string): Promise<string> {
  return ((await readSmallFile(file, MAX_BYTES)) ?? '').replace(/^\uFEFF/, '');
}

function projectsIn(text: string): Listed[] {
  const document: unknown = JSON.parse(text);
  if (!isJsonObject(document) || !isJsonObject(document['projects'])) throw new Error('it is no registry');
  return Object.values(document['projects']).flatMap((project) => {
    if (!isJsonObject(project) || typeof project['name'] !== 'string') return [];
    const { name, source_path: path, language, tags } = project;
    return [
      {
        name,
        source_path: asText(path),
        language: asText(language),
        tags: Array.isArray(tags) ? tags.map(asText) : [],
      },
    ];
  });
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
