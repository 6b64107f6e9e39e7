/** What the command line itself can fail with, and what a person is told of any failure: a message, advice, an exit code. */
import { ConnectionError, type ConnectionFailure, RpcError } from '../errors.ts';
import { type ErrorKind, RegistryError } from '../../src/domain/errors.ts';
import { isRefusal } from '../../src/domain/values/refusal.ts';
import { FORBIDDEN, MAX_NAME_LENGTH } from '../../src/domain/values/names.ts';
import { INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND } from '../../src/protocol/errors.ts';
import { PathError } from '../../src/paths.ts';
import { UnsafeDirectoryError, WITHOUT_SUDO } from '../../src/claim/private-directory.ts';
import { systemReason } from '../../src/system/errors.ts';
import { anyOf, operands } from './terminal/text.ts';

/** Good, the registry said no, wrong usage, the daemon cannot be reached, there was nothing to claim, interrupted. */
export const EXIT = {
  ok: 0,
  refused: 1,
  usage: 2,
  unreachable: 3,
  nothingWaits: 4,
  interrupted: 130,
} as const;

/** What a failure tells a program that asked with `--json`; `code` is null for what has no number. */
export interface ErrorDocument {
  readonly code: number | null;
  readonly message: string;
  readonly data: unknown;
}

/** What ends a command that the registry has no part in. */
abstract class CommandError extends Error {
  abstract readonly exitCode: number;
  abstract readonly kind: string;
  /** What to do instead, without "try: ". */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
  }
}

/** The person asked for something that cannot be meant. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
  readonly exitCode = EXIT.usage;
  readonly kind = 'usage';
}

/** Something on this side of the socket went wrong: a file, an editor. */
export class LocalError extends CommandError {
  override readonly name = 'LocalError';
  readonly exitCode = EXIT.refused;
  readonly kind = 'local';
}

/** The daemon is not there, as seen by a command that is about the daemon. */
export class NotRunningError extends CommandError {
  override readonly name = 'NotRunningError';
  readonly exitCode = EXIT.unreachable;
  readonly kind = 'not_running';
  override readonly hint = 'gardener daemon start';
}

/** For `catch`: gives this in the place of what the registry refuses for this reason. */
export function ifRefused<T>(kind: ErrorKind, instead: T): (error: unknown) => T {
  return (error) => {
    if (isRefusal(error, kind)) return instead;
    throw error;
  };
}

export interface Explained {
  readonly exitCode: number;
  readonly message: string;
  /** What to do next, one a line; "try: " is put before it. */
  readonly hint: string | undefined;
  readonly document: ErrorDocument;
}

/** What a command advises for errors that it knows more about than this table. */
export type Hints = Readonly<Partial<Record<ErrorKind | 'invalid_params', string>>>;

/** What is advised for each error where the command knows no better; null where the message says enough. */
const HINTS: Readonly<Record<ErrorKind, string | null>> = {
  project_not_found: 'gardener ls',
  project_exists: 'another name',
  invalid_name: `another name: at most ${MAX_NAME_LENGTH} characters, and none of ${FORBIDDEN}`,
  source_path_missing: 'a directory that exists',
  etag_mismatch: 'the same again',
  lease_held: 'again when the training has ended',
  lease_lost: null,
  // Its near names are what it is about.
  ambiguous_project: null,
  registry_read_only: 'gardener status, which says what is wrong with the file',
  // Where the daemon does not know better.
  storage_failed: 'gardener doctor; gardener daemon logs may say more',
  shutting_down: 'again in a moment',
  incompatible_protocol: 'gardener daemon restart, with the same version everywhere',
  cursor_expired: null,
  backup_not_found: null,
  too_many_connections: 'close programs that use the registry, then again',
  slot_taken: 'again when one of them is free, or another slot',
};

/** For a daemon that is not there, on a socket that was given without a data directory. */
const NOT_OURS = 'to start the daemon where it is to run, or here with --data-dir, too';
/** The same where a flag gave the data directory and the environment the socket. */
const NOT_IN_ONE_PLACE = 'the same with --socket, too, or without CODEBASE_GARDENER_SOCKET';

/** For a socket that was given without a data directory: whoever is behind it is not for us to mend. */
const FOREIGN: Readonly<Partial<Record<ConnectionFailure, string>>> = {
  lost: 'the same again; if it stays like this, start the daemon there',
  hung: 'gardener daemon logs where that daemon runs; where the socket is forwarded, look whether the tunnel stands',
};

/**
 * @param socketAlone nothing is started for the socket that was given; `mixed` where its data directory was given, but
 *   in another place
 */
