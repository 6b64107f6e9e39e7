/** What a client does before a training completes: what that has made is on the disk then, and looked at. */
import type { Output } from '../../src/domain/training/output.ts';
import { isJsonObject } from '../../src/domain/values/json.ts';
import { systemReason } from '../../src/system/errors.ts';
import { answers } from '../codebase/disk-answer.ts';
import { OutputError } from '../errors.ts';
import { baseModelOf } from './base-model.ts';
import { SyncError, syncOutput } from './sync.ts';

/** Between two signs of life while files are synced. Milliseconds. */
const SIGN_EVERY_MS = 1_000;

/** Directories that the disk has refused. A second attempt may succeed, and what was lost before is lost all the same. */
const refusals = new Map<string, OutputError>();

export interface Securing {
  /** Keeps the lease from stalling, as long as the disk gets on. */
  readonly alive: () => void;
  /** Told of files of which nobody can say whether they are on the disk. */
  readonly tell: (what: string) => void;
  /** Ends it by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The parameters of `training.complete`, with the model that the adapter adapts, once the output is on the disk.
 *
 * @throws {OutputError} where the disk refuses it
 */
export async function secured(
  params: unknown,
  output: Output,
  { alive, tell, signal }: Securing,
): Promise<unknown> {
  let last = performance.now();
  const synced = (): void => {
    if (performance.now() - last < SIGN_EVERY_MS) return;
    last = performance.now();
    alive();
  };
  const refused = (path: string, error: unknown): void =>
    tell(`cannot make sure that ${path} survives a power cut: ${systemReason(error)}`);
  const before = refusals.get(output.directory);
  if (before) throw before;
  await syncOutput(output.directory, { synced, refused, signal }).catch((error: unknown) => {
    if (!(error instanceof SyncError)) throw error;
    const why = `${error.message}: ${systemReason(error.cause)}`;
    const refusal = new OutputError(why, { cause: error });
    refusals.set(output.directory, refusal);
    throw refusal;
  });
  if (!isJsonObject(params) || (params['base_model'] ?? undefined) !== undefined) return params;
  const { lora_adapter_path: adapter = output.lora_adapter_path } = params;
  const base_model =
    typeof adapter === 'string' && (await canBeAsked(adapter, output))
      ? await baseModelOf(adapter)
      : undefined;
  return base_model === undefined ? params : { ...params, base_model };
}

/** Its own disk has just taken the output; that of another place may be dead. */
async function canBeAsked(adapter: string, { directory }: Output): Promise<boolean> {
  return adapter.startsWith(`${directory}/`) || adapter === directory || (await answers(adapter));
}
