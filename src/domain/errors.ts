/**
 * Every error the registry gives of its own accord, in the order in which a caller meets them.
 *
 * The codes are positive, so that the range JSON-RPC reserves stays free for protocol faults.
 * This file has no imports: the client library shares it, and the client stays thin.
 */
export const ERROR_CODES = {
  /** No project matches the reference; `suggestions` holds near names. */
  project_not_found: 1001,
  /** The name is taken, without regard to case. */
  project_exists: 1002,
  /** The name is empty, too long or has forbidden characters. */
  invalid_name: 1003,
  /** The source path does not exist or is no directory. */
  source_path_missing: 1004,
  /** `if_etag` was given and the project has changed since; carries the current project. */
  etag_mismatch: 1005,
  /** Somebody else is training the project; carries the holder. */
  lease_held: 1006,
  /** The token is not the current one. */
  lease_lost: 1007,
  /** A reference matches several projects; carries them. */
  ambiguous_project: 1008,
  /** The file is of a newer major version, or was made invalid from outside. */
  registry_read_only: 1009,
  /** The write failed and nothing changed, unless `applied` is true. */
  storage_failed: 1010,
  /** The daemon is draining. */
  shutting_down: 1011,
  /** Client and daemon have no protocol version in common. */
  incompatible_protocol: 1012,
  /** The watch cursor is older than the history, or from an earlier daemon. */
  cursor_expired: 1013,
  /** No backup has this name. */
  backup_not_found: 1014,
  /** The daemon has as many connections as it takes. */
  too_many_connections: 1015,
} as const;

export type ErrorKind = keyof typeof ERROR_CODES;

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
    this.code = ERROR_CODES[kind];
    this.kind = kind;
    this.data = { suggestions: [], ...details, kind };
  }
}

/** One parameter that was refused: where it is in `params`, as a dotted path, and why. */
export interface ParamIssue {
  readonly path: string;
  readonly message: string;
}

/** Parameters that no rule can accept; answered as JSON-RPC's -32602 with the path of each bad field. */
export class InvalidParamsError extends Error {
  override readonly name = 'InvalidParamsError';
  readonly issues: readonly ParamIssue[];

  constructor(issues: readonly ParamIssue[]) {
    super(
      `invalid params: ${issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ')}`,
    );
    this.issues = issues;
  }
}
