import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { ZodObject } from 'zod';
import { type MethodName, methods } from '../../src/protocol/methods.ts';
import { startDaemon } from '../support/daemon.ts';
import type { LineClient } from '../support/lines.ts';

async function issues(peer: LineClient, method: string, params: unknown): Promise<string[]> {
  const { code, data } = await peer.refusal(method, params);
  expect(code).toBe(-32602);
  const found = (data?.['issues'] ?? []) as { path: string; message: string }[];
  for (const { message } of found) expect(message).not.toBe('');
  return found.map(({ path }) => path);
}

describe('params', () => {
  test.each([
    ['a missing member', 'projects.get', {}, ['project']],
    ['an empty reference', 'projects.get', { project: '' }, ['project']],
    ['a member of the wrong type', 'projects.update', { project: 'x', file_count: '7' }, ['file_count']],
    ['a negative count', 'projects.update', { project: 'x', file_count: -1 }, ['file_count']],
    [
      'several at once',
      'projects.update',
      { project: 7, tags: [1, 'b'], nope: 1 },
      ['project', 'tags.0', 'nope'],
    ],
    ['unknown members, each by its name', 'projects.get', { project: 'x', a: 1, b: 2 }, ['a', 'b']],
    ['unknown members further in', 'daemon.hello', { client: { shoe: 42 } }, ['client.shoe']],
    ['members of a method without any', 'daemon.ping', { now: true }, ['now']],
    ['too many tags', 'projects.update', { project: 'x', tags: Array(65).fill('t') }, ['tags']],
    ['a status that is none', 'projects.count', { status: 'done' }, ['status']],
    ['null where a value belongs', 'projects.update', { project: 'x', name: null }, ['name']],
    ['metadata that is no object', 'projects.update', { project: 'x', metadata: [1] }, ['metadata']],
    ['half a surrogate pair', 'projects.update', { project: 'x', tags: ['ok', '\ud800'] }, ['tags.1']],
    [
      'half of one in a key',
      'projects.update',
      { project: 'x', metadata: { '\udc00': 1 } },
      // What is told of it is whole.
      ['metadata.\ufffd'],
    ],
    ['half of one in a name of a holder', 'daemon.hello', { client: { name: '\ud800' } }, ['client.name']],
    ['a relative path', 'projects.register', { name: 'x', source_path: 'src' }, ['source_path']],
    [
      'a relative path in an update',
      'projects.update',
      { project: 'x', source_path: './a' },
      ['source_path'],
    ],
    ['a NUL in a path', 'projects.register', { name: 'x', source_path: '/a\0b' }, ['source_path']],
    ['a limit of zero', 'projects.list', { limit: 0 }, ['limit']],
    ['a cursor that is none', 'projects.list', { cursor: 'garbage' }, ['cursor']],
  ])('with %s are refused with the path of each', async (_what, method, params, paths) => {
    const { connect } = await startDaemon();
    const found = await issues(await connect(), method, params);
    expect(found.toSorted()).toEqual([...paths].toSorted());
  });

  test('by position are refused, and an empty list is none', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    expect(await issues(peer, 'projects.get', ['x'])).toEqual(['']);
    expect(await peer.call('daemon.ping', [])).toBe('pong');
    expect(await issues(peer, 'projects.get', [])).toEqual(['project']);
  });

  test('with a member named __proto__ are refused by that name', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write('{"jsonrpc":"2.0","id":1,"method":"daemon.ping","params":{"__proto__":{"a":1}}}\n');
    expect(await peer.next()).toMatchObject({
      error: { code: -32602, data: { issues: [{ path: '__proto__' }] } },
    });
  });

  test('cannot smuggle a member in through __proto__', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    peer.write(
      '{"jsonrpc":"2.0","id":1,"method":"daemon.hello","params":{"client":{"__proto__":{"name":"x"}}}}\n',
    );
    expect(await peer.next()).toMatchObject({ error: { code: -32602 } });
    expect(({} as Record<string, unknown>)['name']).toBeUndefined();
  });

  test('metadata keeps a key named __proto__ as any other', async () => {
    const { connect, codebase, paths } = await startDaemon();
    const peer = await connect();
    const source = await codebase('one');
    peer.write(
      `{"jsonrpc":"2.0","id":1,"method":"projects.register","params":{"name":"one","source_path":"${source}","metadata":{"__proto__":{"a":[1]},"b":2}}}\n`,
    );
    expect(await peer.line()).toContain('"metadata":{"__proto__":{"a":[1]},"b":2}');
    expect(await peer.call('projects.update', { project: 'one', metadata: { b: null } })).toBeDefined();
    expect(await readFile(paths.registryFile, 'utf8')).toMatch(/"__proto__": \{\s+"a": \[\s+1\s+\]/);
  });

  test('of metadata over 16 KiB are refused, exactly 16 KiB are not', async () => {
    const { connect, codebase } = await startDaemon();
    const peer = await connect();
    await peer.call('projects.register', { name: 'one', source_path: await codebase('one') });
    const filling = (bytes: number): object => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });
    await peer.call('projects.update', { project: 'one', metadata: filling(16 * 1024) });
    expect(
      await issues(peer, 'projects.update', { project: 'one', metadata: filling(16 * 1024 + 1) }),
    ).toEqual(['metadata']);
    // What is there counts, and bytes count, not characters.
    expect(await issues(peer, 'projects.update', { project: 'one', metadata: { b: 1 } })).toEqual([
      'metadata',
    ]);
    expect(
      await issues(peer, 'projects.register', {
        name: 'two',
        source_path: await codebase('two'),
        metadata: { a: 'é'.repeat(9_000) },
      }),
    ).toEqual(['metadata']);
  });
});

/** The parameters of all methods that are paths, and those that may be. */
function parameters(pattern: RegExp): [MethodName, string][] {
  return Object.entries(methods).flatMap(([method, { params }]) =>
    Object.keys((params as ZodObject).shape)
      .filter((name) => pattern.test(name))
      .map((name): [MethodName, string] => [method as MethodName, name]),
  );
}

test.each(parameters(/^(cwd|from|to)$|_path$/))(
  '%s takes nothing for %s but an absolute path',
  async (method, name) => {
    const { connect } = await startDaemon();
    const peer = await connect();
    const { example } = methods[method];
    for (const path of ['', 'src', './src', '~/src', '.', '/a\0b', '\0']) {
      const given = { ...example.params, [name]: path };
      expect(await issues(peer, method, given), JSON.stringify(path)).toContain(name);
    }
  },
);

test.each(parameters(/^(project|env)$/))('%s takes nothing for %s with a NUL in it', async (method, name) => {
  const { connect } = await startDaemon();
  const peer = await connect();
  const { example } = methods[method];
  for (const text of ['a\0b', '/a\0b'])
    expect(await issues(peer, method, { ...example.params, [name]: text })).toEqual([name]);
});

test('a reference that is a relative path is told what it lacks', async () => {
  const { connect } = await startDaemon();
  const peer = await connect();
  for (const project of ['./src', '~/src', 'src/a']) {
    const { code, message } = await peer.refusal('projects.get', { project });
    expect([code, message]).toEqual([1001, `cannot find project "${project}": a path has to be absolute`]);
  }
});

test('every method refuses a member it does not know', async () => {
  const { connect } = await startDaemon();
  const peer = await connect();
  for (const [name, { example }] of Object.entries(methods)) {
    expect(await issues(peer, name, { ...example.params, not_a_member: 1 }), name).toContain('not_a_member');
  }
});
