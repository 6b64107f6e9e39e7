import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { commandLine } from '../support/cli.ts';
import { LineClient } from '../support/lines.ts';

/** In its answers there is more beside the list than in those of the other era. */
const NEW_ERA = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A model reads the list at the beginning of every session, and whoever runs it pays for that. */
const MAX_BYTES = 6_144;

test(`the list of tools takes ${MAX_BYTES} bytes at most, without a word that any reader takes for granted`, async () => {
  const { stdout: readable, stdin: writable } = (await commandLine()).start(['mcp'], { input: null }).child;
  const agent = new LineClient<Duplex>(Duplex.from({ readable, writable }));
  const listed = JSON.stringify(await agent.call('tools/list', { _meta: NEW_ERA }));
  expect(Buffer.byteLength(listed)).toBeLessThanOrEqual(MAX_BYTES);
  expect(listed).not.toMatch(/\$schema|\$defs|9007199254740991|"type":\[/);
});