export function explain(
  error: unknown,
  hints: Hints = {},
  socketAlone: boolean | 'mixed' = false,
): Explained {
  if (error instanceof RegistryError) return explainRegistry(error, hints);
  if (error instanceof RpcError) return explainRpc(error, hints);
  const notOurs = socketAlone === 'mixed' ? NOT_IN_ONE_PLACE : NOT_OURS;
  if (error instanceof ConnectionError) {
    const { reason, message } = error;
    // Only the connection knows which process hangs.
    const logs = reason === 'hung' ? `gardener daemon logs; ${adviceIn(message)}` : undefined;
    // Where its message ends in advice, ours is shorter and takes its place.
    const ours = reason === 'not_running' ? 'gardener daemon start' : logs;
    const foreign = reason === 'not_running' ? notOurs : FOREIGN[reason];
    const hint = socketAlone ? foreign : ours;
    return outside(EXIT.unreachable, reason, hint ? beforeAdvice(message) : message, hint);
  }
  if (error instanceof CommandError) {
    const { exitCode, kind, message, hint } = error;
    return outside(exitCode, kind, message, error instanceof NotRunningError && socketAlone ? notOurs : hint);
  }
  if (error instanceof PathError) return outside(EXIT.usage, 'usage', error.message, undefined);
  if (error instanceof UnsafeDirectoryError) {
    const hint = `${WITHOUT_SUDO}, or another --data-dir`;
    return outside(EXIT.refused, 'local', beforeAdvice(error.message), hint);
  }
  // A mistake of ours, or a system error that no command expected; a stack would help nobody who reads this.
  const path = error instanceof Error && 'path' in error ? `${String(error.path)}: ` : '';
  return outside(EXIT.refused, 'internal', `cannot go on: ${path}${systemReason(error)}`, undefined);
}

function explainRegistry(error: RegistryError, hints: Hints): Explained {
  const { code, kind, data } = error;
  let { message } = error;
  const near = data.suggestions;
  let hint = hints[kind] ?? HINTS[kind] ?? undefined;
  // The daemon knows what the disk said.
  if (kind === 'storage_failed' && !hints[kind] && near[0]) {
    [hint] = near;
    if (message.endsWith(`; ${hint}`)) message = beforeAdvice(message);
  }
  if (kind === 'ambiguous_project')
    hint = `one of them by name: ${near.map((name) => operands(name)).join(', ')}`;
  // Programs call the method.
  const told = message;
  const cancel = cancelOf(error);
  if (cancel !== undefined && message.endsWith(IN_PROTOCOL)) {
    message = message.slice(0, -IN_PROTOCOL.length);
    // Whoever knows more says so, too.
    hint = hints[kind] === undefined ? cancel : hint?.includes('cancel') ? hint : `${cancel}; ${hint}`;
  }
  const question = kind === 'project_not_found' && near.length > 0 ? `; did you mean ${anyOf(near)}?` : '';
  return {
    exitCode: EXIT.refused,
    message: message + question,
    hint: question ? undefined : hint,
    document: { code, message: told, data },
  };
}

/** How the registry ends advice that a person at a shell follows by another command. */
const IN_PROTOCOL = ' with training.cancel';

/** The command that asks whoever trains to stop; undefined where it is not known which project that is. */
function cancelOf({ kind, data }: RegistryError): string | undefined {
  const holders = data['holders'] as readonly { readonly project?: unknown }[] | undefined;
  const named =
    kind === 'lease_held' ? data['project'] : kind === 'slot_taken' ? holders?.[0]?.project : null;
  const { name } = (named ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? `gardener train --cancel ${operands(name)}` : undefined;
}

function explainRpc(error: RpcError, { invalid_params: onInvalid }: Hints): Explained {
  const { code, message, data, issues } = error;
  const faults = issues.map((issue) => (issue.path ? `${issue.path}: ${issue.message}` : issue.message));
  return {
    exitCode: EXIT.refused,
    message: faults.length > 0 ? `cannot use what was given: ${faults.join('; ')}` : message,
    hint: code === INVALID_PARAMS ? onInvalid : RPC_HINTS[code],
    document: { code, message, data: data ?? null },
  };
}

const RPC_HINTS: Readonly<Record<number, string>> = {
  [METHOD_NOT_FOUND]: 'gardener docs, which describes the methods',
  [INTERNAL_ERROR]: 'gardener daemon logs',
};

function outside(exitCode: number, kind: string, message: string, hint: string | undefined): Explained {
  return { exitCode, message, hint, document: { code: null, message, data: { kind } } };
}

function adviceIn(message: string): string {
  return message.slice(message.lastIndexOf('; ') + 2);
}

function beforeAdvice(message: string): string {
  const end = message.lastIndexOf('; ');
  return end < 0 ? message : message.slice(0, end);
}
