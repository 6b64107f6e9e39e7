/** What a daemon leaves beside the registry file when it ends and can write neither that nor its backups. */
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { LAST_GOOD } from '../../../src/domain/backup-names.ts';
import type { Context } from '../context.ts';
import { printable } from '../terminal/text.ts';

/**
 * Does what ends a daemon, and gives the path of what that has left; null when it has left nothing.
 *
 * @param dataDir undefined for one that can leave nothing here
 */
export async function leftBy<T>(
  dataDir: string | undefined,
  ending: () => Promise<T>,
): Promise<{ readonly result: T; readonly left: string | null }> {
  if (dataDir === undefined) return { result: await ending(), left: null };
  const path = join(dataDir, LAST_GOOD);
  const before = await statusOf(path);
  const result = await ending();
  const after = await statusOf(path);
  const isNew = after !== undefined && (after.ino !== before?.ino || after.mtimeMs !== before.mtimeMs);
  return { result, left: isNew ? path : null };
}

export function noteLeft(ctx: Context, left: string | null): void {
  if (left === null) return;
  ctx.note(
    `note: the last content of the registry could be written neither to its file nor to backups/: it was left at ${printable(ctx.shortPath(left))}, and the next start takes it up`,
  );
  ctx.note('try: gardener doctor, which says what is in the way');
}

async function statusOf(path: string): Promise<Stats | undefined> {
  return await lstat(path).catch(() => undefined);
}
