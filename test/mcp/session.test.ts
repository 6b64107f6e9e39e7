import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { commandLine } from '../support/cli.ts';

test('an agent lists what is registered, and its server ends when it does', async () => {
  const cli = await commandLine();
  await cli.run(['add', await cli.codebase('payments', { 'main.go': 'package main\n' })]);
  const agent = await startAgent(cli);
  expect(await agent.use('list_projects')).toMatchObject({ projects: [{ name: 'payments' }] });
  // Some models give every field, and nothing for what they mean to leave out.
  expect(await agent.use('list_projects', { query: null, status: '', tag: '' })).toMatchObject({
    active: 'payments',
  });
  agent.child.stdin.end();
  expect(await agent.finished).toMatchObject({ code: 0, stderr: '' });
});
