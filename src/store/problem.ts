/** What can be wrong with the file, and what a caller is told of it. */
import { RegistryError } from '../domain/errors.ts';
import type { FileFault } from './format/fault.ts';
import { errorCode, systemCode, systemReason, systemRemedy } from '../system/errors.ts';

/** What to do about an error of which nothing particular is known: of a write, and of a read. */
const CHECK_DISK = 'check the disk and the permissions of the data directory';
const SEE_LOGS = 'see gardener daemon logs';

/** What is wrong with the file. */
export interface Problem extends FileFault {
  readonly kind:
    | 'invalid_file'
    | 'deleted_file'
    | 'dangling_link'
    | 'newer_version'
    | 'recovered'
    | 'unreadable_file'
    | 'blocked_edit'
    | 'copy_failed'
    | 'failed_write';
  /** What to do about it, where that does not go without saying. */
  readonly remedy?: string;
  readonly since: string;
}

/** A change is refused because of the file's condition. */
export function readOnly(problem: Problem, file: string): RegistryError {
  const { kind, message, line, column } = problem;
  const where = line === undefined ? '' : ` at line ${line}, column ${column}`;
  const remedy =
    problem.remedy ??
    (kind === 'newer_version' ? 'upgrade Codebase Gardener' : `mend ${file}, or restore a backup`);
  const told = `cannot change the registry: ${message}${where}; ${remedy}`;
  return new RegistryError('registry_read_only', told, { problem, file, suggestions: [remedy] });
}

/** The registry is behind a link, and nothing is there: a disk that is not mounted, say. */
export function danglingLink(path: string, target: string, since: string): Problem & { remedy: string } {
  return {
    kind: 'dangling_link',
    message: `${path} is a link to ${target}, and no file is there`,
    remedy: 'mount the disk that it leads to, make the link lead to the file, or remove it',
    since,
  };
}

/** Something that the system refuses. */
function refused(
  kind: Problem['kind'],
  what: string,
  error: unknown,
  since: string,
  otherwise = SEE_LOGS,
): Problem & { remedy: string } {
  return { kind, message: `${what}: ${reasonFor(error)}`, remedy: systemRemedy(error) ?? otherwise, since };
}

/** The file could not be looked at. */
export function unreadableFile(file: string, error: unknown, since: string): Problem & { remedy: string } {
  return refused('unreadable_file', `cannot read ${file}`, error, since);
}

/**
 * The file has another good content, which is not taken over.
 *
 * @param why in words, such as that what it would replace cannot be kept
 */
export function blockedEdit(why: string, error: unknown, since: string): Problem {
  return refused('blocked_edit', `cannot take over the edit of the registry file: ${why}`, error, since);
}

/** The same, where what is served is nowhere else either: it is to be kept before the file is mended. */
export function unkept(problem: Problem, file: string, backups: string, error: unknown): Problem {
  const first = systemRemedy(error) ?? SEE_LOGS;
  const why = `what is served cannot be kept in ${backups}: ${reasonFor(error)}`;
  return { ...problem, remedy: `${first} (${why}), then ${problem.remedy ?? `mend ${file}`}` };
}

/** The registry is in its file alone: no copy of it can be made. */
export function copyFailed(backups: string, error: unknown, since: string): Problem {
  return refused('copy_failed', `cannot keep a copy of the registry in ${backups}`, error, since);
}

/**
 * The file was read without what cannot be used in it.
 *
 * @param mended what that is; one at least
 * @param kept the backup of the file as it was, once there is one
 */
export function mendedFile(mended: readonly string[], since: string, kept: string | null = null): Problem {
  const as = kept === null ? 'goes to backups/ with the next change' : `is kept as backups/${kept}`;
  return {
    kind: 'recovered',
    message: `the registry file had what cannot be used, and is served without: ${summary(mended)}; the file as it was ${as}`,
    since,
  };
}

/** The first of several in words. */
export function summary([first = '', ...more]: readonly string[]): string {
  return more.length > 0 ? `${first} (and ${more.length} more)` : first;
}

/**
 * The last write of the file failed. Nothing is refused for it: only the next one can tell whether that is over.
 *
 * @param placed whether the content stands in the file, and only its directory could not be synced
 */
export function failedWrite(file: string, error: unknown, since: string, placed: boolean): Problem {
  const what = placed ? `cannot make sure that ${file} survives a power cut` : `cannot write ${file}`;
  const problem = refused('failed_write', what, error, since, CHECK_DISK);
  return { ...problem, message: `${problem.message}; the next change tries again` };
}

/**
 * A change is refused because the file cannot be looked at. The content is not at fault, as far as anybody knows, and
 * nobody has to mend it: it is the disk that failed, and the same change may go through a moment later.
 */
export function lookFailed(problem: Problem, file: string): RegistryError {
  const { message, remedy = '' } = problem;
  const about = { applied: false, problem, file, suggestions: [remedy] };
  return new RegistryError('storage_failed', `cannot change the registry: ${message}; ${remedy}`, about);
}

export function newerVersion(version: string, since: string): Problem {
  return {
    kind: 'newer_version',
    message: `the file is of version ${version}, which this program can only read`,
    since,
  };
}

export function shuttingDown(): RegistryError {
  const message = 'cannot change the registry: the daemon is shutting down; try again';
  return new RegistryError('shutting_down', message);
}

/** The backups, or one of them, cannot be looked at. */
export function unreadableBackups(error: unknown): Error {
  return failed(error, () => `cannot read the backups: ${reasonFor(error)}`, false);
}

/** What there was before a change cannot be kept, so that it is not made. */
export function cannotNote(error: unknown): Error {
  return failed(error, () => `cannot keep what there is before the change: ${reasonFor(error)}`, false);
}

/** What the caller is told of a failed write. */
export function storageFailed(error: unknown, applied: boolean): Error {
  // The system's error names the path as well, unless Node does not know it.
  const reason = ({ message }: Error): string =>
    errorCode(error) === systemCode(error) ? message : reasonFor(error);
  return failed(error, (known) => `cannot write the registry: ${reason(known)}`, applied);
}

/** An error that is not the system's is a fault of this program. */
function failed(error: unknown, say: (error: Error) => string, applied: boolean): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (errorCode(error) === undefined) return error;
  const suggestions = [systemRemedy(error) ?? CHECK_DISK];
  return new RegistryError('storage_failed', say(error), { applied, suggestions });
}

/** In words and as the system calls it, by which more can be found. */
function reasonFor(error: unknown): string {
  const code = systemCode(error);
  // One that is not the system's says how much too large.
  if (code === 'EFBIG' && error instanceof Error && !('errno' in error)) return error.message;
  const reason = systemReason(error);
  return systemRemedy(error) === null ? reason : `${reason} (${code})`;
}
