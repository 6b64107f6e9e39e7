/** The documents that come with the programs say what the programs say. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { builtProgram, commandLine } from '../support/cli.ts';
import { until } from '../support/until.ts';

const dist = resolve(builtProgram('gardener.js'), '..');

test('openrpc.json is what rpc.discover answers', async () => {
  const { json } = await commandLine();
  const text = await readFile(join(dist, 'openrpc.json'), 'utf8');
  expect(JSON.parse(text)).toEqual(await json(['call', 'rpc.discover']));
});

test('registry.schema.json is what the daemon keeps beside a new file', async () => {
  const { json, codebase, dataDir } = await commandLine();
  await json(['add', await codebase('one', { 'a.go': '' })]);
  const kept = join(dataDir, 'registry.schema.json');
  const text = await until(() => readFile(kept, 'utf8').catch(() => ''), 'it is there');
  expect(text).toBe(await readFile(join(dist, 'registry.schema.json'), 'utf8'));
});

test('each can be imported by its name, and npm finds the manual pages', () => {
  const { exports, man, files } = manifest;
  const named = [exports['./openrpc.json'], exports['./registry.schema.json'], ...man];
  for (const path of named) {
    expect(builtDocuments).toContain(path);
    expect(files).toContain(path.replace('./', ''));
  }
  expect(named).toHaveLength(builtDocuments.length);
});

const builtDocuments = [
  './dist/openrpc.json',
  './dist/registry.schema.json',
  './dist/gardener.1',
  './dist/gardenerd.1',
];
