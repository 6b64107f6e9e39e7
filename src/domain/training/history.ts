/** Trainings that have ended, as the history of a project keeps them: how they went, and what each put into service. */
import type { ProjectChange } from '../draft.ts';
import type { Holder, JsonObject, Outcome, Phase, Project, Source } from '../project.ts';
import { defined } from '../values/defined.ts';
import type { CurvePoint } from './curve.ts';
import { outputWith, type ResultField, RESULT_FIELDS, TRAININGS } from './output.ts';
import { beforeOf, isLeaseRecorded } from './record.ts';

/** So many are kept. */
export const MAX_HISTORY = 50;
/** Of those that completed, so many stay whatever came after them, and their outputs with them. */
export const KEPT_OUTPUTS = 3;

/** What is in service by a training, as fields of the project; all null for one that did not complete. */
export type InService = Pick<Project, ResultField | 'trained_from' | 'base_model'>;

/** What only whoever completes a training knows of it. */
export interface Told {
  /** As it was given; null where that is not known. */
  readonly metadata: JsonObject | null;
  /** Whether an adapter was in service then, as far as a disk could tell. */
  readonly adapter: boolean;
  readonly curve: readonly CurvePoint[];
}

export interface Ended extends InService, Told {
  /** 0 for what was in service before any training that is known. */
  readonly token: number;
  readonly status: Outcome;
  readonly started_at: string | null;
  readonly ended_at: string;
  readonly error: string | null;
  readonly holder: Holder | null;
  /** What was trained from. */
  readonly source: Source | null;
  readonly phases: readonly Phase[];
  /** What its output had of results when it ended; 0 once that is gone, null where it is not known. */
  readonly bytes: number | null;
}

const NOTHING: InService = {
  lora_adapter_path: null,
  vector_store_path: null,
  context_path: null,
  trained_from: null,
  base_model: null,
};
const UNTOLD: Told = { metadata: null, adapter: true, curve: [] };

export function inServiceOf(project: InService): InService {
  const { lora_adapter_path, vector_store_path, context_path, trained_from, base_model } = project;
  return { lora_adapter_path, vector_store_path, context_path, trained_from, base_model };
}

/** The training that ended with a step of the registry; null where none did. */
export function endedWith({ before, after, outcome }: ProjectChange, told: Told = UNTOLD): Ended | null {
  const was = before?.training;
  if (!was || !after || !isLeaseRecorded(before)) return null;
  const is = after.training?.token === was.token ? after.training : null;
  if (is && isLeaseRecorded(after)) return null;
  // Somebody else has the project where the record has another token.
  const status = outcome ?? (is ? (is.outcome ?? 'released') : 'lost');
  // To give a project back puts back what it had failed of before; why that was asked for is known only now.
  const isGivenBack = status === 'cancelled' && is?.error === beforeOf(before).error;
  const isCompleted = status === 'completed';
  return {
    ...(isCompleted ? { ...inServiceOf(after), ...told } : { ...NOTHING, ...UNTOLD, adapter: false }),
    token: was.token,
    status,
    started_at: was.started_at,
    ended_at: after.last_updated,
    error: status === 'released' ? null : isGivenBack ? (was.cancel_reason ?? null) : (is?.error ?? null),
    holder: was.holder && defined({ name: was.holder.name, pid: was.holder.pid }),
    source: (isCompleted ? after.trained_from : null) ?? was.source ?? null,
    phases: was.phases ?? [],
    bytes: null,
  };
}

/** The last training of a project, as far as its record tells: for a history that does not know it. */
export function lastRecorded(project: Project): Ended | null {
  const { training, last_trained: trained, last_updated: updated } = project;
  if (!training?.outcome || training.token === 0 || isLeaseRecorded(project)) return null;
  const isCompleted = training.outcome === 'completed';
  const isFailed = project.training_status === 'failed' && training.outcome !== 'released';
  return {
    ...(isCompleted ? { ...inServiceOf(project), ...UNTOLD } : { ...NOTHING, ...UNTOLD, adapter: false }),
    token: training.token,
    status: training.outcome,
    started_at: training.started_at,
    ended_at: (isCompleted ? trained : null) ?? training.updated_at ?? updated,
    error: isFailed && !isCompleted ? training.error : null,
    holder: null,
    source: isCompleted ? project.trained_from : null,
    phases: [],
    bytes: null,
  };
}

