/** The registry file, as it lies there. */
import { readdir } from 'node:fs/promises';
import type { Paths } from '../../src/paths.ts';
import { isBackupName } from '../../src/backup-names.ts';
import { systemReason } from './failures.ts';
import { type Diagnosis, error, ok, warning } from './finding.ts';
import { JsonFault } from './json.ts';
import { readStoredRegistry } from './stored-registry.ts';
import { plural } from './text.ts';

/** Of the file, what this version can write. */
const MAJOR = 1;

/** @param running whether a daemon runs, which looks after the file and knows more about it */
export async function checkFile(
  paths: Paths,
  running: boolean,
  short: (path: string) => string,
): Promise<Diagnosis[]> {
  const check = 'file.content';
  const { registryFile, backupsDir } = paths;
  const restart = running
    ? 'mend it, or go back to a backup: gardener backups'
    : 'mend it; a daemon that starts sets it aside and takes the newest good backup';
  try {
    const { version, projects } = await readStoredRegistry(registryFile);
    if (Number.parseInt(version, 10) > MAJOR) {
      return [
        warning(
          check,
          `the file is of version ${version}: it can be read and not changed`,
          'a newer version of Codebase Gardener',
        ),
      ];
    }
    return [ok(check, `${short(registryFile)} holds ${plural(projects.size, 'project')}`)];
  } catch (cause) {
    if (cause instanceof JsonFault)
      return [error(check, `${short(registryFile)} is spoilt: ${cause.message}`, restart)];
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    if (cause.code !== 'ENOENT')
      return [error(check, `cannot read ${short(registryFile)}: ${systemReason(cause)}`)];
    const backups = (await readdir(backupsDir).catch(() => [])).filter(isBackupName);
    if (backups.length === 0) return [ok(check, 'no projects yet')];
    const message = `${short(registryFile)} is gone, and there are backups of it`;
    return [
      warning(
        check,
        message,
        running ? 'gardener backups' : 'gardener ls: a daemon that starts takes the newest good one',
      ),
    ];
  }
}
