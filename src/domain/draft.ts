/** Changes, and drafts in which they are tried out. */
import type { Outcome, Project } from './project.ts';
import { freeName, inFileOrder, type RegistryView } from './registry.ts';
import { foldName } from './values/names.ts';

/** Where a change came from: a call, or an edit of the file. */
export type Origin = 'rpc' | 'file';

/** One project's step: `before` is missing for a new one, `after` for a removed one. */
export type ProjectChange = {
  readonly id: string;
  /** Of a step that ends a lease. */
  readonly outcome?: Outcome;
} & (
  | { readonly before?: Project; readonly after: Project }
  | { readonly before: Project; readonly after?: undefined }
);

/** A step of a draft, in the order in which it was taken. */
export type Change = ProjectChange | { readonly active: string | null; readonly previous: string | null };

/** Changes over a base that stays as it is. An abandoned draft leaves no trace. */
export class Draft implements RegistryView {
  readonly #base: RegistryView;
  readonly #changes: Change[] = [];
  /** Projects that differ from the base; undefined marks a removed one. */
  readonly #touched = new Map<string, Project | undefined>();
  /** The projects of which the last step ended a lease. */
  readonly #outcomes = new Map<string, Outcome>();
  /** Projects of the base that were removed; one that comes back comes at the end. */
  readonly #removed = new Set<string>();
  readonly #names = new Map<string, string>();
  #active: string | null;
  #previous: string | null;
  #size: number;

  constructor(base: RegistryView) {
    this.#base = base;
    this.#active = base.active;
    this.#previous = base.previous;
    this.#size = base.size;
  }

  get active(): string | null {
    return this.#active;
  }

  get previous(): string | null {
    return this.#previous;
  }

  get size(): number {
    return this.#size;
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  get(id: string): Project | undefined {
    return this.#touched.has(id) ? this.#touched.get(id) : this.#base.get(id);
  }

  named(name: string): Project | undefined {
    const here = this.#names.get(foldName(name));
    if (here !== undefined) return this.#touched.get(here);
    const below = this.#base.named(name);
    return below && !this.#touched.has(below.project_id) ? below : undefined;
  }

  at(sourcePath: string): readonly Project[] {
    const below = this.#base.at(sourcePath).filter((project) => !this.#touched.has(project.project_id));
    const here = [...this.#touched.values()].filter((project) => project?.source_path === sourcePath);
    return inFileOrder(this, [...below, ...(here as Project[])]);
  }

  around(path: string): readonly Project[] {
    let place = this.#aroundBelow(path);
    for (const project of this.#touched.values()) {
      if (project && isAt(project.source_path, path) && project.source_path.length > place.length)
        place = project.source_path;
    }
    return this.at(place);
  }

  /** The nearest place at or above a path that has a project of the base which is as it was; empty for none. */
  #aroundBelow(path: string): string {
    for (let place = path; ;) {
      const below = this.#base.around(place);
      const [nearest] = below;
      if (!nearest) return '';
      place = nearest.source_path;
      if (below.some(({ project_id: id }) => !this.#touched.has(id))) return place;
      if (place === '/') return '';
      place = place.slice(0, place.lastIndexOf('/')) || '/';
    }
  }

  *projects(): Iterable<Project> {
    for (const project of this.#base.projects()) {
      const id = project.project_id;
      const current = this.#touched.has(id) ? this.#touched.get(id) : project;
      if (current && !this.#removed.has(id)) yield current;
    }
    for (const [id, project] of this.#touched) {
      if (project && (this.#removed.has(id) || !this.#base.get(id))) yield project;
    }
  }

  /**
   * @param outcome of the lease that ends with it
   * @returns the project
   */
  put(project: Project, outcome?: Outcome): Project {
    const id = project.project_id;
    const before = this.get(id);
    if (before === undefined) {
      this.#size += 1;
      // A new one comes last, also where it was removed before.
      this.#touched.delete(id);
    } else freeName(this.#names, before);
    this.#touched.set(id, project);
    this.#names.set(foldName(project.name), id);
    if (outcome) this.#outcomes.set(id, outcome);
    else this.#outcomes.delete(id);
    this.#changes.push({ id, ...(before && { before }), after: project, ...(outcome && { outcome }) });
    return project;
  }

  remove(id: string): void {
    const before = this.get(id);
    if (!before) return;
    this.#size -= 1;
    if (id === this.#previous) this.#previous = null;
    freeName(this.#names, before);
    this.#touched.set(id, undefined);
    this.#removed.add(id);
    this.#changes.push({ id, before });
  }

  activate(active: string | null): void {
    if (active === this.#active) return;
    this.#changes.push({ active, previous: this.#active });
    if (this.get(this.#active ?? '')) this.#previous = this.#active;
    else if (active === this.#previous) this.#previous = null;
    this.#active = active;
  }

  /** Says which project was active before, where that is not the one that this draft has found active. */
  recall(previous: string | null): void {
    const isOther = previous !== this.#active && this.get(previous ?? '');
    this.#previous = isOther ? previous : null;
  }

  /**
   * Takes over what a draft on top of this one has come to. Its steps become one a project: a change that touches a
   * project twice, as registering and activating it does, is one change to everybody else.
   */
  absorb(draft: Draft): void {
    for (const [id, project] of draft.#touched) {
      // One that was removed and came back is at the end there, and so here.
      if (!project || draft.#removed.has(id)) this.remove(id);
      if (project) this.put(project, draft.#outcomes.get(id));
    }
    this.activate(draft.active);
    this.recall(draft.previous);
  }
}

/** Whether a normalised path is a place or below it. */
function isAt(place: string, path: string): boolean {
  return (
    path.startsWith(place) && (path.length === place.length || place === '/' || path[place.length] === '/')
  );
}