/** What is in service of a project, in the form of a training, for where none is known that made it; null for nothing. */
export function standingOf(project: Project): Ended | null {
  const { training, last_trained: trained, lora_adapter_path: adapter } = project;
  if (trained === null || adapter === null) return null;
  // As an earlier version, which told no outcome, has left it.
  const isLast = training && !training.outcome && project.training_status === 'completed';
  return {
    ...inServiceOf(project),
    ...UNTOLD,
    token: outputIn(project.project_id, adapter) ?? (isLast ? training.token : 0),
    status: 'completed',
    started_at: null,
    ended_at: trained,
    error: null,
    holder: null,
    source: project.trained_from,
    phases: [],
    bytes: null,
  };
}

/** Several accounts of trainings as one, the newest first; of one training the first account counts. */
export function joined(...accounts: readonly (readonly Ended[])[]): Ended[] {
  const known = new Map<number, Ended>();
  for (const ended of accounts.flat()) if (!known.has(ended.token)) known.set(ended.token, ended);
  const all = [...known.values()].toSorted((a, b) => b.token - a.token);
  const kept = new Set(all.filter(({ status }) => status === 'completed').slice(0, KEPT_OUTPUTS));
  for (const ended of all) if (kept.size < MAX_HISTORY) kept.add(ended);
  return all.filter((ended) => kept.has(ended));
}

/** The same with what is in service, where no training of them has made it. */
export function withStanding(history: readonly Ended[], standing: Ended | null): readonly Ended[] {
  if (standing === null || history.some((ended) => hasAdapterOf(ended, standing))) return history;
  const others = history.filter(({ token }) => token !== 0 || standing.token !== 0);
  return joined(others, [standing]);
}

/**
 * The training by which a project has what is in service; undefined where none of them is it. Of those that had the same
 * paths it is the one that made what is there: others may have left nothing and so changed nothing.
 */
export function servingOf(project: Project, history: readonly Ended[]): Ended | undefined {
  const completed = history.filter(({ status }) => status === 'completed');
  const paths = JSON.stringify(pathsOf(project));
  const same = completed.filter((ended) => JSON.stringify(pathsOf(ended)) === paths);
  const made = new Set(pathsOf(project).map((path) => outputIn(project.project_id, path)));
  const text = JSON.stringify(inServiceOf(project));
  const some = same.length > 0 ? same : completed.filter((ended) => hasAdapterOf(ended, project));
  return (
    some.find(({ token }) => made.has(token)) ??
    some.find((ended) => JSON.stringify(inServiceOf(ended)) === text) ??
    some.find(({ adapter }) => adapter)
  );
}

/**
 * Whether the adapter that a project names is known to have been there: it came into service out of an output, or the
 * training that left it there completed while this program looked.
 */
export function hadAdapter(project: Project, history: readonly Ended[]): boolean {
  if (project.lora_adapter_path?.includes(`/${project.project_id}/${TRAININGS}/`)) return true;
  // What nobody has looked at has no metadata either.
  return history.some((ended) => ended.adapter && ended.metadata !== null && hasAdapterOf(ended, project));
}

function hasAdapterOf({ status, lora_adapter_path: adapter }: Ended, project: InService): boolean {
  return status === 'completed' && adapter === project.lora_adapter_path;
}

/** The token of the output of a project that a path lies in, wherever the data is; null for none. */
function outputIn(id: string, path: string): number | null {
  const within = new RegExp(`/${id}/${TRAININGS}/([1-9]\\d{0,15})(?:/|$)`, 'i').exec(path);
  return within && Number(within[1]);
}

/**
 * What is known by the size of what a training left in its output: 0 says that what it made is gone, and nothing in the
 * output says nothing of what it made elsewhere.
 *
 * @param own the project's own directory
 * @param bytes in the output; null where that is not known
 */
export function sizeOf(own: string, ended: Ended, bytes: number | null): number | null {
  return bytes === 0 && liesElsewhere(own, ended) ? null : bytes;
}

/** Whether what a training made is in no output. */
export function liesElsewhere(own: string, ended: Ended): boolean {
  const { lora_adapter_path: adapter, token } = ended;
  if (adapter === null || outputWith(own, adapter) !== null) return false;
  return pathsOf(ended).every((path) => outputWith(own, path) !== token);
}

/** The paths of what is in service. */
export function pathsOf(ended: InService): string[] {
  return RESULT_FIELDS.map((field) => ended[field]).filter((path) => path !== null);
}
