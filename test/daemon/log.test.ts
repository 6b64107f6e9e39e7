/** The log of a real daemon, as whatever reads it line by line finds it. */
import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { prettyLine } from '../../client/cli/daemon/log-lines.ts';
import { methods } from '../../src/protocol/methods.ts';
import { codebase, startGardenerd } from '../faults/support/gardenerd.ts';

/** A number that no process has. */
const CALLER = 99_999_999;

test('every line has each of its keys once, and one line tells of each change, by its method and its caller', async () => {
  const daemon = await startGardenerd({ args: ['--log-level', 'debug'] });
  const { dataDir, logFile, registryFile } = daemon.paths;
  const peer = await daemon.connect();
  const made: string[] = [];
  const change = (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    made.push(method);
    return peer.call(method, params);
  };
  const train = async (method = 'training.begin', params: object = { project: 'a' }): Promise<object> => {
    const { token } = await change(method, params);
    return { project: 'a', token };
  };
  await peer.call('daemon.hello', { client: { name: 'editor', version: '1.2', pid: CALLER } });
  await change('projects.register', { name: 'a', source_path: await codebase(dataDir) });
  await change('projects.activate', { project: 'a' });
  await change('projects.touch', { project: 'a' });
  await change('projects.update', { project: 'a', tags: ['work'] });
  await change('projects.move', { project: 'a', to: dataDir });
  await change('projects.set_status', { project: 'a', status: 'failed' });
  await change('projects.retrain', { project: 'a' });
  const lease = await train('training.claim', {});
  await peer.call('training.resume', lease);
  await change('training.progress', { ...lease, phase: 'reading' });
  // Of what stays in memory nothing is told.
  await peer.call('training.progress', { ...lease, phase: 'reading', progress: 0.5 });
  await change('training.cancel', { project: 'a', reason: 'enough' });
  await change('training.fail', { ...lease, error: 'out of memory' });
  const trained = await train();
  await change('training.complete', { ...trained, lora_adapter_path: registryFile });
  await change('training.promote', trained);
  await change('training.prune');
  await change('training.release', await train());
  await writeFile(registryFile, '{');
  await peer.call('registry.reload');
  const { backups } = await peer.call('registry.backups');
  await change('registry.restore', { name: (backups as unknown as { name: string }[])[0]?.name });
  await change('registry.repair');
  const other = { name: 'b', source_path: dataDir };
  await change('registry.import', {
    content: JSON.stringify({ projects: { [crypto.randomUUID()]: other } }),
  });
  await change('projects.remove', { project: 'a' });
  await change('registry.undo');
  await peer.call('daemon.shutdown', { reason: 'the end' });
  await daemon.ended;
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
  // Of two keys of one name a reader keeps one.
  expect(lines.filter((line) => JSON.stringify(JSON.parse(line)) !== line)).toEqual([]);
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(new Set(entries.map(({ pid }) => pid))).toEqual(new Set([daemon.pid]));
  const changes = entries.filter(({ msg, method }) => msg === 'changed' && method !== undefined);
  expect(changes.map(({ method }) => method)).toEqual(made);
  for (const entry of changes) expect(entry).toMatchObject({ client: 'editor/1.2', client_pid: CALLER });
  const shown = prettyLine(JSON.stringify(changes[0]), '', (_, text) => text);
  expect(shown).toContain(`client=editor/1.2  client_pid=${CALLER}`);
  const all = Object.entries(methods).filter(
    ([name, { kind }]) => kind === 'change' && name !== 'registry.reload',
  );
  const untried = all.map(([name]) => name).filter((name) => !made.includes(name));
  const why = 'their handlers say with changed(...) what they have changed: call these here with change()';
  expect(untried, why).toEqual([]);
});
