/** What each error means, for the documentation; that every error has a meaning is seen to by the compiler. */
import type { ErrorKind } from '../domain/errors.ts';

export const ERROR_MEANINGS: Readonly<Record<ErrorKind, string>> = {
  project_not_found: 'No project matches; `suggestions` holds near names.',
  project_exists: 'The name is taken, without regard to case; `project` is the one that has it.',
  invalid_name: 'The name is empty, too long or has forbidden characters.',
  source_path_missing: 'The source path does not exist or is no directory.',
  etag_mismatch: '`if_etag` was given and the project has changed since; `project` is how it is now.',
  lease_held: 'Somebody else is training the project; `holder` says who.',
  lease_lost: 'The token is not the current one.',
  ambiguous_project: 'The reference matches several projects; they are in `projects`.',
  registry_read_only: 'The file is of a newer version, or was made invalid from outside.',
  storage_failed:
    'The write failed, or the file (`problem`) or a backup cannot be looked at, and nothing changed, unless `applied` is true: then only its surviving a power cut is not certain.',
  shutting_down: 'The daemon is draining.',
  incompatible_protocol: 'Client and daemon have no protocol version in common.',
  cursor_expired: 'The cursor is older than the history, or from an earlier daemon.',
  backup_not_found: 'No backup has this name.',
  too_many_connections: 'The daemon has as many connections as it takes.',
};
