import { inspect } from 'node:util';
import { expect, expectTypeOf, test } from 'vitest';
import { connect, type Client, type Project, type Result } from '../../client/index.ts';
import { methods } from '../../src/protocol/methods.ts';
import { isRepeatable } from '../../client/verbs.ts';
import { standIn } from './stand-in.ts';

test('every method that is declared is a function of the client, and is called by its name', async () => {
  const daemon = await standIn(({ method }) => (method === 'daemon.hello' ? undefined : { method }));
  const client = await connect({ socket: daemon.socket });
  for (const name of Object.keys(methods)) {
    if (name === 'daemon.hello') continue;
    const [family = '', verb = ''] = name.split('.');
    const verbs = Reflect.get(client, family) as Record<string, (params: object) => Promise<unknown>>;
    expect(await verbs[verb]?.({ given: name })).toEqual({ method: name });
  }
  expect(daemon.received.map(({ params }) => params?.['given'])).toEqual(
    daemon.received.map((r) => r.method),
  );
  await client.close();
});

test('params are left out when there are none, and so are undefined members', async () => {
  const daemon = await standIn(({ method }) => (method === 'daemon.hello' ? undefined : null));
  const client = await connect({ socket: daemon.socket });
  await client.registry.info();
  await client.projects.list({ status: undefined, limit: 3 });
  expect(daemon.received).toEqual([
    { jsonrpc: '2.0', id: 2, method: 'registry.info' },
    { jsonrpc: '2.0', id: 3, method: 'projects.list', params: { limit: 3 } },
  ]);
  await client.close();
});

test('awaiting, printing or serialising a family calls nothing', async () => {
  const daemon = await standIn();
  const client = await connect({ socket: daemon.socket });
  expect(await Promise.resolve(client.projects)).toBe(client.projects);
  expect(JSON.stringify(client.projects)).toBe('{}');
  // Newer versions of Node say that it is a proxy.
  expect(inspect(client.projects)).toMatch(/^(\{\}|Proxy\(\{\}\))$/);
  expect(daemon.received).toEqual([]);
  await client.close();
});

test('the methods that are repeated are those declared as reads', () => {
  const reads = Object.entries(methods).filter(([, { kind }]) => kind === 'read');
  expect(Object.keys(methods).filter(isRepeatable)).toEqual(reads.map(([name]) => name));
  expect(isRepeatable('toString')).toBe(false);
});

test('the types of a call follow from its declaration', () => {
  expectTypeOf<Client['projects']['get']>().parameter(0).toEqualTypeOf<{
    project: string;
    to_change?: boolean | undefined;
  }>();
  expectTypeOf<Client['projects']['get']>().returns.resolves.toEqualTypeOf<Project>();
  expectTypeOf<Client['daemon']['ping']>().returns.resolves.toEqualTypeOf<'pong'>();
  expectTypeOf<Client['projects']['list']>().toBeCallableWith();
  expectTypeOf<Client['registry']['info']>().toBeCallableWith();
  expectTypeOf<Client['projects']['count']>().toBeCallableWith({ status: 'failed' }, { deadline: 5 });
  // As the environment has it, or not.
  expectTypeOf<Client['projects']['resolve']>().toBeCallableWith({ env: process.env['NAME'], cwd: '/' });
  // @ts-expect-error get needs a reference
  expectTypeOf<Client['projects']['get']>().toBeCallableWith();
  expectTypeOf<Client['call']>().toBeCallableWith('projects.get', { project: 'payments' });
  expectTypeOf<Result<'projects.count'>>().toEqualTypeOf<number>();
});
