/** The registry file, as it lies there, and what a daemon that starts would make of it. */
import { execFile } from 'node:child_process';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { isBackupName } from '../../../src/domain/backup-names.ts';
import type { Forecast } from '../../../src/domain/forecast.ts';
import type { Paths } from '../../../src/paths.ts';
import { errorCode, systemReason } from '../../../src/system/errors.ts';
import { type Diagnosis, error, ok, remedyOf, warning } from './finding.ts';
import { JsonFault } from '../json.ts';
import { readStoredRegistry, TooLargeError } from './stored-registry.ts';
import { plural, printable } from '../terminal/text.ts';

type Shorten = (path: string) => string;

const CHECK = 'file.content';
/** Of the file, what this version can write. */
const MAJOR = 1;
/** The daemon's program reads the file and perhaps the backups; a disk that hangs must not hold up the doctor. Milliseconds. */
const FORECAST_MS = 10_000;

/**
 * With a daemon that runs, whether the file can be read: that daemon looks after it and knows more. Without one, what a
 * start would do, which only the daemon's own program can tell: its rules are stricter than JSON's.
 *
 * @param daemonProgram asked without starting a daemon
 */
export async function checkFile(
  paths: Paths,
  running: boolean,
  daemonProgram: string,
  short: Shorten,
): Promise<Diagnosis[]> {
  if (running) return [await examine(paths, short)];
  return [forecastFinding(await askProgram(daemonProgram, paths), short) ?? (await examine(paths, short))];
}

/** Null where the program cannot be asked; that it cannot be started is found elsewhere. */
async function askProgram(program: string, { dataDir }: Paths): Promise<Forecast | null> {
  try {
    const args = [program, '--check', '--data-dir', dataDir];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: FORECAST_MS });
    return JSON.parse(stdout) as Forecast;
  } catch {
    return null;
  }
}

/** What a start would do, as a finding. */
function forecastFinding(found: Forecast | null, short: Shorten): Diagnosis | null {
  if (found === null) return null;
  const { kind, fault, remedy, projects, backup } = found;
  const file = printable(short(found.file));
  const place = fault?.line === undefined ? '' : `line ${fault.line}, column ${fault.column ?? 1}: `;
  const why = place + printable(fault?.message ?? '');
  const instead =
    backup === null
      ? 'begins with an empty registry, as there is no good backup'
      : `takes ${printable(backup)} with ${plural(projects, 'project')}`;
  switch (kind) {
    case 'good':
      return ok(CHECK, `${file} holds ${plural(projects, 'project')}`);
    case 'mended':
      return warning(
        CHECK,
        `${file} has what cannot be used: ${why}`,
        'mend it; a daemon that starts does without, and keeps the file as it is in backups/ before the first change',
      );
    case 'new':
      return ok(CHECK, 'no projects yet');
    case 'newer_version':
      return warning(CHECK, why, 'a newer version of Codebase Gardener');
    case 'gone':
      return warning(CHECK, `${file} is gone`, `gardener ls: a daemon that starts ${instead}`);
    case 'invalid_file':
      return error(
        CHECK,
        `${file} is spoilt: ${why}`,
        `mend it; a daemon that starts sets it aside and ${instead}`,
      );
    case 'dangling_link':
      return error(CHECK, `${why}; a daemon that starts refuses changes and ${instead}`, remedy);
    case 'refused':
      return error(CHECK, `no daemon can start: ${why}`, remedy);
  }
}

/** The file without the daemon's rules. */
async function examine({ registryFile, backupsDir }: Paths, short: Shorten): Promise<Diagnosis> {
  const file = short(registryFile);
  try {
    // Reading a pipe would wait for a writer.
    if (!(await stat(registryFile)).isFile())
      return error(CHECK, `${file} is no regular file`, 'move what is in the way');
    const { version, size } = await readStoredRegistry(registryFile);
    if (Number.parseInt(version, 10) > MAJOR) {
      return warning(
        CHECK,
        `the file is of version ${version}: it can be read and not changed`,
        'a newer version of Codebase Gardener',
      );
    }
    return ok(CHECK, `${file} holds ${plural(size, 'project')}`);
  } catch (cause) {
    if (cause instanceof JsonFault) {
      const remedy = 'mend it, or go back to a backup: gardener backups';
      return error(CHECK, `${file} is spoilt: ${cause.message}`, remedy);
    }
    if (cause instanceof TooLargeError) {
      const remedy = 'make it smaller, or put a backup in its place: gardener backups';
      return error(CHECK, `cannot read ${file}: ${cause.message}`, remedy);
    }
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    const target = await readlinkOf(registryFile);
    if (code !== 'ENOENT' && (code !== 'ELOOP' || target === null))
      return error(CHECK, `cannot read ${file}: ${systemReason(cause)}`, remedyOf(cause, registryFile));
    if (target !== null)
      return error(CHECK, `${file} is a link to ${printable(target)}, and no file is there`);
    const backups = (await readdir(backupsDir).catch(() => [])).filter(isBackupName);
    if (backups.length === 0) return ok(CHECK, 'no projects yet');
    return warning(CHECK, `${file} is gone, and there are backups of it`, 'gardener backups');
  }
}

/** Where a link leads; null for anything else. */
async function readlinkOf(path: string): Promise<string | null> {
  const status = await lstat(path).catch(() => undefined);
  return status?.isSymbolicLink() ? await readlink(path) : null;
}
