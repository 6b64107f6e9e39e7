/** The project that a change is about, as a model names it. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import type { Client } from '../../client.ts';
import { leadsNowhere, projectReference } from '../reference.ts';

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
  const isPath = project.startsWith('/');
  // Nothing else has to be looked for with more care, and a daemon of an earlier version knows no such care.
  const care = isPath ? { to_change: true } : {};
  const found = await client.projects.get({ project, ...care }, { signal });
  if (!isPath || project === found.source_path || !(await leadsNowhere(client, project))) return found;
  throw new RegistryError('project_not_found', `cannot tell which project is meant: there is no ${project}`, {
    project,
    suggestions: [found.name],
  });
}
