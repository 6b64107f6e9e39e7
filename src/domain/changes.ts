/**
 * The changes: pure functions over a draft. Each checks everything before it changes anything.
 *
 * Time and ids come in as arguments, paths are only text; whether a path exists is asked elsewhere.
 */
import { etagOf, toWire } from './encoding.ts';
import { InvalidParamsError, RegistryError } from './errors.ts';
import { blankProject, type JsonObject, type Outcome, type Project, type Repository } from './project.ts';
import { MAX_METADATA_BYTES } from './limits.ts';
import { findNamed, findProject, normalizePath } from './places/references.ts';
import type { Draft } from './draft.ts';
import { RESULT_FIELDS, resultsIn } from './training/output.ts';
import { isSameJson } from './values/json.ts';
import { cleanName, nameFault } from './values/names.ts';
import { cutText } from './values/text.ts';

export interface NewProject {
  readonly id: string;
  /** The project's own directory, where its adapter, vectors and context go. */
  readonly directory: string;
  readonly now: string;
  readonly name: string;
  readonly source_path: string;
  readonly language?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly repository?: Repository | null | undefined;
  readonly activate?: boolean | undefined;
  readonly if_exists?: 'error' | 'return' | undefined;
}

/** Registers a project; the first one of a registry becomes active. */
export function register(draft: Draft, input: NewProject): Project {
  const name = checkedName(input.name);
  const sourcePath = checkedPath(input.source_path, 'source_path');
  const taken = draft.named(name);
  if (taken && input.if_exists === 'return' && taken.source_path === sourcePath) {
    if (input.activate) return activate(draft, taken.project_id, input.now) as Project;
    return taken;
  }
  refuseTaken(taken, 'register', name);
  const project: Project = {
    ...blankProject(input.id, name, sourcePath, input.now),
    ...(input.language !== undefined && { language: input.language }),
    ...resultsIn(input.directory),
    tags: [...new Set(input.tags)],
    metadata: checkedLength('metadata', { ...input.metadata }, MAX_METADATA_BYTES),
    repository: input.repository ?? null,
  };
  const first = draft.size === 0;
  draft.put(project);
  if (input.activate) return activate(draft, project.project_id, input.now) as Project;
  if (first) draft.activate(project.project_id);
  return project;
}

export interface ProjectUpdate {
  readonly name?: string | undefined;
  readonly source_path?: string | undefined;
  readonly language?: string | undefined;
  readonly file_count?: number | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Merged key by key into what is there; null deletes a key. */
  readonly metadata?: JsonObject | undefined;
  readonly lora_adapter_path?: string | null | undefined;
  readonly vector_store_path?: string | null | undefined;
  readonly context_path?: string | null | undefined;
  readonly repository?: Repository | null | undefined;
}

/** Changes what is given and nothing else; where nothing differs, nothing at all. */
export function update(
  draft: Draft,
  reference: string,
  { metadata, ...fields }: ProjectUpdate,
  now: string,
  ifEtag?: string,
): Project {
  const project = findCurrent(draft, reference, ifEtag);
  const next: Project = { ...project, last_updated: now };
  if (fields.name !== undefined) {
    next.name = checkedName(fields.name);
    const taken = draft.named(next.name);
    if (taken?.project_id !== project.project_id) refuseTaken(taken, 'rename to', next.name);
  }
  if (fields.source_path !== undefined) next.source_path = checkedPath(fields.source_path, 'source_path');
  if (fields.language !== undefined) next.language = fields.language;
  if (fields.file_count !== undefined) next.file_count = fields.file_count;
  if (fields.tags !== undefined) next.tags = [...new Set(fields.tags)];
  if (fields.repository !== undefined) next.repository = fields.repository;
  if (metadata !== undefined) {
    const merged = mergeMetadata(project.metadata, metadata);
    next.metadata = checkedLength('metadata', merged, MAX_METADATA_BYTES);
  }
  for (const field of RESULT_FIELDS) {
    const path = fields[field];
    if (path !== undefined) next[field] = path === null ? null : checkedPath(path, field);
  }
  return putChanged(draft, project, next);
}

/** Takes a project out; an active one's place goes to the first remaining in file order. */
export function remove(draft: Draft, reference: string, ifEtag?: string): Project {
  const project = requireEtag(findNamed(draft, reference), ifEtag);
  draft.remove(project.project_id);
  const [first] = draft.projects();
  if (draft.active === project.project_id) draft.activate(first?.project_id ?? null);
  return project;
}

/** Notes that a project was used. */
export function touch(draft: Draft, reference: string, now: string): Project {
  return draft.put({ ...findProject(draft, reference), last_used: now });
}

/** Makes a project the active one, or none for null. */
export function activate(draft: Draft, reference: string | null, now: string): Project | null {
  const project = reference === null ? null : touch(draft, reference, now);
  draft.activate(project?.project_id ?? null);
  return project;
}

/**
 * Puts the next state of a project, unless nothing differs but the time: a change that changes nothing is none, and must
 * not have a file written, an etag moved or anybody told.
 *
 * @param outcome of the lease that ends with it
 * @returns the project as it is in the draft then
 */
export function putChanged(draft: Draft, before: Project, next: Project, outcome?: Outcome): Project {
  return isSameJson(withoutTime(next), withoutTime(before)) ? before : draft.put(next, outcome);
}

function withoutTime({ last_updated: _time, training, ...fields }: Project): unknown {
  return [fields, training && { ...training, updated_at: null }];
}

/** @throws {RegistryError} `etag_mismatch` for one that is not as the caller knows it */
export function findCurrent(draft: Draft, reference: string, ifEtag: string | undefined): Project {
  return requireEtag(findProject(draft, reference), ifEtag);
}

function requireEtag(project: Project, ifEtag: string | undefined): Project {
  if (ifEtag !== undefined && ifEtag !== etagOf(project)) {
    const message = `cannot change "${project.name}": it has changed since it was read; read it again`;
    throw new RegistryError('etag_mismatch', message, { project: toWire(project) });
  }
  return project;
}

function checkedName(name: string): string {
  const clean = cleanName(name);
  const fault = nameFault(clean);
  if (fault) {
    const message = `cannot use the name ${JSON.stringify(cutText(clean, 80))}: ${fault}`;
    throw new RegistryError('invalid_name', message, { name: clean });
  }
  return clean;
}

/** @throws {RegistryError} `project_exists` when a project has the name */
export function refuseTaken(taken: Project | undefined, verb: string, name: string): void {
  if (!taken) return;
  const message = `cannot ${verb} "${name}": the name belongs to ${taken.source_path}`;
  throw new RegistryError('project_exists', message, { project: toWire(taken) });
}

/** @throws {InvalidParamsError} for what is no absolute path */
export function checkedPath(path: string, field: string): string {
  const refuse = (message: string): never => {
    throw new InvalidParamsError([{ path: field, message }]);
  };
  if (!path.startsWith('/')) refuse('must be an absolute path');
  if (path.includes('\0')) refuse('must not contain a NUL character');
  return normalizePath(path);
}

/** @throws {InvalidParamsError} for a value that is longer than so many bytes of compact JSON */
export function checkedLength(field: string, value: JsonObject, most: number): JsonObject {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= most) return value;
  throw new InvalidParamsError([{ path: field, message: `is ${bytes} bytes long and ${most} are allowed` }]);
}

function mergeMetadata(before: JsonObject, given: JsonObject): JsonObject {
  // Through entries, because assigning to a key named __proto__ would not make a field of it.
  const merged = new Map([...Object.entries(before), ...Object.entries(given)]);
  return Object.fromEntries([...merged].filter(([, value]) => value !== null));
}
