/**
 * The examples of section 7 of the JSON-RPC 2.0 specification (https://www.jsonrpc.org/specification#examples), in its
 * order. Its methods are not ours: `subtract`, `sum` and `get_data` become methods with a known answer here, and
 * parameters by position, which this registry refuses, get -32602.
 */
import { describe, expect, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import type { Answer } from '../support/lines.ts';

const PARSE_ERROR = { jsonrpc: '2.0', id: null, error: { code: -32700 } };
const INVALID_REQUEST = { jsonrpc: '2.0', id: null, error: { code: -32600 } };

/** What is sent, as text, and what comes back; undefined for nothing. */
const EXAMPLES: readonly [title: string, sent: string, answer: unknown][] = [
  [
    'rpc call with positional parameters',
    '{"jsonrpc": "2.0", "method": "projects.count", "params": [42, 23], "id": 1}',
    { jsonrpc: '2.0', id: 1, error: { code: -32602 } },
  ],
  [
    'rpc call with named parameters',
    '{"jsonrpc": "2.0", "method": "projects.count", "params": {"status": "failed"}, "id": 3}',
    { jsonrpc: '2.0', id: 3, result: 0 },
  ],
  [
    'rpc call with named parameters, in another order of members',
    '{"id": 4, "params": {"status": "failed"}, "method": "projects.count", "jsonrpc": "2.0"}',
    { jsonrpc: '2.0', id: 4, result: 0 },
  ],
  ['a notification', '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
  ['a notification without parameters', '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  [
    'rpc call of non-existent method',
    '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    { jsonrpc: '2.0', id: '1', error: { code: -32601 } },
  ],
  ['rpc call with invalid JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', PARSE_ERROR],
  [
    'rpc call with invalid Request object',
    '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
    INVALID_REQUEST,
  ],
  [
    'rpc call Batch, invalid JSON',
    '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
    PARSE_ERROR,
  ],
  ['rpc call with an empty Array', '[]', INVALID_REQUEST],
  ['rpc call with an invalid Batch (but not empty)', '[1]', [INVALID_REQUEST]],
  ['rpc call with invalid Batch', '[1,2,3]', [INVALID_REQUEST, INVALID_REQUEST, INVALID_REQUEST]],
  [
    'rpc call Batch',
    `[
      {"jsonrpc": "2.0", "method": "projects.count", "params": {"status": "failed"}, "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "daemon.ping", "params": [], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "projects.active", "id": "9"}
    ]`.replaceAll('\n', ' '),
    [
      { jsonrpc: '2.0', id: '1', result: 0 },
      { jsonrpc: '2.0', id: '2', result: 'pong' },
      INVALID_REQUEST,
      { jsonrpc: '2.0', id: '5', error: { code: -32601 } },
      { jsonrpc: '2.0', id: '9', result: { active_project: null } },
    ],
  ],
  [
    'rpc call Batch (all notifications)',
    '[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]',
    undefined,
  ],
];

describe('the examples of the JSON-RPC 2.0 specification', () => {
  test.each(EXAMPLES)('%s', async (_title, sent, expected) => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(`${sent}\n`);
    if (expected === undefined) expect(await peer.isSilent()).toBe(true);
    else {
      const answer = await peer.next<Answer | Answer[]>();
      expect(answer).toMatchObject(expected as object);
      // No members beside those that the specification names.
      for (const one of Array.isArray(answer) ? answer : [answer]) expect(Object.keys(one)).toHaveLength(3);
      expect(await peer.isSilent()).toBe(true);
    }
  });
});
