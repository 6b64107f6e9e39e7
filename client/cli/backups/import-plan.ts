/** What of another registry file can be taken into this one. Pure. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { sameName } from '../names.ts';
import { previewOf } from './preview.ts';
import { type StoredRegistry, storedName } from './stored-registry.ts';

export interface Found {
  readonly project_id: string;
  /** In the file. */
  readonly name: string;
}

export interface ImportPlan {
  /** Not in this registry, and nothing is in their way. */
  readonly new: readonly Found[];
  /** Another project here has the name. */
  readonly taken: readonly (Found & { readonly by: string })[];
  /** Here already, with other values in these fields; they stay as they are. */
  readonly different: readonly (Found & { readonly fields: readonly string[] })[];
  /** How many are here as they are in the file. */
  readonly same: number;
}

export function planImport(file: StoredRegistry, projects: readonly WireProject[]): ImportPlan {
  const only = [...file.projects.keys()];
  const { comes_back: absent, changes, stay } = previewOf({ projects, active: null }, file, only);
  const fresh: Found[] = [];
  const taken: (Found & { by: string })[] = [];
  for (const found of absent) {
    const owner = projects.find((project) => sameName(project.name, found.name));
    if (owner) taken.push({ ...found, by: owner.source_path });
    else fresh.push(found);
  }
  return {
    new: fresh,
    taken,
    // The name is the file's: here it may be another one, which is then among the fields.
    different: changes.map(({ project_id, fields = [] }) => ({
      project_id,
      name: storedName(project_id, file.projects.get(project_id) ?? {}),
      fields,
    })),
    same: stay,
  };
}
