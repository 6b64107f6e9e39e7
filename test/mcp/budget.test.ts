import { expect, test } from 'vitest';
import { startAgent } from '../support/agent.ts';
import { commandLine } from '../support/cli.ts';

/** A model reads the list at the beginning of every session, and whoever runs it pays for that. */
const MAX_BYTES = 6_144;

test(`the list of tools takes ${MAX_BYTES} bytes at most, without a word that any reader takes for granted`, async () => {
  const agent = await startAgent(await commandLine());
  const listed = JSON.stringify(await agent.peer.call('tools/list', {}));
  expect(Buffer.byteLength(listed)).toBeLessThanOrEqual(MAX_BYTES);
  expect(listed).not.toMatch(/\$schema|\$defs|9007199254740991|"type":\[/);
});
