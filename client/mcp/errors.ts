/** What a model is told when something cannot be done: the reason, near names, and what to do next, with these tools. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import { type ErrorKind, RegistryError } from '../../src/domain/errors.ts';
import { INTERNAL_ERROR, METHOD_NOT_FOUND } from '../../src/protocol/errors.ts';
import { systemCode, systemReason } from '../../src/system/errors.ts';
import { printable } from '../../src/system/printable.ts';
import { ConnectionError, type ConnectionFailure, RpcError } from '../errors.ts';

/** What one tool advises where it knows better than the table. */
export type Hints = Readonly<Partial<Record<ErrorKind, string>>>;

/** What to do next; null where the message says enough, or no tool meets it. */
const HINTS: Readonly<Record<ErrorKind, string | null>> = {
  project_not_found: 'list_projects shows what there is',
  project_exists: 'get_project shows that one; for another one give another name',
  invalid_name: 'give another name',
  source_path_missing: 'give the absolute path of a directory that exists',
  etag_mismatch: null,
  lease_held: null,
  lease_lost: 'claim_training gives another handle',
  ambiguous_project: null,
  registry_read_only: 'what only reads still works; the file is for the person to mend',
  storage_failed: null,
  shutting_down: null,
  incompatible_protocol: 'the person has to do that',
  cursor_expired: null,
  backup_not_found: null,
  too_many_connections: 'call again when other programs have ended',
  slot_taken: null,
};

/** How messages end that are written for other callers, and what says the same to this one. */
const ENDINGS: readonly (readonly [theirs: string, ours: string])[] = [
  [
    '; wait, or ask them to stop with training.cancel',
    '; wait with training_status, or have it stop with cancel_training',
  ],
];

const FOR_THE_PERSON = 'this is for the person, not for you:';
const OTHER_VERSION = 'the daemon is of another version: ask the person for "gardener daemon restart"';

const RPC_HINTS: Readonly<Record<number, string>> = {
  [METHOD_NOT_FOUND]: OTHER_VERSION,
  [INTERNAL_ERROR]: 'for the person, "gardener daemon logs" may say why',
};

/** What failed: some know better what to do next. */
export interface Failed {
  readonly hints?: Hints | undefined;
  /** Whether it only looks, and may be done again. */
  readonly looks?: boolean | undefined;
}

/** The answer of a tool that cannot do what it was asked. */
export function refusalFor(error: unknown, failed?: Failed): CallToolResult {
  return { content: [{ type: 'text', text: refusalText(error, failed) }], isError: true };
}

/** The same as one line, in which nothing from outside moves a cursor. */
export function refusalText(error: unknown, { hints = {}, looks = false }: Failed = {}): string {
  const said = error instanceof ConnectionError ? unanswered(error, looks) : refused(error, hints);
  return printable(said.filter((part) => part !== undefined).join('; '));
}

type Said = readonly (string | undefined)[];

function refused(error: unknown, hints: Hints): Said {
  if (error instanceof RegistryError)
    return [inOurWords(error.message), hints[error.kind] ?? known(error) ?? HINTS[error.kind] ?? undefined];
  if (!(error instanceof RpcError)) return unexpected(error);
  if (error.issues.length === 0) return [error.message, RPC_HINTS[error.code]];
  const faults = error.issues.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  // Tools give the daemon nothing that one of their own version does not know.
  const isOther = error.issues.some(({ message }) => message === 'is not known');
  return [`cannot use what was given: ${faults.join('; ')}`, isOther ? OTHER_VERSION : undefined];
}

function unexpected(error: unknown): Said {
  if (systemCode(error) === null) return [error instanceof Error ? error.message : String(error)];
  const path = error instanceof Error && 'path' in error ? `${String(error.path)}: ` : '';
  return [`cannot go on: ${path}${systemReason(error)}`, `${FOR_THE_PERSON} "gardener doctor" says more`];
}

/** A method of the daemon is nothing to a model, and what is wrong with the daemon is not for a model to mend. */
function unanswered({ reason, sent, message }: ConnectionError, looks: boolean): Said {
  if (sent) {
    const isLate = reason === 'timeout';
    return [
      isLate
        ? 'the registry has not answered in time'
        : 'the connection to the registry was lost before its answer',
      looks
        ? 'nothing was changed: call again'
        : 'a change may have been made: see with get_project or list_projects before you repeat it',
      isLate ? 'if it stays like this, it is for the person: "gardener daemon restart"' : undefined,
    ];
  }
  if (!NEED_THE_PERSON.has(reason))
    return [message.replace(/^cannot call \w+\.\w+: /, 'cannot reach the registry: ')];
  const [what = '', ...remedies] = message.split('; ');
  return [what, `${FOR_THE_PERSON} ${remedies.join('; ') || '"gardener doctor" says more'}`];
}

const NEED_THE_PERSON: ReadonlySet<ConnectionFailure> = new Set([
  'not_running',
  'not_allowed',
  'hung',
  'start_failed',
]);

function inOurWords(message: string): string {
  const [theirs, ours] = ENDINGS.find(([ending]) => message.endsWith(ending)) ?? ['', ''];
  return message.slice(0, message.length - theirs.length) + ours;
}

/** What the registry itself suggests. */
function known({ kind, message, data: { suggestions } }: RegistryError): string | undefined {
  if (suggestions.length === 0) return undefined;
  const names = suggestions.map((name) => `"${name}"`);
  if (kind === 'project_not_found') return `did you mean ${names.join(' or ')}?`;
  if (kind === 'ambiguous_project')
    return `call get_project, or what you need, with one of these names: ${names.join(', ')}`;
  // The person at the disk is told the same.
  return kind === 'storage_failed' && !message.endsWith(`; ${suggestions[0]}`) ? suggestions[0] : undefined;
}
