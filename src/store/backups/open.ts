/** A backup as a registry, or why it cannot be one. */
import { InvalidParamsError, RegistryError } from '../../domain/errors.ts';
import type { Registry } from '../../domain/registry.ts';
import { cutText } from '../../domain/values/text.ts';
import type { Backups } from './backups.ts';
import { decodeRegistry } from '../format/decode.ts';
import { unreadableBackups } from '../problem.ts';

/**
 * Reads a backup that a caller named.
 *
 * @throws {RegistryError} `backup_not_found`, with the newest that there are
 * @throws {RegistryError} `storage_failed` when the system does not let us read it
 * @throws {InvalidParamsError} for one that cannot be read, or only by a newer version
 */
export async function openBackup(backups: Backups, name: string, now: string): Promise<Registry> {
  const bytes = await backups.read(name).catch((error: unknown) => {
    throw unreadableBackups(error);
  });
  if (!bytes) {
    const names = (await backups.list()).slice(0, 3).map((backup) => backup.name);
    const called = JSON.stringify(cutText(name, 100));
    throw new RegistryError('backup_not_found', `cannot restore ${called}: no backup has this name`, {
      name,
      suggestions: names,
    });
  }
  const decoded = decodeRegistry(bytes, now, { mend: true });
  const fault = decoded.ok ? (decoded.newer ? 'it is of a newer version' : null) : decoded.fault.message;
  if (!decoded.ok || fault !== null) {
    throw new InvalidParamsError([{ path: 'name', message: `the backup cannot be used: ${fault}` }]);
  }
  return decoded.registry;
}
