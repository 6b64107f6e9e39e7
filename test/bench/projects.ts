/** The registry that every contender holds: the same projects, of the size that real ones have. */
import { join } from 'node:path';

export interface BenchProject {
  readonly project_id: string;
  readonly name: string;
  training_status: string;
  readonly [field: string]: unknown;
}

/** The id of a project by its number, from 0 on. */
export function idOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function makeProjects(count: number, dataDir: string): BenchProject[] {
  const at = '2026-01-05T09:30:00.000Z';
  return Array.from({ length: count }, (_, number) => {
    const id = idOf(number);
    return {
      project_id: id,
      name: `project ${number}`,
      source_path: join(dataDir, 'src', `project-${number}`),
      created_at: at,
      last_updated: at,
      training_status: 'not_started',
      language: 'typescript',
      file_count: number,
      lora_adapter_path: join(dataDir, 'projects', id, 'lora_adapter.bin'),
      vector_store_path: join(dataDir, 'projects', id, 'vector_store'),
      context_path: join(dataDir, 'projects', id, 'context.json'),
      last_trained: null,
      last_used: null,
      tags: ['work'],
      metadata: {},
      training: null,
      retrain_requested: null,
    };
  });
}

/** The content of `registry.json`. */
export function registryText(projects: readonly BenchProject[]): string {
  const byId = Object.fromEntries(projects.map((project) => [project.project_id, project]));
  const document = { version: '1.2', active_project: projects[0]?.project_id ?? null, projects: byId };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The projects of such a content. */
export function readProjects(text: string): Map<string, BenchProject> {
  const document = JSON.parse(text) as { projects: Record<string, BenchProject> };
  return new Map(Object.entries(document.projects));
}
