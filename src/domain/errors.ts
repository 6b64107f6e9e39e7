/**
 * Every error the registry gives of its own accord, in the order in which a caller meets them: all that is to be said of
 * a kind is its row. The codes are positive, so that the range JSON-RPC reserves stays free for protocol faults.
 *
 * This file has no imports: the client library shares it, and the client stays thin.
 */

interface Row {
  readonly code: number;
  /** What `data` has each time, beside `kind` and `suggestions`. */
  readonly data: readonly string[];
  /** For the documentation. */
  readonly meaning: string;
}

export const ERRORS = {
  project_not_found: { code: 1001, data: [], meaning: 'No project matches; `suggestions` holds near names.' },
  project_exists: {
    code: 1002,
    data: ['project'],
    meaning: 'The name is taken, without regard to case; `project` is the one that has it.',
  },
  invalid_name: {
    code: 1003,
    data: ['name'],
    meaning: 'The name is empty, too long or has forbidden characters.',
  },
  source_path_missing: {
    code: 1004,
    data: ['source_path'],
    meaning: 'The source path does not exist or is no directory.',
  },
  etag_mismatch: {
    code: 1005,
    data: ['project'],
    meaning: '`if_etag` was given and the project has changed since; `project` is how it is now.',
  },
  lease_held: {
    code: 1006,
    data: ['holder', 'project'],
    meaning: 'Somebody else is training the project; `holder` says who.',
  },
  lease_lost: { code: 1007, data: ['project'], meaning: 'The token is not the current one.' },
  ambiguous_project: {
    code: 1008,
    data: ['projects'],
    meaning: 'The reference matches several projects; they are in `projects`.',
  },
  registry_read_only: {
    code: 1009,
    data: ['problem', 'file'],
    meaning: 'The file is of a newer version, or was made invalid from outside.',
  },
  storage_failed: {
    code: 1010,
    data: ['applied'],
    meaning:
      'The write failed, or the file (`problem`) or a backup cannot be looked at, and nothing changed, unless `applied` is true: then only its surviving a power cut is not certain.',
  },
  shutting_down: { code: 1011, data: [], meaning: 'The daemon is draining.' },
  incompatible_protocol: {
    code: 1012,
    data: ['protocol', 'version'],
    meaning: 'Client and daemon have no protocol version in common.',
  },
  cursor_expired: {
    code: 1013,
    data: ['cursor'],
    meaning: 'The cursor is older than the history, or from an earlier daemon.',
  },
  backup_not_found: { code: 1014, data: ['name'], meaning: 'No backup has this name.' },
  too_many_connections: { code: 1015, data: [], meaning: 'The daemon has as many connections as it takes.' },
} as const satisfies Readonly<Record<string, Row>>;

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

/** Whether it is the registry that says no, for one of these reasons. */
export function isRefusal(error: unknown, ...kinds: readonly ErrorKind[]): error is RegistryError {
  return error instanceof RegistryError && kinds.includes(error.kind);
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
