/** What a trainer finds in its environment. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { PathOptions } from '../../../src/paths.ts';
import { PROJECT_VARIABLE } from '../projects/resolve.ts';

/** The number of the descriptor for progress. */
const PROGRESS_FD = 3;

/**
 * The environment of a trainer.
 *
 * @param place flags that said where the registry is: programs that the trainer runs must find the same one
 */
export function trainerEnvironment(
  env: NodeJS.ProcessEnv,
  project: WireProject,
  token: number,
  { dataDir, socket }: PathOptions,
): NodeJS.ProcessEnv {
  // Undefined leaves a variable out, also one of a trainer around this one.
  return {
    ...env,
    // A socket that was given alone must not find itself in company.
    ...((dataDir ?? socket) !== undefined && { CODEBASE_GARDENER_DATA_DIR: dataDir }),
    ...(socket !== undefined && { CODEBASE_GARDENER_SOCKET: socket }),
    // So that every command of the registry in it means the project that is trained, unless it names another.
    [PROJECT_VARIABLE]: project.project_id,
    GARDENER_PROJECT_ID: project.project_id,
    GARDENER_PROJECT_NAME: project.name,
    GARDENER_PROJECT_SOURCE_PATH: project.source_path,
    GARDENER_PROJECT_LORA_ADAPTER_PATH: project.lora_adapter_path ?? undefined,
    GARDENER_PROJECT_VECTOR_STORE_PATH: project.vector_store_path ?? undefined,
    GARDENER_PROJECT_CONTEXT_PATH: project.context_path ?? undefined,
    GARDENER_PROJECT_TOKEN: String(token),
    GARDENER_PROGRESS_FD: String(PROGRESS_FD),
  };
}
