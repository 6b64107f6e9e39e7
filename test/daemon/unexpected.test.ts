/** What throws where nobody was there to be told: it is logged, and the daemon goes on. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startGardenerd } from '../faults/support/gardenerd.ts';
import { temporaryDirectory } from '../support/home.ts';
import { until } from '../support/until.ts';

test.each([
  ['a timer throws', 'setTimeout(() => { throw new Error("oops"); }, 1)'],
  ['an event is handled badly', 'process.nextTick(() => { throw new Error("oops"); })'],
  ['a promise is rejected that nobody awaits', 'void Promise.reject(new Error("oops"))'],
  ['what is thrown is no error', 'setImmediate(() => { throw "oops"; })'],
])('when %s, the daemon goes on', async (_, action) => {
  const preload = join(await temporaryDirectory(), 'preload.cjs');
  await writeFile(preload, `process.on('SIGUSR2', () => { ${action}; });`);
  const daemon = await startGardenerd({ env: { NODE_OPTIONS: `--require ${preload}` } });
  const peer = await daemon.connect();
  daemon.signal('SIGUSR2');
  await until(
    async () => (await readFile(daemon.paths.logFile, 'utf8')).includes('an unexpected error'),
    'it is in the log',
  );
  expect(await readFile(daemon.paths.logFile, 'utf8')).toContain('oops');
  expect(await peer.call('daemon.ping')).toBe('pong');
  expect(await daemon.stop()).toEqual({ code: 0, signal: null });
});
