/** Text that a terminal would obey, a daemon that puts it everywhere, and what may be left of it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorKind } from '../../src/domain/errors.ts';
import { EXAMPLE_PROJECT } from '../../src/protocol/method.ts';
import { findMethod } from '../../src/protocol/methods.ts';
import { openRpcDocument } from '../../src/protocol/openrpc.ts';
import { failure, HELLO, type Request, standIn } from '../client/stand-in.ts';

/** A title, an empty screen, advice in a line of its own, a colour, an order of letters turned round. No slash. */
export const HOSTILE =
  '\x1b]0;x\x07\x1b[2J\r\nerror: try: rm -rf ~\u009b31m\x7f\x1b[31mred\u202e\u2066\u200f\u061c\u2028\u2029\ud83c';

/** Colours as this program sets them. */
// oxlint-disable-next-line no-control-regex -- it is what the expression is about
const COLOURS = /\x1b\[(?:1|2|22|31|32|33|36|39)m/g;
/** Before a line that says how far something is, where that takes long. */
const ERASE = '\r\x1b[K';
const OBEYED = /[^\P{Cc}\n]|[\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** What a terminal would obey of a text that was printed, and where; undefined where there is nothing. */
export function obeyed(text: string, { colours }: { readonly colours: boolean }): string | undefined {
  if (text.includes('\x1b[31mred')) return 'a colour from outside';
  if (/^error: try:/m.test(text)) return 'a line from outside';
  const at = (colours ? text.replace(COLOURS, '') : text).replaceAll(ERASE, '').search(OBEYED);
  return at < 0 ? undefined : JSON.stringify(text.slice(Math.max(0, at - 60), at + 20));
}

/** Members that a program goes by; with another value it would do nothing at all. */
const KEPT = new Set([
  'training_status',
  'code',
  'kind',
  'type',
  'manager',
  'next_cursor',
  'subscription',
  '$ref',
]);

/** A project that holds something in every field. */
const PROJECT = {
  ...EXAMPLE_PROJECT,
  training_status: 'training',
  tags: ['a', 'b'],
  metadata: { key: 'value', deep: [{ key: 'value' }] },
  last_trained: 'no date',
  last_used: 'no date',
  last_updated: 'no date',
  created_at: 'no date',
  retrain_requested: { at: 'no date', reason: 'reason' },
  training: {
    token: 1,
    phase: 'phase',
    progress: 0.5,
    message: 'message',
    details: { key: 'value' },
    started_at: 'no date',
    updated_at: 'no date',
    holder: { name: 'name', pid: 4242 },
    cancel_requested: false,
    error: 'how\nwhy\tand where\nlast words',
    attempt: 1,
  },
};

/** The same value with hostile text at the end of each text in it, and in the place of each project. */
export function hostile(value: unknown, status?: string): unknown {
  if (typeof value === 'string') return value + HOSTILE;
  if (Array.isArray(value)) return value.map((one) => hostile(one, status));
  if (typeof value !== 'object' || value === null) return value;
  const whole =
    'etag' in value && typeof value.etag === 'string'
      ? { ...PROJECT, ...(status && { training_status: status }) }
      : value;
  return Object.fromEntries(
    Object.entries(whole).map(([key, member]) => [
      key in PROJECT || !('key' in whole) ? key : key + HOSTILE,
      KEPT.has(key) ? member : hostile(member, status),
    ]),
  );
}

const MORE: Readonly<Record<string, object>> = {
  'registry.info': {
    problem: { kind: 'invalid_file', message: 'message', line: 1, column: 2, since: 'no date' },
    read_only: true,
  },
  'registry.validate': {
    issues: ['source_missing', 'orphan_dir', 'adapter_missing', 'training_stale'].map((code) => ({
      code,
      project_id: EXAMPLE_PROJECT.project_id,
      path: '/path',
      message: 'message',
      fixable: true,
    })),
  },
};

/** A daemon of a registry in this directory, whose every text is hostile. */
export async function hostileDaemon(
  home: string,
  { status, error }: { readonly status?: string; readonly error?: ErrorAnswer } = {},
): Promise<void> {
  await mkdir(join(home, 'run'), { recursive: true, mode: 0o700 });
  await standIn(
    ({ id, method }: Request, socket) => {
      if (method === 'daemon.hello') return { ...HELLO, version: HELLO.version + HOSTILE };
      if (error && method !== 'daemon.ping') {
        return void socket.write(failure(id, error.code, error.message, error.data));
      }
      const result =
        method === 'rpc.discover' ? openRpcDocument() : (findMethod(method)?.example.result ?? null);
      const more = MORE[method];
      return hostile(more && typeof result === 'object' ? { ...result, ...more } : result, status);
    },
    join(home, 'run/registry.sock'),
  );
}

export interface ErrorAnswer {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly kind?: ErrorKind; readonly [member: string]: unknown };
}
