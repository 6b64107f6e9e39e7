/** Where the logs of a project are. */
import { join } from 'node:path';
import { outputOf, TRAINER_LOG } from '../../../src/domain/training/output.ts';
import { resolvePaths } from '../../../src/paths.ts';
import type { Client } from '../../client.ts';
import { requireAnswer } from '../codebase/disk-answer.ts';
import type { Context } from '../context.ts';
import { elsewhere, requireHere } from '../elsewhere.ts';

/**
 * The project's own directory, of the daemon that serves it.
 *
 * @throws {LocalError} where it is on another machine, or its disk does not answer
 */
export async function directoryOf(ctx: Context, client: Client, projectId: string): Promise<string> {
  const place = await elsewhere(ctx, await client.daemon.status());
  requireHere(place, 'show what a trainer printed', 'gardener logs');
  const { projectsDir } = place?.directory ? resolvePaths({ dataDir: place.directory }, {}) : ctx.paths;
  const own = join(projectsDir, projectId);
  await requireAnswer(own, ctx.shortPath(own));
  return own;
}

/** The log of a training, be it there or not. */
export function logIn(own: string, token: number): string {
  return join(outputOf(own, token).directory, TRAINER_LOG);
}
