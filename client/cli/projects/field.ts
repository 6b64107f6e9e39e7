/** Single fields of a project, for scripts. */
import { distance } from 'fastest-levenshtein';
import { UsageError } from '../errors.ts';
import { anyOf, printable } from '../terminal/text.ts';

/** As `show --json` has them; below a dot what is in an object, which may be null. */
export const FIELDS: readonly string[] = [
  'project_id',
  'name',
  'source_path',
  'language',
  'file_count',
  'tags',
  'training_status',
  'last_trained',
  'last_used',
  'last_updated',
  'created_at',
  'lora_adapter_path',
  'vector_store_path',
  'context_path',
  'base_model',
  'ahead',
  'etag',
  'metadata',
  ...below('trained_from', 'commit', 'dirty'),
  ...below('repository', 'remote', 'root_commit'),
  ...below('retrain_requested', 'at', 'reason'),
  ...below('training', 'error', 'outcome', 'progress', 'phase', 'message', 'eta_s', 'details', 'holder'),
  ...below('training', 'token', 'started_at', 'updated_at', 'slot', 'attempt').slice(1),
];

/** Not told by every project. */
const OTHERS = [
  ...below('training.holder', 'name', 'pid'),
  ...below('training', 'phases', 'source', 'stall_ms', 'before', 'cancel_requested', 'cancel_reason'),
];
/** Objects that hold whatever somebody has put there. */
const OPEN = /^(metadata|training\.details)\./;

function below(object: string, ...names: readonly string[]): string[] {
  return [object, ...names.map((name) => `${object}.${name}`)];
}

/**
 * The value of a field as a script takes it: a text as it is, nothing for null and for what this project does not have,
 * anything else as JSON.
 *
 * @throws {UsageError} for a field that no project has, with near ones
 */
export function fieldText(document: object, field: string): string {
  const value = fieldOf(document, field);
  if (value === undefined && !FIELDS.includes(field) && !OTHERS.includes(field) && !OPEN.test(field)) {
    const near = nearFields(field);
    const question = near.length === 0 ? '' : `; did you mean ${anyOf(near)}?`;
    throw new UsageError(
      `unknown field '${printable(field)}'${question}`,
      'gardener show --json, which has all of them',
    );
  }
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Undefined where there is none. A name may have dots in it, as in metadata. */
export function fieldOf(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  // What is listed: no length of an array.
  if (isMember(value, path)) return (value as Record<string, unknown>)[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const head = path.slice(0, dot);
    const found = isMember(value, head)
      ? fieldOf((value as Record<string, unknown>)[head], path.slice(dot + 1))
      : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function isMember(value: object, name: string): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, name);
}

/** Those that are named like it, or have it as a part of their name. */
function nearFields(field: string): readonly string[] {
  const word = field.toLowerCase().replaceAll('-', '_');
  const last = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
  const mistakes = (name: string): number => Math.min(distance(name, word), distance(last(name), last(word)));
  // With more than every third letter wrong it is another word.
  const mistyped = FIELDS.filter((name) => 3 * mistakes(name) <= last(word).length);
  const least = Math.min(...mistyped.map(mistakes));
  const nearest = mistyped.filter((name) => mistakes(name) === least);
  return (nearest.length > 0 ? nearest : FIELDS.filter((name) => name.includes(word))).slice(0, 3);
}
