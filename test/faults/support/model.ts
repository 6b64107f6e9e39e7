/** What a registry is, in a few lines: the daemon must agree with it whatever happens. */

export interface ModelProject {
  name: string;
  file_count: number;
  training_status: string;
}

/** Something that somebody asks of the daemon. Projects are named without regard to case. */
export type Operation =
  | { readonly do: 'register'; readonly name: string; readonly activate: boolean }
  | { readonly do: 'count'; readonly name: string; readonly count: number }
  | { readonly do: 'rename'; readonly name: string; readonly to: string }
  | { readonly do: 'status'; readonly name: string; readonly status: 'completed' | 'failed' | 'not_started' }
  | { readonly do: 'activate'; readonly name: string | null }
  | { readonly do: 'touch'; readonly name: string }
  | { readonly do: 'remove'; readonly name: string };

/** The code of the error that an operation is answered with; 0 for none. */
export type Outcome = 0 | 1001 | 1002;

export class Model {
  /** By id, in file order. */
  projects = new Map<string, ModelProject>();
  active: string | null = null;

  /** One that goes on by itself. */
  copy(): Model {
    const copy = new Model();
    copy.projects = structuredClone(this.projects);
    copy.active = this.active;
    return copy;
  }

  find(name: string | null): [string, ModelProject] | undefined {
    return [...this.projects].find(([, project]) => project.name.toLowerCase() === name?.toLowerCase());
  }

  /** @param id of a project that is registered */
  apply(operation: Operation, id: string): Outcome {
    const found = this.find(operation.name);
    if (operation.do === 'register') {
      if (found) return 1002;
      if (this.projects.size === 0 || operation.activate) this.active = id;
      this.projects.set(id, { name: operation.name, file_count: 0, training_status: 'not_started' });
      return 0;
    }
    if (operation.do === 'activate' && operation.name === null) this.active = null;
    else if (!found) return 1001;
    else if (operation.do === 'rename') {
      const other = this.find(operation.to);
      if (other && other[0] !== found[0]) return 1002;
      found[1].name = operation.to;
    } else if (operation.do === 'remove') {
      this.projects.delete(found[0]);
      if (this.active === found[0]) this.active = [...this.projects.keys()][0] ?? null;
    } else if (operation.do === 'activate') [this.active] = found;
    else if (operation.do === 'count') found[1].file_count = operation.count;
    else if (operation.do === 'status') found[1].training_status = operation.status;
    return 0;
  }
}
