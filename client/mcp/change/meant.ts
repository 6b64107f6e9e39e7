/** The project that a change is about, as a model names it. */
import { lstat } from 'node:fs/promises';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import { isNowhere } from '../../../src/system/errors.ts';
import { type Client, footingOf } from '../../client.ts';
import { answers } from '../../codebase/disk-answer.ts';
import { projectReference } from '../reference.ts';

/**
 * By its id it is then changed. A path that is not there is a mistake, and not meant to name the project around it, unless it
 * is where a project is to be.
 *
 * @throws {RegistryError} `project_not_found`, `ambiguous_project`
 */
export async function projectToChange(
  client: Client,
  named: string,
  signal: AbortSignal,
): Promise<WireProject> {
  const project = projectReference(named);
  const found = await client.projects.get({ project, to_change: true }, { signal });
  if (!project.startsWith('/') || project === found.source_path || !footingOf(client).isHere()) return found;
  // Nothing could end a look at a disk that does not answer.
  if (!(await answers(project)) || !(await isGone(project))) return found;
  throw new RegistryError('project_not_found', `cannot tell which project is meant: there is no ${project}`, {
    project,
    suggestions: [found.name],
  });
}

/** False for what may not be looked at. */
async function isGone(path: string): Promise<boolean> {
  return await lstat(path).then(() => false, isNowhere);
}
