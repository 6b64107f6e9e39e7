/** Comparing the registry with the disk. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Issue, IssueCode } from '../domain/issues.ts';
import type { Project } from '../domain/project.ts';
import type { RegistryView } from '../domain/registry.ts';
import { type Paths, trashWithin } from '../paths.ts';
import type { Logger } from '../log.ts';
import { ifMissing } from '../system/errors.ts';
import { shellWord } from '../system/printable.ts';
import { type Found, look, type Unknown } from './directories.ts';
import { ifSilent, type Lanes, PATIENCE_MS } from './lane.ts';
import type { Trash } from './trash/trash.ts';

/**
 * How long all codebases and adapters elsewhere may take together: whoever asks wants an answer, whatever a disk does.
 * Milliseconds.
 */
const FOREIGN_MS = 4_000;

/** What there is to be looked at beside the registry. */
export interface Surroundings {
  readonly paths: Pick<Paths, 'projectsDir'>;
  readonly lanes: Lanes;
  readonly trash: Pick<Trash, 'discard' | 'left' | 'tryAgain'>;
  /** Whether somebody holds a lease on a project. */
  isTraining(id: string): boolean;
  /** Whether what a project has as its adapter has been there, as far as that is known. */
  hadAdapter(project: Project): Promise<boolean>;
  /** Says why something could not be mended; the issue then remains. */
  readonly log: Logger;
}

/** What to look for. */
export interface Scope {
  /** Only what is wrong with these, by id; default all, and what belongs to none. */
  readonly projects?: readonly string[] | undefined;
  /** Default all. */
  readonly codes?: readonly IssueCode[] | undefined;
}

/**
 * What is wrong between the registry and the disk. Changes nothing; takes seconds at most, whatever a disk does. What is
 * not to be looked for is not asked of a disk.
 */
export async function inspect(
  view: RegistryView,
  surroundings: Surroundings,
  { projects: ids, codes }: Scope = {},
): Promise<Issue[]> {
  const { paths, lanes, trash } = surroundings;
  const wants: Wants = (...any) => !codes || any.some((code) => codes.includes(code));
  const projects = ids ? [...new Set(ids)].flatMap((id) => view.get(id) ?? []) : [...view.projects()];
  const until = performance.now() + FOREIGN_MS;
  const lookElsewhere = (path: string): Promise<Found> =>
    look(path, lanes.foreign, Math.min(PATIENCE_MS, until - performance.now()));
  const lookInside = (path: string): Promise<Found> => look(path, lanes.projects);
  const lookAt = (path: string): Promise<Found> =>
    path.startsWith(`${paths.projectsDir}/`) ? lookInside(path) : lookElsewhere(path);
  // One disk that does not answer must not keep the others waiting.
  const [own, foreign, orphans, left] = await Promise.all([
    each(projects, (project) => inspectOwn(project, surroundings, lookInside, wants)),
    each(projects, (project) => inspectNamed(project, surroundings, lookAt, wants)),
    ids || !wants('orphan_dir')
      ? []
      : // What lies on a disk that does not answer is told of by its projects.
        lanes.projects.ask(() => directoriesIn(paths.projectsDir)).catch(ifSilent([])),
    // What is left of a removed project is no orphan.
    ids || !wants('orphan_dir', 'left_behind') ? [] : trash.left(),
  ]);
  const found = projects.flatMap((_, at) => [...(own[at] ?? []), ...(foreign[at] ?? [])]);
  const issues = areAllGone(projects, found)
    ? found.map((issue) => notMended(issue, paths.projectsDir))
    : found;
  const known = new Set(left.map(({ path }) => path));
  for (const name of orphans) {
    const path = join(paths.projectsDir, name);
    if (view.get(name) || known.has(path) || path === trashWithin(paths.projectsDir)) continue;
    issues.push({ code: 'orphan_dir', path, message: `${path} belongs to no project`, fixable: true });
  }
  for (const { path, reason, remedy } of wants('left_behind') ? left : []) {
    const message = `${path} was removed from the registry and could not be deleted: ${reason}`;
    const fixable = remedy === undefined;
    issues.push({ code: 'left_behind', path, message, fixable, ...(!fixable && { remedy }) });
  }
  if (!ids && wants('active_missing') && view.active !== null && !view.get(view.active)) {
    const message = 'the active project does not exist';
    issues.push({ code: 'active_missing', project_id: view.active, message, fixable: true });
  }
  return issues;
}

