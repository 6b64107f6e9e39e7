/** A temporary directory whose files are removed for their age. */
import { execFile } from 'node:child_process';
import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { pidFile } from '../../src/claim/beside.ts';
import { TOUCH_EVERY_MS } from '../../src/claim/keep-young.ts';
import { startDaemon } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

afterEach(() => void vi.useRealTimers());

/** Lets the clock on the wall be ahead by so much; timers go on as they are, as after a sleep of the machine. */
function setAhead(ms: number): void {
  vi.useRealTimers();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

async function modified(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}

test('every hour a daemon touches its socket and the note of its process', async () => {
  const { paths } = await startDaemon();
  const started = Date.now();
  setAhead(TOUCH_EVERY_MS + 60_000);
  for (const file of [paths.socket, pidFile(paths.socket)]) {
    await until(async () => (await modified(file)) > started + TOUCH_EVERY_MS, `${file} is touched`);
  }
});

test('systemd-tmpfiles leaves the socket of a daemon where it is', async (context) => {
  requireTools(context, 'systemd-tmpfiles');
  const directory = await temporaryDirectory();
  const socket = join(directory, 'registry.sock');
  const { connect } = await startDaemon({ socket });
  const files = [socket, pidFile(socket), join(directory, 'other')];
  await writeFile(join(directory, 'other'), 'nobody touches this');
  for (const file of files) await utimes(file, new Date(0), new Date(0));
  setAhead(TOUCH_EVERY_MS + 60_000);
  for (const file of files.slice(0, 2))
    await until(async () => (await modified(file)) > 0, `${file} is touched`);
  const config = join(await temporaryDirectory(), 'tmpfiles.conf');
  // By the times that a test can set.
  await writeFile(config, `e ${directory} - - - am:1d\n`);
  await run('systemd-tmpfiles', ['--clean', config]);
  expect(await readdir(directory)).toEqual(files.slice(0, 2).map((file) => basename(file)));
  const peer = await connect();
  expect(await peer.call('daemon.ping')).toBe('pong');
  peer.socket.destroy();
});
