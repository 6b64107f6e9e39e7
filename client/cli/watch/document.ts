/** An event as `--json` prints it. */
import type { Client } from '../../client.ts';
import type { WatchEvent } from '../../watch.ts';
import { ifRefused } from '../errors.ts';

/** As it came, but for the active project: in documents of the command line that is the project, and not its id. */
export async function eventDocument(client: Client, event: WatchEvent): Promise<object> {
  if (event.type !== 'resync' || event.active_project === null) return event;
  const { active_project: id, projects } = event;
  // One is watched, and another one is active.
  const others = () => client.projects.get({ project: id }).catch(ifRefused('project_not_found', null));
  return { ...event, active_project: projects.find((one) => one.project_id === id) ?? (await others()) };
}
