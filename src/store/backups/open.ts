/** A content that a caller named or brought, as a registry, or why it cannot be one. */
import { InvalidParamsError, RegistryError } from '../../domain/errors.ts';
import type { Registry } from '../../domain/registry.ts';
import { cutText } from '../../domain/values/text.ts';
import type { Backups } from './backups.ts';
import { decodeRegistry } from '../format/decode.ts';
import type { FileFault } from '../format/fault.ts';
import { unreadableBackups } from '../problem.ts';

/**
 * Reads a backup that a caller named.
 *
 * @throws {RegistryError} `backup_not_found`, with the newest that there are; `storage_failed` when the system does not
 *   let us read it
 * @throws as {@link openContent}
 */
export async function openBackup(backups: Backups, name: string, now: string): Promise<Registry> {
  const bytes = await backups.read(name).catch((error: unknown) => {
    throw unreadableBackups(error);
  });
  if (bytes) return openContent(bytes, 'name', now);
  const names = (await backups.list()).slice(0, 3).map((backup) => backup.name);
  const called = JSON.stringify(cutText(name, 100));
  throw new RegistryError('backup_not_found', `cannot restore ${called}: no backup has this name`, {
    name,
    suggestions: names,
  });
}

/**
 * Reads a registry file of any version up to this one.
 *
 * @param param that the caller gave it by
 * @param now fills in for timestamps that it lacks
 * @throws {InvalidParamsError} for one that cannot be read, with the place of the fault, or only by a newer version
 */
export function openContent(bytes: Buffer, param: string, now: string): Registry {
  const decoded = decodeRegistry(bytes, now, { mend: true });
  if (decoded.ok && !decoded.newer) return decoded.registry;
  const fault: FileFault = decoded.ok ? { message: 'it is of a newer version' } : decoded.fault;
  const { message, line, column } = fault;
  const place = line === undefined ? '' : `line ${line}, column ${column}: `;
  throw new InvalidParamsError([{ path: param, message: place + message }]);
}
