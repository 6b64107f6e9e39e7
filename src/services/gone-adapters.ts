/** What cannot come into service again. */
import type { Done } from '../domain/undo/take-back.ts';
import type { Paths } from '../paths.ts';
import { isWithin, look } from './directories.ts';
import type { Lanes } from './lane.ts';

/** Of the adapters that an operation took out of service, those that are not there any more. */
export async function goneAdapters(
  { before, after }: Done,
  { lanes, paths }: { readonly lanes: Lanes; readonly paths: Pick<Paths, 'projectsDir'> },
): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  for (const { project_id: id, lora_adapter_path: path, last_trained: trained } of before.projects()) {
    const made = after.get(id);
    // Who was never trained has a path at which nothing has been yet.
    if (!made || path === null || trained === null || path === made.lora_adapter_path) continue;
    const lane = isWithin(path, paths.projectsDir) ? lanes.projects : lanes.foreign;
    if ((await look(path, lane)).kind === 'nothing') gone.add(path);
  }
  return gone;
}
