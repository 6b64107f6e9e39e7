import { expect, test } from 'vitest';
import { type Agent, startAgent } from '../../support/agent.ts';
import { commandLine } from '../../support/cli.ts';
import { trainable } from '../../support/trainer.ts';

async function read(agent: Agent, uri: string): Promise<unknown> {
  const { contents } = await agent.peer.call('resources/read', { uri });
  expect(contents).toMatchObject([{ uri, mimeType: 'application/json' }]);
  return JSON.parse(String(contents?.[0]?.['text']));
}

test('a program lists the projects, completes their names, and reads what a tool would show', async () => {
  const { cli, registry } = await trainable();
  const { project_id } = await registry.projects.register({ name: 'My app, 50%', source_path: cli.home });
  const agent = await startAgent(cli);
  const { peer } = agent;

  const { resources } = await peer.call('resources/list');
  expect(resources).toMatchObject([
    { uri: 'gardener://projects' },
    { uri: 'gardener://active' },
    { uri: 'gardener://projects/My%20app%2C%2050%25', name: 'My app, 50%' },
    {
      uri: 'gardener://projects/payments',
      name: 'payments',
      description: `python in ${cli.home}/src/payments`,
    },
  ]);
  const { resourceTemplates } = await peer.call('resources/templates/list');
  expect(resourceTemplates).toMatchObject([{ uriTemplate: 'gardener://projects/{name}' }]);

  expect(await read(agent, 'gardener://projects')).toEqual(await agent.use('list_projects'));
  for (const part of ['My%20app%2C%2050%25', 'my%20app%2C%2050%25', project_id])
    expect(await read(agent, `gardener://projects/${part}`)).toMatchObject({ name: 'My app, 50%' });
  await registry.projects.activate({ project: null });
  expect(await read(agent, 'gardener://active')).toBeNull();
  await registry.projects.activate({ project: 'payments' });
  const payments = await agent.use('get_project', { project: 'payments' });
  expect(await read(agent, 'gardener://active')).toEqual(payments);

  const ref = { type: 'ref/resource', uri: 'gardener://projects/{name}' };
  const complete = async (value: string) =>
    (await peer.call('completion/complete', { ref, argument: { name: 'name', value } }))['completion'];
  expect(await complete('PAY')).toEqual({ values: ['payments'], hasMore: false });
  expect(await complete('x')).toEqual({ values: [], hasMore: false });
  // The address of a name that a path loses has the id.
  const dots = await registry.projects.register({ name: '..', source_path: cli.home });
  expect(await complete('.')).toMatchObject({ values: [dots.project_id] });

  const uri = 'gardener://projects/paymnets';
  expect(await peer.refusal('resources/read', { uri })).toMatchObject({
    code: -32602,
    message: 'cannot find project "paymnets": no project has this name or id; did you mean "payments"?',
    data: { uri },
  });
  expect(await peer.refusal('resources/list', { cursor: 'x' })).toMatchObject({
    code: -32602,
    message: expect.stringContaining('nextCursor'),
  });
});

test('what can be read can be subscribed to, and nothing else', async () => {
  const { cli, registry } = await trainable();
  await registry.projects.register({ name: 'x;y,z', source_path: cli.home });
  const { peer } = await startAgent(cli);
  for (const uri of ['gardener://projects/x;y,z', 'gardener://projects/%20X%3by,z'])
    for (const method of ['resources/read', 'resources/subscribe']) await peer.call(method, { uri });
  const payments = encodeURIComponent(`${cli.home}/src/payments`);
  for (const uri of [
    `gardener://projects/${payments}`,
    ' gardener://projects',
    'gardener://project/payments',
  ])
    for (const method of ['resources/read', 'resources/subscribe'])
      expect(await peer.refusal(method, { uri })).toMatchObject({ code: -32602, data: { uri } });
});

test('many projects are listed page by page', async () => {
  const { cli, registry } = await trainable();
  const names = Array.from({ length: 101 }, (_, at) => `p${at}`);
  // Git is asked nothing.
  await Promise.all(
    names.map((name) => registry.projects.register({ name, source_path: cli.home, repository: null })),
  );
  const { peer } = await startAgent(cli);
  const first = await peer.call('resources/list');
  expect(first['resources']).toHaveLength(102);
  const ref = { type: 'ref/resource', uri: 'gardener://projects/{name}' };
  const all = await peer.call('completion/complete', { ref, argument: { name: 'name', value: 'p' } });
  // Nobody has counted how many there are.
  expect(all).toMatchObject({ completion: { values: { length: 100 }, hasMore: true } });
  expect(all['completion']).not.toHaveProperty('total');
  const rest = await peer.call('resources/list', { cursor: first['nextCursor'] });
  expect(rest['resources']).toHaveLength(2);
  expect(rest['nextCursor']).toBeUndefined();
});

test.each([
  ['no daemon runs, and none is to be started', {}, 'no daemon listens'],
  ['there is no place for its socket', { CODEBASE_GARDENER_DATA_DIR: 'relative' }, 'relative'],
])('where %s, what there always is can be listed', async (_, env, why) => {
  const cli = await commandLine();
  const { peer } = await startAgent(cli, ['--no-start'], { env });
  const { resources } = await peer.call('resources/list');
  expect(resources).toMatchObject([{ uri: 'gardener://projects' }, { uri: 'gardener://active' }]);
  const { message } = await peer.refusal('resources/read', { uri: 'gardener://active' });
  expect(message).toContain(why);
});
