import { describe, expect, test } from 'vitest';
import { explain, LocalError, NotRunningError, UsageError } from '../../client/cli/errors.ts';
import { ConnectionError, RpcError } from '../../client/errors.ts';
import { ERROR_KINDS, ERRORS, RegistryError } from '../../src/domain/errors.ts';
import { SocketPathError } from '../../src/paths.ts';

describe('the exit code of', () => {
  test.each([
    ['what the registry refuses', new RegistryError('project_exists', 'taken'), 1],
    ['a fault of the protocol', new RpcError(-32601, 'method not found'), 1],
    ['something on this side', new LocalError('no editor'), 1],
    ['a mistake of ours', new TypeError('x is not a function'), 1],
    ['wrong usage', new UsageError('no such flag'), 2],
    ['a socket path that is too long', new SocketPathError('too long'), 2],
    ['a daemon that is not there', new ConnectionError('not_running', 'nobody'), 3],
    ['a daemon that does not answer', new ConnectionError('timeout', 'late'), 3],
    ['asking about a daemon that is not there', new NotRunningError('not running'), 3],
  ])('%s', (_what, error, code) => {
    expect(explain(error).exitCode).toBe(code);
  });
});

test.each(ERROR_KINDS)('%s comes with its code and, for most, with advice', (kind) => {
  const { hint, document } = explain(new RegistryError(kind, 'cannot do it', { suggestions: ['a', 'b'] }));
  expect(document).toMatchObject({ code: ERRORS[kind].code, message: 'cannot do it', data: { kind } });
  if (!['project_not_found', 'lease_lost', 'cursor_expired', 'backup_not_found'].includes(kind)) {
    expect(hint, 'HINTS (client/cli/errors.ts) has no advice for it').toBeTruthy();
  }
});

test('near names are asked about, and take the place of other advice', () => {
  const error = new RegistryError('project_not_found', 'cannot find project "pay"', {
    suggestions: ['payments', 'pay2'],
  });
  expect(explain(error)).toMatchObject({
    message: 'cannot find project "pay"; did you mean payments or pay2?',
    hint: undefined,
  });
  expect(explain(new RegistryError('project_not_found', 'cannot find it')).hint).toBe('gardener ls');
});

test('a command knows better what to advise', () => {
  const error = new RegistryError('lease_held', 'somebody trains it');
  expect(explain(error, { lease_held: '--force' }).hint).toBe('--force');
});

test('whom to ask to stop is told as it is typed', () => {
  const asked = 'cannot take "r 3": lora is training it; wait, or ask them to stop';
  const error = new RegistryError('lease_held', `${asked} with training.cancel`, {
    project: { name: 'r 3' },
  });
  const cancel = "gardener train --cancel 'r 3'";
  expect(explain(error)).toMatchObject({
    message: asked,
    hint: cancel,
    document: { message: `${asked} with training.cancel` },
  });
  expect(explain(error, { lease_held: 'again, or --force' }).hint).toBe(`${cancel}; again, or --force`);
  const taken = new RegistryError('slot_taken', `${asked} with training.cancel`, {
    holders: [{ slot: 'gpu', project: { name: 'r 3' } }],
  });
  expect(explain(taken)).toMatchObject({ message: asked, hint: cancel });
});

test('parameters that were refused are named', () => {
  const data = {
    issues: [
      { path: 'name', message: 'is missing' },
      { path: '', message: 'x is not known' },
    ],
  };
  expect(explain(new RpcError(-32602, 'invalid params', data))).toMatchObject({
    message: 'cannot use what was given: name: is missing; x is not known',
    document: { code: -32602, message: 'invalid params', data },
  });
});

test("the library's advice gives way to the command line's, and is not repeated", () => {
  const absent = 'cannot reach the registry: no daemon listens on /x; start it with "gardener daemon start"';
  expect(explain(new ConnectionError('not_running', absent))).toMatchObject({
    message: 'cannot reach the registry: no daemon listens on /x',
    hint: 'gardener daemon start',
    document: { code: null, data: { kind: 'not_running' } },
  });
  const lost = 'cannot finish x: the connection was lost; look before repeating it';
  expect(explain(new ConnectionError('lost', lost))).toMatchObject({ message: lost, hint: undefined });
});

test('nobody sees a stack', () => {
  const { message } = explain(new TypeError('x is not a function'));
  expect(message).toBe('cannot go on: x is not a function');
  const system = Object.assign(new Error('EACCES: permission denied, open /x'), {
    code: 'EACCES',
    path: '/x',
  });
  expect(explain(system).message).toBe('cannot go on: /x: permission denied');
});
