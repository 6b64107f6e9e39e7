/** Which codebases are no longer where the registry has them, as the daemon finds: it asks no disk for longer than it may. */
import type { Client } from '../client.ts';
import { ConnectionError } from '../errors.ts';

/** Whoever only looks at a project does not wait longer for it. Milliseconds. */
const GLANCE_MS = 100;
/** Whoever looks at all of them. Milliseconds. */
export const LOOK_MS = 300;

/**
 * The ids of the projects whose `source_path` is gone; none of which that could not be told in time.
 *
 * @param patience milliseconds; default {@link GLANCE_MS}
 */
export async function goneProjects(
  client: Client,
  patience: number = GLANCE_MS,
): Promise<ReadonlySet<string>> {
  try {
    const { issues } = await client.registry.validate({}, { deadline: patience });
    return new Set(
      issues.flatMap(({ code, project_id: id }) =>
        code === 'source_missing' && id !== undefined ? [id] : [],
      ),
    );
  } catch (error) {
    if (error instanceof ConnectionError && error.reason === 'timeout') return new Set();
    throw error;
  }
}

/** A path as people read it, with a word about one that leads nowhere. */
export function markedPath(path: string, isGone: boolean): string {
  return isGone ? `${path} (gone)` : path;
}
