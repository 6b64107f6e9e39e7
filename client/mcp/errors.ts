/** What a model is told when something cannot be done: the reason, near names, and what to do next, with these tools. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import { type ErrorKind, RegistryError } from '../../src/domain/errors.ts';
import { INTERNAL_ERROR, METHOD_NOT_FOUND } from '../../src/protocol/errors.ts';
import { printable } from '../../src/system/printable.ts';
import { ConnectionError, RpcError } from '../errors.ts';

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
  [`; give another name with the path: { name: '...' }`, ''],
];

const RPC_HINTS: Readonly<Record<number, string>> = {
  [METHOD_NOT_FOUND]: 'the daemon is of another version: ask the person for "gardener daemon restart"',
  [INTERNAL_ERROR]: 'for the person, "gardener daemon logs" may say why',
};

/** The answer of a tool that cannot do what it was asked. */
export function refusalFor(error: unknown, hints?: Hints): CallToolResult {
  return { content: [{ type: 'text', text: refusalText(error, hints) }], isError: true };
}

/** The same as one line, in which nothing from outside moves a cursor. */
export function refusalText(error: unknown, hints: Hints = {}): string {
  const said = [inOurWords(messageOf(error)), nextAfter(error, hints)];
  return printable(said.filter((part) => part !== undefined).join('; '));
}

function messageOf(error: unknown): string {
  if (error instanceof RpcError && error.issues.length > 0) {
    const faults = error.issues.map(({ path, message }) => (path ? `${path}: ${message}` : message));
    return `cannot use what was given: ${faults.join('; ')}`;
  }
  return error instanceof Error ? error.message : String(error);
}

function inOurWords(message: string): string {
  const [theirs, ours] = ENDINGS.find(([ending]) => message.endsWith(ending)) ?? ['', ''];
  return message.slice(0, message.length - theirs.length) + ours;
}

function nextAfter(error: unknown, hints: Hints): string | undefined {
  if (error instanceof RegistryError)
    return hints[error.kind] ?? known(error) ?? HINTS[error.kind] ?? undefined;
  if (error instanceof RpcError) return RPC_HINTS[error.code];
  // What had not been sent is said to have done nothing.
  if (error instanceof ConnectionError && error.sent) return 'get_project shows how it stands';
  return undefined;
}

/** What the registry itself suggests. */
function known({ kind, message, data: { suggestions } }: RegistryError): string | undefined {
  if (suggestions.length === 0) return undefined;
  const names = suggestions.map((name) => `"${name}"`);
  if (kind === 'project_not_found') return `did you mean ${names.join(' or ')}?`;
  if (kind === 'ambiguous_project') return `give one of these names: ${names.join(', ')}`;
  // The person at the disk is told the same.
  return kind === 'storage_failed' && !message.endsWith(`; ${suggestions[0]}`) ? suggestions[0] : undefined;
}
