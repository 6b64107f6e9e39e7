/** One project as a file has it: checked to the last field, and mended where that is wanted. */
import type { z } from 'zod';
import { completeProject } from '../../domain/complete-project.ts';
import { InvalidParamsError } from '../../domain/errors.ts';
import { type StoredProject, storedProjectSchema } from '../../domain/schema.ts';
import { issueText } from '../../domain/values/issue-text.ts';
import { doWithout, type JsonFault, jsonFault, MAX_FILE_DEPTH, putAt } from '../../domain/values/json.ts';
import type { Project } from '../../domain/project.ts';
import type { Change } from '../../domain/draft.ts';
import { cleanName, foldName, nameFault } from '../../domain/values/names.ts';
import { canonicalTime } from '../../domain/values/time.ts';
import type { Path } from './fault.ts';

/** A fault with its place in the document, before the place is looked up in the text. */
export class Fault extends Error {
  readonly path: Path;
  /**
   * What would do in the place of what nobody would miss; undefined for nothing at all. `many` is a fault of which a
   * project may have any number, all of which null mends.
   */
  readonly mend: { readonly path: Path; readonly value: unknown } | 'many' | null;

  constructor(path: Path, message: string, mend: Fault['mend'] = null) {
    super(message);
    this.path = path;
    this.mend = mend;
  }
}

const REQUEST = 'retrain_requested';
/** A project of a file is below the document and `projects`. */
const MAX_PROJECT_DEPTH = MAX_FILE_DEPTH - 2;
/** A request is kept below the project, `training` and `before` while somebody trains: wherever it stands, it has to fit. */
const MAX_REQUEST_DEPTH = MAX_PROJECT_DEPTH - 3;

/**
 * Reads what a file has under a key of `projects`.
 *
 * @param names the owners of the folded names so far; the project's own is added
 * @param now fills in for timestamps that the file lacks
 * @throws {Fault}
 */
export function readProject(key: string, value: unknown, names: Map<string, string>, now: string): Project {
  const at = (...path: Path): Path => ['projects', key, ...path];
  const checked = storedProjectSchema.safeParse(value);
  const issue = checked.error?.issues[0];
  if (issue) throw new Fault(at(...(issue.path as Path)), issueText(issue), mendOf(issue, at));
  const fault = jsonFault(value, MAX_PROJECT_DEPTH);
  if (fault) throw new Fault(at(...fault.path), fault.message, 'many');
  // What zod returns lacks a key named __proto__; what was parsed has everything.
  const stored = value as StoredProject;
  const deep = jsonFault(stored.retrain_requested, MAX_REQUEST_DEPTH);
  if (deep)
    throw new Fault(at(REQUEST), `is nested deeper than ${MAX_REQUEST_DEPTH} objects and lists`, 'many');
  const id = stored.project_id ?? key;
  if (id !== key) throw new Fault(at('project_id'), `must equal its key ${key}`);
  if (!storedProjectSchema.shape.project_id.safeParse(key).success)
    throw new Fault(at(), 'the key must be a UUID');
  const name = cleanName(stored.name);
  const wrong = nameFault(name);
  if (wrong) throw new Fault(at('name'), wrong);
  const other = names.get(foldName(name));
  if (other !== undefined) throw new Fault(at('name'), `the name "${name}" is taken by ${other}`);
  for (const [path, time, instead] of timesOf(stored, now)) {
    if (typeof time !== 'string' || canonicalTime(time) !== null) continue;
    const mend = instead === undefined ? null : { path: at(...path), value: instead };
    throw new Fault(at(...path), 'must be an ISO 8601 timestamp', mend);
  }
  names.set(foldName(name), key);
  return completeProject(stored, key, now);
}

/**
 * The same, doing without what nobody misses.
 *
 * @param document what the file was parsed to; is changed
 * @param mended is told what was left out
 */
export function readOrMend(
  document: object,
  key: string,
  value: unknown,
  names: Map<string, string>,
  now: string,
  mended: string[],
): Project {
  for (;;) {
    try {
      return readProject(key, value, names, now);
    } catch (error) {
      if (!(error instanceof Fault && error.mend)) throw error;
      if (error.mend === 'many') {
        // In one pass: to begin anew after each takes minutes where there are thousands.
        for (const { path, message } of valueFaults(value as StoredProject))
          mended.push(`${['projects', key, ...path].join('.')}: ${message}`);
      } else {
        replaceAt(document, error.mend.path, error.mend.value);
        mended.push(`${error.path.join('.')}: ${error.message}`);
      }
    }
  }
}

/** Does without every value of a project that nobody could read again; gives what was wrong with them. */
function valueFaults(stored: StoredProject): JsonFault[] {
  const { retrain_requested: request } = stored;
  const faults = request ? doWithout(request, MAX_REQUEST_DEPTH) : [];
  return [
    ...faults.map(({ path, message }) => ({ path: [REQUEST, ...path], message })),
    ...doWithout(stored, MAX_PROJECT_DEPTH),
  ];
}

/**
 * Makes sure that what a change leaves can be read again, by the code that will read it.
 *
 * @throws {InvalidParamsError} naming the field of the project
 */
export function requireReadable(changes: Iterable<Change>): void {
  for (const change of changes) {
    if (!('id' in change) || !change.after) continue;
    const { name, last_updated } = change.after;
    try {
      readProject(change.id, change.after, new Map(), last_updated);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const path = error.path.slice(2).join('.');
      const message = `${error.message}; "${name}" could not be read again: mend this field in the registry file`;
      throw new InvalidParamsError([{ path, message }]);
    }
  }
}

/** Puts a value at a place that exists; undefined takes away what is there. */
export function replaceAt(document: object, path: Path, value: unknown): void {
  let place = document as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as typeof place;
  const last = path.at(-1) ?? '';
  if (value === undefined) delete place[last];
  else putAt(place, last, value);
}

/** Every timestamp of a project, with what may stand in for it: nothing may for those that a person reads. */
function timesOf(stored: StoredProject, now: string): [Path, unknown, string | null | undefined][] {
  const { training, retrain_requested: request } = stored;
  const about = canonicalTime(stored.last_updated ?? '') ?? now;
  return [
    [['created_at'], stored.created_at, undefined],
    [['last_updated'], stored.last_updated, undefined],
    [['last_trained'], stored.last_trained, undefined],
    [['last_used'], stored.last_used, undefined],
    [['retrain_requested', 'at'], request?.at, about],
    [['training', 'started_at'], training?.started_at, null],
    [['training', 'updated_at'], training?.updated_at, null],
    [['training', 'before', 'retrain_requested', 'at'], training?.before?.retrain_requested?.at, about],
  ];
}

/** Of a training record, what is only there for as long as there is something to note. */
const NOTES: ReadonlySet<string> = new Set([
  'before',
  'stall_ms',
  'cancel_reason',
  'source',
  'slot',
  'phases',
  'outcome',
]);

/** What a project can do without: notes of the daemon for itself, numbers beyond reason, what can be found out again. */
function mendOf({ path, code }: z.core.$ZodIssue, at: (...path: Path) => Path): Fault['mend'] {
  const [record, field, part] = path;
  if (record === 'repository' || record === 'trained_from') return { path: at(record), value: null };
  if (record !== 'training') return null;
  if (typeof field === 'string' && NOTES.has(field)) return { path: at(record, field), value: undefined };
  if ((field === 'token' || field === 'attempt') && code === 'too_big')
    return { path: at(record, field), value: 0 };
  if (field === 'holder' && part === 'pid' && code === 'too_small')
    return { path: at(record, field, part), value: undefined };
  return null;
}
