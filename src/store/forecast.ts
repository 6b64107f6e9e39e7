/** What a daemon that started now would make of what is on the disk. Changes nothing. */
import type { Forecast } from '../domain/forecast.ts';
import type { Registry } from '../domain/registry.ts';
import type { Paths } from '../paths.ts';
import { Backups } from './backups/backups.ts';
import { decodeRegistry } from './format/decode.ts';
import { waitingBeside } from './rescue.ts';
import { danglingLink, newerVersion, summary, unreadableFile } from './problem.ts';
import { TrackedFile } from './file/tracked-file.ts';

/** @param now ISO 8601 */
export async function forecast(
  paths: Pick<Paths, 'dataDir' | 'registryFile' | 'backupsDir'>,
  now: string,
): Promise<Forecast> {
  const file = new TrackedFile(paths.registryFile);
  try {
    const backups = new Backups(paths.backupsDir);
    // A start takes up what the last daemon left beside the file before it looks at anything else.
    const newest = async (): Promise<Found | null> =>
      (await waitingBeside(paths.dataDir, now)) ?? (await backups.newestGood(now));
    return await lookAhead(file, newest, now);
  } catch (error) {
    const at = error instanceof Error && 'path' in error ? String(error.path) : file.path;
    const { message, remedy } = unreadableFile(at, error, now);
    return { kind: 'refused', file: file.real, fault: { message }, remedy, projects: 0, backup: null };
  }
}

interface Found {
  readonly name: string;
  readonly registry: Registry;
}

async function lookAhead(
  file: TrackedFile,
  newest: () => Promise<Found | null>,
  now: string,
): Promise<Forecast> {
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
    return found('dangling_link', await newest(), { fault: { message }, remedy });
  }
  if (look.kind !== 'changed') {
    const backup = await newest();
    return backup === null || backup.registry.size === 0 ? found('new', null) : found('gone', backup);
  }
  const decoded = decodeRegistry(look.bytes, now, { mend: true });
  if (!decoded.ok) return found('invalid_file', await newest(), { fault: decoded.fault });
  const { message } = newerVersion(decoded.registry.version, now);
  if (decoded.newer) return found('newer_version', decoded, { fault: { message } });
  if (decoded.mended.length > 0)
    return found('mended', decoded, { fault: { message: summary(decoded.mended) } });
  return found('good', decoded);
}
