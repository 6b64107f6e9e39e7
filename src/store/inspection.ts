/** Comparing the registry with the disk, and mending what can be mended. */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Issue, IssueCode } from '../domain/issues.ts';
import * as operations from '../domain/operations.ts';
import type { Project } from '../domain/project.ts';
import type { RegistryView } from '../domain/registry.ts';
import type { Paths } from '../paths.ts';
import { errorCode, isMissing } from './atomic-file.ts';
import type { Logger } from '../log.ts';
import { isDirectory, removeProjectDirectory } from './directories.ts';
import type { Store } from './store.ts';

/** How many projects are looked at side by side; the thread pool has four threads. */
const AT_ONCE = 64;

/**
 * What is wrong between the registry and the disk. Changes nothing.
 *
 * @param isTraining whether somebody holds a lease on a project
 */
export async function inspect(
  view: RegistryView,
  paths: Pick<Paths, 'projectsDir'>,
  isTraining: (id: string) => boolean,
): Promise<Issue[]> {
  const issues: Issue[] = [];
  const projects = [...view.projects()];
  for (let at = 0; at < projects.length; at += AT_ONCE) {
    const found = await Promise.all(
      projects.slice(at, at + AT_ONCE).map((project) => inspectProject(project, paths, isTraining)),
    );
    issues.push(...found.flat());
  }
  for (const name of await directoriesIn(paths.projectsDir)) {
    if (view.get(name)) continue;
    const path = join(paths.projectsDir, name);
    issues.push({ code: 'orphan_dir', path, message: `${path} belongs to no project`, fixable: true });
  }
  if (view.active !== null && !view.get(view.active)) {
    issues.push({
      code: 'active_missing',
      project_id: view.active,
      message: 'the active project does not exist',
      fixable: true,
    });
  }
  return issues;
}

async function inspectProject(
  project: Project,
  { projectsDir }: Pick<Paths, 'projectsDir'>,
  isTraining: (id: string) => boolean,
): Promise<Issue[]> {
  const issues: Issue[] = [];
  const { project_id, name, source_path, lora_adapter_path: adapter } = project;
  const found = (code: IssueCode, message: string, fixable: boolean, path?: string): void => {
    issues.push({ code, project_id, ...(path === undefined ? {} : { path }), message, fixable });
  };
  if ((await isDirectory(source_path)) === false) {
    found('source_missing', `the source path of "${name}" is gone`, false, source_path);
  }
  const own = join(projectsDir, project_id);
  if ((await isDirectory(own)) === false) {
    found('project_dir_missing', `the directory of "${name}" is gone`, true, own);
  }
  if (project.training_status === 'completed' && adapter !== null && !(await exists(adapter))) {
    found('adapter_missing', `"${name}" is trained and its adapter is gone`, true, adapter);
  }
  if (project.training_status === 'training' && !isTraining(project_id)) {
    found('training_stale', `"${name}" is marked as training and nobody trains it`, true);
  }
  return issues;
}

/**
 * Mends what can be mended. `orphan_dir` only when named, because that deletes data.
 *
 * @param log says why a directory could not be removed; the issue then remains
 * @param codes only these; default all but `orphan_dir`
 */
export async function repair(
  store: Store,
  paths: Pick<Paths, 'projectsDir'>,
  isTraining: (id: string) => boolean,
  log: Logger,
  codes?: readonly IssueCode[],
): Promise<{ fixed: Issue[]; remaining: Issue[] }> {
  const wanted = (issue: Issue): boolean =>
    issue.fixable && (codes ? codes.includes(issue.code) : issue.code !== 'orphan_dir');
  const before = await inspect(store.registry, paths, isTraining);
  const chosen = before.filter(wanted);
  if (chosen.length > 0) {
    await store.change((draft, now) => {
      for (const { code, project_id: id } of chosen) {
        const project = id === undefined ? undefined : draft.get(id);
        if (code === 'active_missing' && draft.active !== null && !draft.get(draft.active)) {
          const [first] = draft.projects();
          draft.activate(first?.project_id ?? null);
        } else if (!project) continue;
        else if (code === 'adapter_missing' && project.training_status === 'completed') {
          operations.retrain(draft, project.project_id, now, 'the adapter is missing');
        } else if (code === 'training_stale' && project.training_status === 'training') {
          operations.setStatus(draft, project.project_id, 'failed', now, { error: 'training was abandoned' });
        }
      }
    });
    for (const { code, path } of chosen) {
      if (path === undefined) continue;
      if (code === 'project_dir_missing') await mkdir(path, { recursive: true, mode: 0o700 });
      if (code === 'orphan_dir')
        await removeProjectDirectory(paths.projectsDir, path.slice(paths.projectsDir.length + 1), log);
    }
  }
  const remaining = await inspect(store.registry, paths, isTraining);
  const still = new Set(remaining.map(keyOf));
  return { fixed: chosen.filter((issue) => !still.has(keyOf(issue))), remaining };
}

function keyOf({ code, project_id, path }: Issue): string {
  return JSON.stringify([code, project_id, path]);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
  }
}

async function directoriesIn(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
