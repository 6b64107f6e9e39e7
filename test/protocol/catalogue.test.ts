import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/domain/errors.ts';
import { declaredErrors, type Method } from '../../src/protocol/method.ts';
import { findMethod, methods } from '../../src/protocol/methods.ts';
import { startDaemon } from '../support/daemon.ts';

const all = Object.entries(methods) as [string, Method][];

describe('each method', () => {
  test.each(all)('%s has an example that its schemas accept', (_name, { params, result, example }) => {
    expect(params.safeParse(example.params)).toMatchObject({ success: true });
    const checked = result.safeParse(example.result);
    expect(checked).toMatchObject({ success: true });
    // What the schema does not know would be dropped here.
    expect(checked.data).toEqual(example.result);
  });

  test.each(all)('%s says in one sentence what it does', (_name, { summary }) => {
    expect(summary).toMatch(/^[A-Z"].*\.$/);
    expect(summary.length).toBeLessThan(110);
  });

  test.each(all)('%s declares each error once, and none that does not exist', (_name, method) => {
    const errors = declaredErrors(method);
    expect(new Set(errors).size).toBe(errors.length);
    const own = method.errors ?? [];
    expect(new Set(own).size).toBe(own.length);
    for (const kind of errors) expect(ERRORS).toHaveProperty(kind);
  });
});

test('the methods of the contract are there, and no others', () => {
  expect(
    Object.keys(methods).toSorted(),
    'a method that comes or goes changes the contract: change this list, and what docs/contract.md says of it',
  ).toEqual(
    [
      ...['hello', 'ping', 'status', 'shutdown'].map((name) => `daemon.${name}`),
      'rpc.discover',
      ...[
        'info',
        'validate',
        'repair',
        'reload',
        'backups',
        'restore',
        'import',
        'undo',
        'watch',
        'unwatch',
      ].map((name) => `registry.${name}`),
      ...[
        'register',
        'get',
        'list',
        'count',
        'update',
        'move',
        'set_status',
        'remove',
        'touch',
        'retrain',
      ].map((name) => `projects.${name}`),
      ...['activate', 'active', 'resolve'].map((name) => `projects.${name}`),
      ...['begin', 'claim', 'progress', 'complete', 'fail', 'release', 'cancel', 'wait', 'resume'].map(
        (name) => `training.${name}`,
      ),
      ...['history', 'promote', 'prune'].map((name) => `training.${name}`),
    ].toSorted(),
  );
});

test('a name that is no method’s finds none', () => {
  for (const name of ['', 'toString', '__proto__', 'constructor', 'projects', 'projects.']) {
    expect(findMethod(name)).toBeUndefined();
  }
});

test('a daemon has a handler for every method', async () => {
  const { connect } = await startDaemon();
  const peer = await connect();
  for (const [name] of all) {
    const { error } = await peer.ask(name, { no_such_parameter: true });
    expect(error, name).toMatchObject({ code: -32602 });
  }
});
