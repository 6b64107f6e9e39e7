/** What a daemon that started now would make of what is on the disk. Changes nothing. */
import type { Forecast } from '../domain/forecast.ts';
import type { Registry } from '../domain/registry.ts';
import type { Paths } from '../paths.ts';
import { Backups } from './backups/backups.ts';
import { waitingBeside } from './backups/rescue.ts';
import { TrackedFile } from './file/tracked-file.ts';
import { find } from './find.ts';
import { danglingLink, newerVersion, summary, unreadableFile } from './problem.ts';

/** @param now ISO 8601 */
export async function forecast(
  paths: Pick<Paths, 'dataDir' | 'registryFile' | 'backupsDir'>,
  now: string,
): Promise<Forecast> {
  const file = new TrackedFile(paths.registryFile);
  const tell = (
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
  try {
    const backups = new Backups(paths.backupsDir);
    const found = await find(
      file,
      // A start takes up what the last daemon left beside the file before it looks at anything else.
      async () => (await waitingBeside(paths.dataDir, now)) ?? (await backups.newestGood(now)),
      () => now,
    );
    if (found.kind === 'gone') return tell(found.backup ? 'gone' : 'new', found.backup);
    if (found.kind === 'invalid') return tell('invalid_file', found.backup, { fault: found.fault });
    if (found.kind === 'dangling') {
      const { message, remedy } = danglingLink(file.path, found.target, now);
      return tell('dangling_link', found.backup, { fault: { message }, remedy });
    }
    const { content } = found;
    if (content.newer) {
      const { message } = newerVersion(content.registry.version, now);
      return tell('newer_version', content, { fault: { message } });
    }
    if (content.mended.length > 0)
      return tell('mended', content, { fault: { message: summary(content.mended) } });
    return tell('good', content);
  } catch (error) {
    const at = error instanceof Error && 'path' in error ? String(error.path) : file.path;
    const { message, remedy } = unreadableFile(at, error, now);
    return tell('refused', null, { fault: { message }, remedy });
  }
}
