/** The registry in memory. Drafts over it, in which changes are tried out, are in `draft.ts`. */
import type { Change } from './draft.ts';
import type { Json, Project } from './project.ts';
import { foldName } from './values/names.ts';

/** The version this program writes. */
export const REGISTRY_VERSION = '1.2';

/** What can be asked of the committed state and of a draft alike. */
export interface RegistryView {
  /** Id of the active project; the file may name one that does not exist. */
  readonly active: string | null;
  /** Id of the one that was active before; the file may name one that does not exist. */
  readonly previous: string | null;
  readonly size: number;
  get(id: string): Project | undefined;
  /** The project of this name, without regard to case. */
  named(name: string): Project | undefined;
  /** The projects registered for exactly this path, in file order. */
  at(sourcePath: string): readonly Project[];
  /** The projects registered for the nearest place at or above a normalised path, in file order. */
  around(path: string): readonly Project[];
  /** All projects, in file order. */
  projects(): Iterable<Project>;
}

/** Everything the file says, looked up by id, name and path. */
export class Registry implements RegistryView {
  readonly version: string;
  /** Top-level fields of the file that this version does not know. */
  readonly extra: Readonly<Record<string, Json>>;
  #active: string | null;
  #previous: string | null;
  #previousInFile: string | null;
  readonly #projects = new Map<string, Project>();
  readonly #names = new Map<string, string>();
  readonly #paths = new Map<string, string[]>();
  /** The lengths that paths have, or had: of the places above a deep path few have one that is registered. */
  readonly #lengths = new Set<number>();

  constructor(
    projects: Iterable<Project> = [],
    active: string | null = null,
    version: string = REGISTRY_VERSION,
    extra: Readonly<Record<string, Json>> = {},
    previous: string | null = null,
    previousInFile: string | null = previous,
  ) {
    this.version = version;
    this.extra = extra;
    this.#active = active;
    this.#previous = previous;
    this.#previousInFile = previousInFile;
    for (const project of projects) this.#put(project);
  }

  get active(): string | null {
    return this.#active;
  }

  get previous(): string | null {
    return this.#previous;
  }

  /** The same as the file says it: an edit of that may have switched, and said nothing of it. */
  get previousInFile(): string | null {
    return this.#previousInFile;
  }

  get size(): number {
    return this.#projects.size;
  }

  get(id: string): Project | undefined {
    return this.#projects.get(id);
  }

  named(name: string): Project | undefined {
    const id = this.#names.get(foldName(name));
    return id === undefined ? undefined : this.#projects.get(id);
  }

  at(sourcePath: string): readonly Project[] {
    return inFileOrder(
      this,
      (this.#paths.get(sourcePath) ?? []).map((id) => this.#projects.get(id) as Project),
    );
  }

  around(path: string): readonly Project[] {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (!this.#lengths.has(end)) continue;
      const here = this.at(path.slice(0, end));
      if (here.length > 0) return here;
    }
    return this.at('/');
  }

  projects(): Iterable<Project> {
    return this.#projects.values();
  }

  /**
   * Takes the steps of a draft over this state. They were checked there; nothing can go wrong here.
   *
   * @param previous id of the project that was active before, after them
   */
  apply(changes: Iterable<Change>, previous: string | null = this.#previous): void {
    this.#previous = previous;
    this.#previousInFile = previous;
    for (const change of changes) {
      if ('active' in change) {
        this.#active = change.active;
        continue;
      }
      if (change.before) this.#forget(change.before);
      if (change.after) this.#put(change.after);
      else this.#projects.delete(change.id);
    }
  }

  #put(project: Project): void {
    const id = project.project_id;
    this.#projects.set(id, project);
    this.#names.set(foldName(project.name), id);
    const ids = this.#paths.get(project.source_path);
    if (ids) ids.push(id);
    else {
      this.#paths.set(project.source_path, [id]);
      this.#lengths.add(project.source_path.length);
    }
  }

  #forget(project: Project): void {
    freeName(this.#names, project);
    const rest = (this.#paths.get(project.source_path) ?? []).filter((id) => id !== project.project_id);
    if (rest.length > 0) this.#paths.set(project.source_path, rest);
    else this.#paths.delete(project.source_path);
  }
}

/** Frees the name of a project, unless it is another's by now: two may have taken each other's. */
export function freeName(names: Map<string, string>, { name, project_id }: Project): void {
  const folded = foldName(name);
  if (names.get(folded) === project_id) names.delete(folded);
}

/** Projects of one path, whose order nobody keeps: there is seldom more than one. */
export function inFileOrder(view: RegistryView, projects: readonly Project[]): readonly Project[] {
  if (projects.length < 2) return projects;
  const wanted = new Set(projects);
  return Array.from(view.projects()).filter((project) => wanted.has(project));
}
