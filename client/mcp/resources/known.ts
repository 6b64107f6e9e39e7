/** What was last known of the registry, and which resources are other after what happens in it. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { EventOf, RegistryEvent } from '../../../src/protocol/events.ts';
import { ACTIVE, PROJECTS, projectResource } from './uris.ts';

/** Stands among resources for the list of them. */
export const LIST = 'list';

type Brief = Pick<WireProject, 'name' | 'etag'>;

export class Known {
  /** By id. */
  readonly #projects = new Map<string, Brief>();
  #active: string | null = null;

  /** Notes an event; gives the resources that are other now, in the spelling of {@link resourceOf}, {@link LIST} among them. */
  take(event: RegistryEvent): ReadonlySet<string> {
    const changed = new Set<string>();
    if (event.type === 'resync') this.#replace(event, changed);
    else if (event.type === 'activated') this.#activate(event.project_id, changed);
    else if ('project_id' in event)
      this.#put(event.project_id, 'project' in event ? event.project : undefined, changed);
    return changed;
  }

  #replace({ projects, active_project }: EventOf<'resync'>, changed: Set<string>): void {
    const gone = new Set(this.#projects.keys());
    for (const project of projects) {
      gone.delete(project.project_id);
      this.#put(project.project_id, project, changed);
    }
    for (const id of gone) this.#put(id, undefined, changed);
    this.#activate(active_project, changed);
  }

  #put(id: string, project: Brief | undefined, changed: Set<string>): void {
    const before = this.#projects.get(id);
    if (before?.etag === project?.etag) return;
    if (project) this.#projects.set(id, { name: project.name, etag: project.etag });
    else this.#projects.delete(id);
    for (const name of [id, before?.name, project?.name])
      if (name !== undefined) changed.add(projectResource(name));
    changed.add(PROJECTS);
    if (id === this.#active) changed.add(ACTIVE);
    if (before?.name !== project?.name) changed.add(LIST);
  }

  #activate(id: string | null, changed: Set<string>): void {
    if (id === this.#active) return;
    this.#active = id;
    changed.add(ACTIVE).add(PROJECTS);
  }
}
