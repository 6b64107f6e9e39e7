/** What can be wrong with the file, and what a caller is told of it. */
import { RegistryError } from '../domain/errors.ts';
import { errorCode } from './atomic-file.ts';

/** What the system says where something else has the name of a file that is to be written. */
const IN_THE_WAY: ReadonlySet<string> = new Set(['EEXIST', 'EISDIR', 'ENOTDIR', 'ENOTEMPTY']);

/** What is wrong with the file. */
export interface Problem {
  readonly kind: 'invalid_file' | 'deleted_file' | 'newer_version' | 'recovered';
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  readonly since: string;
}

/** A change is refused because of the file's condition. */
export function readOnly(problem: Problem, file: string): RegistryError {
  const { kind, message, line, column } = problem;
  const where = line === undefined ? '' : ` at line ${line}, column ${column}`;
  const remedy = kind === 'newer_version' ? 'upgrade Codebase Gardener' : `mend ${file}, or restore a backup`;
  return new RegistryError(
    'registry_read_only',
    `cannot change the registry: ${message}${where}; ${remedy}`,
    {
      problem,
      file,
      suggestions: [remedy],
    },
  );
}

export function newerVersion(version: string, since: string): Problem {
  return {
    kind: 'newer_version',
    message: `the file is of version ${version}, which this program can only read`,
    since,
  };
}

export function shuttingDown(): RegistryError {
  return new RegistryError(
    'shutting_down',
    'cannot change the registry: the daemon is shutting down; try again',
  );
}

/** What the caller is told of a failed write; an error that is not the system's is a fault of this program. */
export function storageFailed(error: unknown, applied: boolean): Error {
  const code = errorCode(error);
  if (code === undefined) return error instanceof Error ? error : new Error(String(error));
  const remedy = IN_THE_WAY.has(code)
    ? 'move what is in the way'
    : 'free some disk space, or check the permissions of the data directory';
  return new RegistryError('storage_failed', `cannot write the registry: ${(error as Error).message}`, {
    applied,
    suggestions: [remedy],
  });
}
