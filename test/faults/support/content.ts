/** What the file says and what the daemon says, in a form in which they can be compared. */
import { readFile } from 'node:fs/promises';
import type { LineClient } from '../../support/lines.ts';

export interface Stored {
  readonly project_id: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export interface Content {
  readonly active: string | null;
  readonly projects: readonly Stored[];
}

/** What a registry file holds. @throws {SyntaxError} when it is not whole */
export async function readContent(file: string): Promise<Content> {
  return parseContent(await readFile(file, 'utf8'));
}

export function parseContent(text: string): Content {
  const { active_project, projects } = JSON.parse(text) as {
    active_project: string | null;
    projects: Record<string, Stored>;
  };
  return { active: active_project, projects: Object.values(projects) };
}

/** What the daemon holds in memory, without what is only on the wire. */
export async function servedContent(client: LineClient): Promise<Content> {
  const [{ projects }, { active_project }] = await Promise.all([
    client.call('projects.list', {}),
    client.call('registry.info'),
  ]);
  const stored = (projects as unknown as readonly (Stored & { etag: string })[]).map(
    ({ etag, ...project }) => {
      if (typeof etag !== 'string') throw new Error('a project has no etag');
      return project;
    },
  );
  return { active: active_project as string | null, projects: stored };
}