/** Whether any of these is looked for. */
type Wants = (...any: readonly IssueCode[]) => boolean;

/** Whether no project has its directory: that is no loss of each of them, but a disk that is not mounted. */
function areAllGone(projects: readonly Project[], found: readonly Issue[]): boolean {
  const gone = found.filter(({ code }) => code === 'project_dir_missing').length;
  // Of one alone it cannot be told.
  return projects.length > 1 && gone === projects.length;
}

/** Nothing is marked for another training, nor made where a disk will be mounted, before a person has looked. */
function notMended(issue: Issue, projectsDir: string): Issue {
  const { code, path = '' } = issue;
  const isLost = code === 'project_dir_missing' || code === 'adapter_missing';
  if (!isLost || !path.startsWith(`${projectsDir}/`)) return issue;
  const remedy =
    `see whether the disk of ${projectsDir} is mounted, as none of its directories is there; ` +
    `if they are gone for good: mkdir -p ${projectsDir}/${issue.project_id ?? ''}, then gardener doctor --fix`;
  return { ...issue, fixable: false, remedy };
}

/** One after the other: a disk is asked one question at a time anyway. */
async function each<T>(
  projects: readonly Project[],
  inspectOne: (project: Project) => Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  for (const project of projects) found.push(await inspectOne(project));
  return found;
}

/** What is the registry's own. */
async function inspectOwn(
  { project_id, name, training_status: status }: Project,
  { paths, isTraining }: Surroundings,
  lookAt: (path: string) => Promise<Found>,
  wants: Wants,
): Promise<Issue[]> {
  const issues: Issue[] = [];
  if (wants('project_dir_missing')) {
    const path = join(paths.projectsDir, project_id);
    const { kind } = await lookAt(path);
    if (kind === 'nothing' || kind === 'other') {
      const message = `the directory of "${name}" is gone`;
      issues.push({ code: 'project_dir_missing', project_id, path, message, fixable: true });
    }
  }
  if (wants('training_stale') && status === 'training' && !isTraining(project_id)) {
    const message = `"${name}" is marked as training and nobody trains it`;
    issues.push({ code: 'training_stale', project_id, message, fixable: true });
  }
  return issues;
}

/** What the project names: its codebase, and its adapter, which may be anywhere. */
async function inspectNamed(
  project: Project,
  { hadAdapter }: Surroundings,
  lookAt: (path: string) => Promise<Found>,
  wants: Wants,
): Promise<Issue[]> {
  const {
    project_id,
    name,
    source_path: source,
    lora_adapter_path: adapter,
    training_status: status,
  } = project;
  const issues: Issue[] = [];
  const found = (code: IssueCode, path: string, message: string, more: Partial<Issue> = {}): void => {
    if (wants(code)) issues.push({ code, project_id, path, message, fixable: false, ...more });
  };
  const untold = (code: IssueCode, path: string, what: string, { reason, silent }: Unknown): void => {
    const message = `whether the ${what} of "${name}" is there cannot be told: ${reason}`;
    found(code, path, message, silent ? { silent } : {});
  };
  if (wants('source_missing', 'source_unreachable')) {
    const codebase = await lookAt(source);
    if (codebase.kind === 'unknown') untold('source_unreachable', source, 'source path', codebase);
    else if (codebase.kind !== 'directory')
      found('source_missing', source, `the source path of "${name}" is gone`);
  }
  if (status !== 'completed' || adapter === null || !wants('adapter_missing', 'adapter_unreachable'))
    return issues;
  const trained = await lookAt(adapter);
  if (trained.kind === 'unknown') untold('adapter_unreachable', adapter, 'adapter', trained);
  else if (trained.kind === 'nothing') {
    // A trainer may end well and leave none, and would be asked for one again and again.
    const fixable = await hadAdapter(project);
    const is = fixable ? 'its adapter is gone' : 'has no adapter, nor is known to have had one';
    const remedy = `if it should have one: gardener retrain ${shellWord(name)}`;
    found('adapter_missing', adapter, `"${name}" is trained and ${is}`, fixable ? { fixable } : { remedy });
  }
  return issues;
}

async function directoriesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(ifMissing([]));
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
