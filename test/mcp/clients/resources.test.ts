/** Resources, as clients that nobody here wrote list, read, complete and watch them. */
import { expect, test } from 'vitest';
import { commandLine } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { PROGRAMS } from './programs.ts';

const PAYMENTS = 'gardener://projects/payments';

test.each(Object.entries(PROGRAMS))(
  '%s has projects as resources, and is told of changes',
  async (_, open) => {
    const cli = await commandLine();
    await cli.run(['add', await cli.codebase('payments', { 'main.go': 'package main\n' })]);
    const { client, watch } = await open(cli);
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain(PAYMENTS);
    const { contents } = await client.readResource({ uri: PAYMENTS });
    expect(contents).toMatchObject([{ uri: PAYMENTS, text: expect.stringContaining('"name":"payments"') }]);
    const ref = { type: 'ref/resource' as const, uri: 'gardener://projects/{name}' };
    const { completion } = await client.complete({ ref, argument: { name: 'name', value: 'pay' } });
    expect(completion.values).toEqual(['payments']);

    const told: string[] = [];
    await watch(PAYMENTS, (uri) => told.push(uri));
    expect(await cli.run(['retrain', 'payments'])).toMatchObject({ code: 0 });
    await until(() => told.includes(PAYMENTS), 'the client is told');
  },
);
