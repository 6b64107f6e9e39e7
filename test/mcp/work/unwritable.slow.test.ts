import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startAgent } from '../../support/agent.ts';
import { commandLine } from '../../support/cli.ts';

test('a training that the registry cannot write down is still held, and ended when it can', async () => {
  const cli = await commandLine();
  await cli.json(['add', await cli.codebase('a', {})]);
  const agent = await startAgent(cli, ['--allow-work']);
  const { handle } = await agent.use('claim_training');
  const file = join(cli.dataDir, 'registry.json');
  const content = await readFile(file, 'utf8');
  await writeFile(file, content.slice(0, -10));
  const ending = { handle, outcome: 'completed' };
  expect(await agent.refusal('finish_training', ending)).toMatch(/registry\.json.*still yours/);
  await writeFile(file, content);
  expect(await agent.use('finish_training', ending)).toMatchObject({ outcome: 'completed' });
});
