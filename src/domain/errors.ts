/**
 * Every error the registry gives of its own accord, in the order in which a caller meets them. What each has in its `data` is
 * declared in `src/protocol/error-data.ts`. The codes are positive, so that the range JSON-RPC reserves stays free for
 * protocol faults.
 *
 * This file imports next to nothing: the client library shares it, and the client stays thin.
 */
import { refusedParams } from './values/text.ts';

/** @param meaning for the documentation */
function row(code: number, meaning: string) {
  return { code, meaning } as const;
}

export const ERRORS = {
  project_not_found: row(1001, 'No project matches; `suggestions` holds near names.'),
  project_exists: row(1002, 'The name is taken, without regard to case; `project` is the one that has it.'),
  invalid_name: row(1003, 'The name is empty, too long or has forbidden characters.'),
  source_path_missing: row(1004, 'The source path does not exist or is no directory.'),
  etag_mismatch: row(
    1005,
    '`if_etag` was given and the project has changed since; `project` is how it is now.',
  ),
  lease_held: row(1006, 'Somebody else is training the project; `holder` says who.'),
  lease_lost: row(1007, 'The token is not the current one.'),
  ambiguous_project: row(1008, 'The reference matches several projects; they are in `projects`.'),
  registry_read_only: row(1009, 'The file is of a newer version, or was made invalid from outside.'),
  storage_failed: row(
    1010,
    'The write failed, or the file (`problem`) or a backup cannot be looked at, and nothing changed, unless `applied` is true: then only its surviving a power cut is not certain.',
  ),
  shutting_down: row(1011, 'The daemon is draining.'),
  incompatible_protocol: row(1012, 'Client and daemon have no protocol version in common.'),
  cursor_expired: row(1013, 'The cursor is older than the history, or from an earlier daemon.'),
  backup_not_found: row(1014, 'No backup has this name.'),
  too_many_connections: row(1015, 'The daemon has as many connections as it takes.'),
  slot_taken: row(1016, 'All the slots that would do are taken; `holders` says by whom, for which project.'),
};

export type ErrorKind = keyof typeof ERRORS;
export const ERROR_KINDS = Object.keys(ERRORS) as readonly ErrorKind[];

/** What a registry error carries beside its code and message. */
export interface ErrorData {
  readonly kind: ErrorKind;
  /** What the caller may have meant or can do; near names for `project_not_found`. */
  readonly suggestions: readonly string[];
  readonly [detail: string]: unknown;
}

/**
 * The registry says no. Thrown by the rules and the store in the daemon, and by the client for the caller.
 *
 * @example
 * throw new RegistryError('project_exists', 'cannot register "api": the name is taken', { project });
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: number;
  readonly kind: ErrorKind;
  readonly data: ErrorData;

  constructor(kind: ErrorKind, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = ERRORS[kind].code;
    this.kind = kind;
    this.data = { suggestions: [], ...details, kind };
  }
}

/** One parameter that was refused: where it is in `params`, as a dotted path, and why. */
export interface ParamIssue {
  /** Where it is, as `holder.pid`; empty for the parameters as a whole. */
  readonly path: string;
  /** Why it was refused. */
  readonly message: string;
}

/** Parameters that no rule can accept; answered as JSON-RPC's -32602 with the path of each bad field. */
export class InvalidParamsError extends Error {
  override readonly name = 'InvalidParamsError';
  readonly issues: readonly ParamIssue[];

  constructor(issues: readonly ParamIssue[]) {
    super(refusedParams(issues));
    this.issues = issues;
  }
}
