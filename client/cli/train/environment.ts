/** What a trainer finds in its environment. */
import { stat } from 'node:fs/promises';
import type { PathOptions } from '../../../src/paths.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import { isNowhere } from '../../../src/system/errors.ts';
import { answers } from '../../codebase/disk-answer.ts';
import { PROJECT_VARIABLE } from '../projects/resolve.ts';

/** A lease as it was given; a daemon of an earlier version has no output for it. */
export type Begun = Omit<Result<'training.begin'>, 'output'> & Partial<Result<'training.begin'>>;

/** The number of the descriptor for progress. */
const PROGRESS_FD = 3;

/**
 * The environment of a trainer.
 *
 * @param previous the adapter in service
 * @param place flags that said where the registry is: programs that the trainer runs must find the same one
 */
export function trainerEnvironment(
  env: NodeJS.ProcessEnv,
  { project, token, output, slot }: Begun,
  previous: string | undefined,
  place: PathOptions,
): NodeJS.ProcessEnv {
  // Undefined leaves a variable out, also one of a trainer around this one.
  return {
    ...env,
    ...placeVariables(place),
    // So that every command of the registry in it means the project that is trained, unless it names another.
    [PROJECT_VARIABLE]: project.project_id,
    GARDENER_PROJECT_ID: project.project_id,
    GARDENER_PROJECT_NAME: project.name,
    GARDENER_PROJECT_SOURCE_PATH: project.source_path,
    GARDENER_OUTPUT_DIR: output?.directory,
    GARDENER_PROJECT_LORA_ADAPTER_PATH: output?.lora_adapter_path ?? project.lora_adapter_path ?? undefined,
    GARDENER_PROJECT_PREVIOUS_LORA_ADAPTER_PATH: output && previous,
    GARDENER_PROJECT_VECTOR_STORE_PATH: project.vector_store_path ?? undefined,
    GARDENER_PROJECT_CONTEXT_PATH: project.context_path ?? undefined,
    GARDENER_PROJECT_TOKEN: String(token),
    GARDENER_SLOT: slot,
    GARDENER_PROGRESS_FD: String(PROGRESS_FD),
  };
}

/** What leads the programs that are run to the registry that flags have named. */
export function placeVariables({ dataDir, socket }: PathOptions): NodeJS.ProcessEnv {
  return {
    // A socket that was given alone must not find itself in company.
    ...((dataDir ?? socket) !== undefined && { CODEBASE_GARDENER_DATA_DIR: dataDir }),
    ...(socket !== undefined && { CODEBASE_GARDENER_SOCKET: socket }),
  };
}

/**
 * The adapter in service: what the project points to, if it is there, or if nobody can tell.
 *
 * @param isHere whether the project's paths lead here to what the registry has
 */
export async function adapterInService(
  { lora_adapter_path: path }: Begun['project'],
  isHere: boolean,
): Promise<string | undefined> {
  if (path === null || (isHere && (await isMissing(path)))) return undefined;
  return path;
}

async function isMissing(path: string): Promise<boolean> {
  if (!(await answers(path))) return false;
  try {
    await stat(path);
    return false;
  } catch (error) {
    return isNowhere(error);
  }
}
