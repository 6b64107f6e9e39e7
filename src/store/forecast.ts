/** What a daemon that started now would make of what is on the disk. Changes nothing. */
import type { Forecast } from '../domain/forecast.ts';
import type { Registry } from '../domain/registry.ts';
import type { Paths } from '../paths.ts';
import { Backups } from './backups.ts';
import { decodeRegistry } from './codec.ts';
import { danglingLink, newerVersion, summary, unreadableFile } from './problem.ts';
import { TrackedFile } from './tracked-file.ts';

/** @param now ISO 8601 */
export async function forecast(
  paths: Pick<Paths, 'registryFile' | 'backupsDir'>,
  now: string,
): Promise<Forecast> {
  const file = new TrackedFile(paths.registryFile);
  try {
    return await lookAhead(file, new Backups(paths.backupsDir), now);
  } catch (error) {
    const at = error instanceof Error && 'path' in error ? String(error.path) : file.path;
    const { message, remedy } = unreadableFile(at, error, now);
    return { kind: 'refused', file: file.real, fault: { message }, remedy, projects: 0, backup: null };
  }
}

async function lookAhead(file: TrackedFile, backups: Backups, now: string): Promise<Forecast> {
  const look = await file.look();
  const found = (
    kind: Forecast['kind'],
    served: { name?: string; registry: Registry } | null,
    about: Pick<Forecast, 'fault' | 'remedy'> = {},
  ): Forecast => ({
    kind,
    file: file.real,
    ...about,
    projects: served?.registry.size ?? 0,
    backup: served?.name ?? null,
  });
  if (look.kind === 'dangling') {
    const { message, remedy } = danglingLink(file.path, look.target, now);
    return found('dangling_link', await backups.newestGood(now), { fault: { message }, remedy });
  }
  if (look.kind !== 'changed') {
    const backup = await backups.newestGood(now);
    return backup === null || backup.registry.size === 0 ? found('new', null) : found('gone', backup);
  }
  const decoded = decodeRegistry(look.bytes, now, { mend: true });
  if (!decoded.ok) return found('invalid_file', await backups.newestGood(now), { fault: decoded.fault });
  const { message } = newerVersion(decoded.registry.version, now);
  if (decoded.newer) return found('newer_version', decoded, { fault: { message } });
  if (decoded.mended.length > 0)
    return found('mended', decoded, { fault: { message: summary(decoded.mended) } });
  return found('good', decoded);
}
