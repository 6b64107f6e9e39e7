/** Which servers named gardener are ours, and so may be changed and taken away. */
import { expect, test } from 'vitest';
import { flagsOf, isOurs } from '../../../client/cli/mcp/ours.ts';

test.each<[ours: boolean, words: string]>([
  [true, 'gardener mcp'],
  [true, '/opt/bin/codebase-gardener --data-dir /x mcp --allow-work'],
  [true, '/usr/bin/node --no-warnings /a/dist/gardener.js mcp --socket /s --no-start'],
  [true, 'node /src/client/cli/main.ts mcp'],
  [true, 'npx -y codebase-gardener@latest mcp'],
  [true, 'npx -y -p codebase-gardener gardener mcp'],
  [false, 'uvx garden-tools serve mcp'],
  [false, 'uvx gardener mcp'],
  [false, 'npx gardener-mcp mcp'],
  [false, 'docker run -i mcp'],
  [false, 'node /a/server.js mcp'],
  [false, 'gardener serve mcp'],
  [false, 'gardener --data-dir mcp'],
  [false, '/my/gardener'],
  [false, 'sh -c exec\u00A0gardener\u00A0mcp'],
])('%j: %s', (ours, words) => {
  const [command, ...args] = words.split(' ');
  expect(isOurs({ command, args, env: { A: '1' } })).toBe(ours);
  expect(isOurs({ command, args, url: 'https://x' })).toBe(false);
});

test('its flags have their values, however they are written', () => {
  const args = ['/a/gardener.js', '--data-dir=/x=y', 'mcp', '--socket', 'mcp', '--no-start'];
  expect(flagsOf({ command: 'node', args })).toEqual(['--data-dir /x=y', '--socket mcp', '--no-start']);
});
