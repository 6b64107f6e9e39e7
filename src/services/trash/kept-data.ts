/**
 * What the training of a removed project left outside of the project's own directory. It may belong to others, too, so that
 * no removal touches it; whoever removes a project is to know that it is still there.
 */
import { realpath } from 'node:fs/promises';
import type { Project } from '../../domain/project.ts';
import { isNothing, isWithin } from '../directories.ts';
import { type Lane, type Lanes, NoAnswerError } from '../lane.ts';
import { LED_BY_LINK } from './place.ts';
import type { Left } from './sweeper.ts';
import { errorCode, systemReason } from '../../system/errors.ts';

/** For so long disks are asked, all together; whoever removes a project wants an answer. Milliseconds. */
const PATIENCE_MS = 1_000;
const OUTSIDE = "it lies outside of the project's own directory";

/** Where a path leads; why that cannot be told; null for nowhere. */
type Real = { readonly place: string } | { readonly unknown: string } | null;

/**
 * All questions are asked before this returns: what is asked afterwards in the same lanes, such as that the directory
 * goes, comes after them. A link in it leads nowhere then.
 *
 * @param own the project's own directory
 * @param projectsDir what is in it is on the disk of the lane of that name
 */
export async function dataOutside(
  project: Pick<Project, 'lora_adapter_path' | 'vector_store_path' | 'context_path'>,
  own: string,
  projectsDir: string,
  lanes: Lanes,
): Promise<Left[]> {
  const { lora_adapter_path: adapter, vector_store_path: vectors, context_path: context } = project;
  const paths = [adapter, vectors, context].filter((path) => path !== null);
  const asked = [own, ...paths].map((path) =>
    realOf(path, isWithin(path, projectsDir) ? lanes.projects : lanes.foreign),
  );
  const [home, ...places] = await Promise.all(asked);
  const realOwn = home && 'place' in home ? home.place : own;
  const kept = new Map<string, Left>();
  for (const [at, path] of paths.entries()) {
    const real = places[at] ?? null;
    if (real === null || ('place' in real && isWithin(real.place, realOwn))) continue;
    if (!isWithin(path, own)) {
      const untold = 'unknown' in real ? `; whether it is there cannot be told: ${real.unknown}` : '';
      kept.set(path, { path, reason: OUTSIDE + untold });
    } else if ('place' in real) kept.set(real.place, { path: real.place, reason: LED_BY_LINK });
  }
  return [...kept.values()];
}

async function realOf(path: string, lane: Lane): Promise<Real> {
  try {
    return { place: await lane.ask(() => realpath(path), PATIENCE_MS) };
  } catch (error) {
    if (isNothing(error)) return null;
    if (errorCode(error) === undefined && !(error instanceof NoAnswerError)) throw error;
    return { unknown: systemReason(error) };
  }
}
