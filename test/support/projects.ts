/** Projects for tests that need no file. */
import { completeProject } from '../../src/domain/complete-project.ts';
import type { Project } from '../../src/domain/project.ts';
import { Registry } from '../../src/domain/registry.ts';

export const NOW = '2026-03-01T10:00:00.000Z';
export const LATER = '2026-03-01T11:00:00.000Z';

/** A UUID that is always the same for a number. */
export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** A project of this number, `p<number>` unless named otherwise. */
export function project(number: number, fields: Partial<Project> = {}): Project {
  const id = uuid(number);
  const stored = { name: `p${number}`, source_path: `/src/p${number}`, created_at: NOW, ...fields };
  return completeProject({ ...stored, project_id: id }, id, NOW);
}

/** A registry of these projects. */
export function registryOf(...projects: readonly Project[]): Registry {
  return new Registry(projects);
}
