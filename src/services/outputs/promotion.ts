/** What may be taken back into service: only what is there. */
import { join } from 'node:path';
import { InvalidParamsError } from '../../domain/errors.ts';
import { normalizePath } from '../../domain/places/references.ts';
import type { Project } from '../../domain/project.ts';
import { type Ended, type InService, pathsOf } from '../../domain/training/history.ts';
import { outputWith } from '../../domain/training/output.ts';
import type { Paths } from '../../paths.ts';
import { isWithin, look } from '../directories.ts';
import type { Lanes } from '../lane.ts';
import type { Gone } from './gone.ts';
import type { History } from './history.ts';
import type { Outputs } from './outputs.ts';

/** What was in service, and when it was found to be there: see {@link Gone}. */
export interface Promotable {
  readonly earlier: InService;
  readonly asOf: number;
}

interface Place {
  readonly paths: Pick<Paths, 'projectsDir'>;
  readonly lanes: Lanes;
  readonly outputs: Outputs;
  readonly history: History;
  readonly gone: Gone;
}

/**
 * What was in service when a training of the project completed.
 *
 * A history may have been edited, or copied from elsewhere. What it says is believed as what `training.complete` is told
 * is, but for a path into the directory of another project, with which it would go.
 *
 * @throws {InvalidParamsError} where it cannot be taken back
 * @throws {RegistryError} `storage_failed`
 */
export async function findPromotable(project: Project, token: number, place: Place): Promise<Promotable> {
  const asOf = place.gone.now();
  const ended = (await place.history.of(project)).find((one) => one.token === token);
  if (!ended) throw refused(`is of no training in the history of "${project.name}"; see training.history`);
  if (ended.status !== 'completed')
    throw refused(`is of a training that ended as ${ended.status}; only what completed can be promoted`);
  if (!ended.adapter || ended.lora_adapter_path === null)
    throw refused('is of a training that left no adapter, and none was in service');
  await requireThere(project, ended, place);
  return { earlier: ended, asOf };
}

async function requireThere(project: Project, ended: Ended, { paths, lanes, outputs }: Place): Promise<void> {
  const own = join(paths.projectsDir, project.project_id);
  for (const path of pathsOf(ended).map(normalizePath)) {
    const isInside = isWithin(path, paths.projectsDir);
    if (isInside && !isWithin(path, own)) throw refused(`would need what is another project's: ${path}`);
    const output = outputWith(own, path);
    if (output !== null)
      await outputs.results(project.project_id, output).catch((error: unknown) => {
        throw error instanceof InvalidParamsError ? refused(error.issues[0]?.message ?? '') : error;
      });
    // Vectors and a context of before may never have been made.
    else if (path !== ended.lora_adapter_path) continue;
    const found = await look(path, isInside ? lanes.projects : lanes.foreign);
    if (found.kind === 'nothing') throw refused(isGone(path));
    if (found.kind === 'unknown') throw refused(`cannot be promoted: ${path}: ${found.reason}`);
  }
}

/**
 * To be asked within the change.
 *
 * @throws {InvalidParamsError} where something of it has gone to the trash since
 */
export function requireKept(
  id: string,
  { earlier, asOf }: Promotable,
  { outputs, paths, gone }: Pick<Place, 'outputs' | 'paths' | 'gone'>,
): void {
  for (const path of pathsOf(earlier)) {
    const token = outputWith(join(paths.projectsDir, id), normalizePath(path));
    if (token !== null && gone.hasSince(outputs.of(id, token).directory, asOf)) throw refused(isGone(path));
  }
}

/** Of what was moved to the trash, or deleted by somebody else. */
function isGone(path: string): string {
  return `is of a training whose output is gone: ${path}`;
}

export function refused(message: string): InvalidParamsError {
  return new InvalidParamsError([{ path: 'token', message }]);
}
