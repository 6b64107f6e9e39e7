/** What a call can end with instead of a result, beside the caller's own abort reason. */
import { type ErrorKind, ERRORS, type ParamIssue, RegistryError } from '../src/domain/errors.ts';
import { isRefusal } from '../src/domain/values/refusal.ts';
import { INTERNAL_ERROR } from '../src/protocol/errors.ts';
import { isJsonObject } from '../src/domain/values/json.ts';

/**
 * Why there is no answer:
 * - `not_running`: nobody listens, and the client was not to start anybody
 * - `not_allowed`: the system or the owner of the socket forbids it; trying again does not help
 * - `hung`: somebody takes the connection and does not answer
 * - `start_failed`: a daemon was started and did not come up
 * - `timeout`: a call was not answered within its deadline
 * - `lost`: the connection ended before the answer
 * - `closed`: `close()` was called
 */
export type ConnectionFailure =
  'not_running' | 'not_allowed' | 'hung' | 'start_failed' | 'timeout' | 'lost' | 'closed';

/** The daemon could not be reached, or could not be heard to the end. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** Why: `not_running`, `not_allowed`, `hung`, `start_failed`, `timeout`, `lost` or `closed`. */
  readonly reason: ConnectionFailure;
  /** Whether the call may have reached the daemon; false means that it has certainly done nothing. */
  readonly sent: boolean;

  constructor(
    reason: ConnectionFailure,
    message: string,
    { sent = false, cause }: { sent?: boolean; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.sent = sent;
  }
}

/** The disk has refused what a training made, of which nothing is in service then; `cause` says which file, and why. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  /** What the disk has refused, and why: which file, in the system's words. */
  readonly reason: string;

  constructor(reason: string, options: { readonly cause: unknown }) {
    super(`cannot complete the training: ${reason}; fail it, and train again`, options);
    this.reason = reason;
  }
}

/** Somebody has asked whoever trains a project to stop, as `gardener train --cancel` does. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  /** Why, in their words; undefined where they gave none. */
  readonly reason: string | undefined;

  constructor(project: string, reason: string | undefined) {
    const why = reason === undefined ? '' : `: ${reason}`;
    super(`cannot finish the training of "${project}": somebody has asked to stop${why}`);
    this.reason = reason;
  }
}

/** The protocol says no: a code in the range that JSON-RPC reserves, or one that this version does not know. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  /** As JSON-RPC has it: -32602 for parameters that were refused. */
  readonly code: number;
  /** What the daemon has said beside code and message. */
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }

  /** The parameters that were refused and why; empty unless `code` is -32602. */
  get issues(): readonly ParamIssue[] {
    const issues: unknown = isJsonObject(this.data) ? this.data['issues'] : undefined;
    return Array.isArray(issues) ? (issues as ParamIssue[]) : [];
  }
}

/** The error member of an answer as something to throw. */
export function errorFromAnswer(error: unknown): RegistryError | RpcError {
  const { code, message, data } = isJsonObject(error) ? error : {};
  const text = typeof message === 'string' ? message : 'the daemon gave an error without a message';
  const number = typeof code === 'number' ? code : INTERNAL_ERROR;
  if (isJsonObject(data)) {
    const { kind, ...details } = data;
    if (isErrorKind(kind) && ERRORS[kind].code === number) return new RegistryError(kind, text, details);
  }
  return new RpcError(number, text, data);
}

/** The daemon is ending, or has ended before it could answer: what is wanted of it may have happened already. */
export function isEnding(error: unknown): boolean {
  return isRefusal(error, 'shutting_down') || (error instanceof ConnectionError && error.reason === 'lost');
}

/** What the system says of an error, in its own words and without what Node puts around them: `not a directory`. */
export function systemWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^E[A-Z0-9]+: (.*?), [a-z]+(?: '.*')?$/s, '$1');
}

function isErrorKind(kind: unknown): kind is ErrorKind {
  return typeof kind === 'string' && Object.hasOwn(ERRORS, kind);
}
