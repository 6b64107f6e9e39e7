/** Where a training puts what it makes: a directory of its own, in which nothing is in service before it has completed. */

/** Beside a project's adapter, in its own directory. */
export const TRAININGS = 'trainings';
/** In an output: what the trainer printed. No result of it. */
export const TRAINER_LOG = 'trainer.log';

/** Where a trainer is to write; each of the paths names a file or a directory. */
export interface Output {
  /** Absolute; of the user alone. */
  readonly directory: string;
  readonly lora_adapter_path: string;
  readonly vector_store_path: string;
  readonly context_path: string;
}

/** The results that come into service, as fields of the project. */
export const RESULT_NAMES = {
  lora_adapter_path: 'lora_adapter.bin',
  vector_store_path: 'vector_store',
  context_path: 'context.json',
} as const;
export type ResultField = keyof typeof RESULT_NAMES;
export const RESULT_FIELDS = Object.keys(RESULT_NAMES) as readonly ResultField[];

/** The results of a project, in whichever directory: where they are at first, and in an output. */
export function resultsIn(directory: string): Readonly<Record<ResultField, string>> {
  const { lora_adapter_path, vector_store_path, context_path } = RESULT_NAMES;
  return {
    lora_adapter_path: `${directory}/${lora_adapter_path}`,
    vector_store_path: `${directory}/${vector_store_path}`,
    context_path: `${directory}/${context_path}`,
  };
}

/** @param own the project's own directory */
export function outputOf(own: string, token: number): Output {
  const directory = `${own}/${TRAININGS}/${token}`;
  return { directory, ...resultsIn(directory) };
}

/** The token that a name in `trainings/` stands for; null for another name. */
export function tokenOf(name: string): number | null {
  const token = Number(name);
  return /^(0|[1-9]\d*)$/.test(name) && Number.isSafeInteger(token) ? token : null;
}

/**
 * The token of the output that a path lies in, or is.
 *
 * @param own the project's own directory
 * @param path normal and absolute
 */
export function outputWith(own: string, path: string): number | null {
  const before = `${own}/${TRAININGS}/`;
  return path.startsWith(before) ? tokenOf(path.slice(before.length).split('/')[0] ?? '') : null;
}

/**
 * What an output has of results.
 *
 * @param names what is in it
 * @returns the path of each; an adapter's files that lie in the directory itself make that the adapter
 */
export function resultsAmong(
  { directory, ...paths }: Output,
  names: ReadonlySet<string>,
): Partial<Record<ResultField, string>> {
  const there = RESULT_FIELDS.filter((field) => names.has(RESULT_NAMES[field]));
  const found: Partial<Record<ResultField, string>> = {};
  for (const field of there) found[field] = paths[field];
  if (found.lora_adapter_path === undefined && [...names].some((name) => OF_ADAPTER.test(name)))
    found.lora_adapter_path = directory;
  return found;
}

/** As PEFT writes an adapter into a directory. */
const OF_ADAPTER = /^adapter_(config\.json|model\..+)$/;
