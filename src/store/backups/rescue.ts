/**
 * The last resort of a store that ends: the file does not have what is committed, and `backups/` cannot be written. The
 * content is left in the data directory, under the name of the copy that could not be made, and the next start takes it
 * to where that belongs.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LAST_GOOD } from '../../domain/backup-names.ts';
import { replaceFile } from '../file/atomic-file.ts';
import type { Backups, GoodBackup } from './backups.ts';
import { decodeRegistry } from '../format/decode.ts';
import { readRegularFile } from '../regular-file.ts';

/** Leaves a content; returns where. */
export async function leaveBeside(dataDir: string, bytes: Buffer): Promise<string> {
  const path = join(dataDir, LAST_GOOD);
  await replaceFile(path, bytes);
  return path;
}

/**
 * Makes what was left the copy of the last good content, and the copy that was there a backup.
 *
 * @returns whether anything was; what is no registry is left alone
 * @throws system errors, after which it is still there
 */
export async function takeUp(dataDir: string, backups: Backups, now: string): Promise<boolean> {
  const path = join(dataDir, LAST_GOOD);
  const bytes = (await readRegularFile(path, 'refuse'))?.bytes;
  if (!bytes || !decodeRegistry(bytes, now, { mend: true }).ok) return false;
  const copy = await backups.read(LAST_GOOD);
  if (copy !== null && !copy.equals(bytes)) await backups.keep(copy, 'edit', now);
  await backups.keepLastGood(bytes);
  await rm(path);
  return true;
}

/**
 * What {@link takeUp} would make the newest backup; null when there is nothing of use, or it cannot be read, which keeps no
 * daemon from starting.
 */
export async function waitingBeside(dataDir: string, now: string): Promise<GoodBackup | null> {
  const left = await readRegularFile(join(dataDir, LAST_GOOD), 'refuse').catch(() => null);
  const decoded = left && decodeRegistry(left.bytes, now, { mend: true });
  return decoded?.ok && !decoded.newer ? { name: LAST_GOOD, registry: decoded.registry } : null;
}
