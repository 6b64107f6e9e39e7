/** The log of a real daemon, as whatever reads it line by line finds it. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { prettyLine } from '../../client/cli/daemon/log-lines.ts';
import { codebase, startGardenerd } from '../faults/support/gardenerd.ts';

/** A number that no process has. */
const CALLER = 99_999_999;

test('every line has each of its keys once, and tells the caller from the daemon', async () => {
  const daemon = await startGardenerd({ args: ['--log-level', 'debug'] });
  const { dataDir, logFile, registryFile } = daemon.paths;
  const peer = await daemon.connect();
  await peer.call('daemon.hello', { client: { name: 'editor', version: '1.2', pid: CALLER } });
  await peer.call('projects.register', { name: 'a', source_path: await codebase(dataDir) });
  await peer.call('projects.activate', { project: 'a' });
  const { token } = await peer.call('training.begin', { project: 'a' });
  await peer.call('training.cancel', { project: 'a', reason: 'enough' });
  await peer.call('training.resume', { project: 'a', token });
  await peer.call('training.fail', { project: 'a', token, error: 'out of memory' });
  await writeFile(registryFile, '{');
  await peer.call('registry.reload');
  const { backups } = await peer.call('registry.backups');
  await peer.call('registry.restore', { name: (backups as unknown as { name: string }[])[0]?.name });
  await peer.call('registry.repair');
  await peer.call('projects.remove', { project: 'a' });
  await peer.call('daemon.shutdown', { reason: 'the end' });
  await daemon.ended;
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
  // Of two keys of one name a reader keeps one.
  expect(lines.filter((line) => JSON.stringify(JSON.parse(line)) !== line)).toEqual([]);
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(new Set(entries.map(({ pid }) => pid))).toEqual(new Set([daemon.pid]));
  const changes = entries.filter(({ msg, method }) => msg === 'changed' && method !== undefined);
  expect(changes.length).toBeGreaterThan(5);
  for (const change of changes) expect(change).toMatchObject({ client: 'editor/1.2', client_pid: CALLER });
  const shown = prettyLine(JSON.stringify(changes[0]), '', (_, text) => text);
  expect(shown).toContain(`client=editor/1.2  client_pid=${CALLER}`);
});
