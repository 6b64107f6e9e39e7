/** A command that is ended while the daemon that it has started does not come up. */
import { chmod, mkdir, readFile, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { commandLine, type CommandLine } from '../support/cli.ts';
import { until } from '../support/until.ts';

let cli: CommandLine;
let log: string;
let letGo: () => Promise<void>;

/** Keeps a daemon from coming up, as another one that is just starting does. */
beforeEach(async () => {
  cli = await commandLine();
  log = join(cli.dataDir, 'logs', 'daemon-start.log');
  const lock = join(cli.dataDir, 'run', 'registry.sock.lock');
  await mkdir(lock, { recursive: true });
  for (const directory of [cli.dataDir, dirname(lock)]) await chmod(directory, 0o700);
  const keeper = setInterval(() => {
    const now = new Date();
    // It may have been let go of.
    void utimes(lock, now, now).catch(() => undefined);
  }, 200);
  letGo = async () => {
    clearInterval(keeper);
    await rm(lock, { recursive: true, force: true });
  };
  onTestFinished(letGo);
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The daemon that says in the log that it is still starting. */
const starting = () =>
  until(async () => {
    const text = await readFile(log, 'utf8').catch(() => '');
    return Number(/process (\d+) is still starting/.exec(text)?.[1] ?? 0);
  }, 'a daemon says that it is still starting');

describe('a command that is starting the daemon', () => {
  test.for<[signal: NodeJS.Signals, ended: object]>([
    ['SIGINT', { code: 130, signal: null }],
    ['SIGHUP', { code: null, signal: 'SIGHUP' }],
  ])('and gets %s leaves none behind', async ([signal, ended]) => {
    const { child, finished } = cli.start(['ls']);
    const pid = await starting();
    child.kill(signal);
    expect(await finished).toMatchObject(ended);
    await until(() => !isThere(pid), 'the daemon is gone');
  });

  test('and gets SIGTERM, as when the time of a program around it is up, lets it come up', async () => {
    const { child, finished } = cli.start(['ls']);
    const pid = await starting();
    child.kill('SIGTERM');
    expect(await finished).toMatchObject({ code: null, signal: 'SIGTERM' });
    await letGo();
    expect(await cli.json(['daemon', 'start'])).toMatchObject({ pid });
  });

  test('says that it is still at it when the time is up, and the next one gets it', async () => {
    const { code, stderr } = await cli.run(['ls']);
    const pid = await starting();
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(
        'has not come up within 10000 ms and is still at it; call again in a while',
      ) as string,
    });
    await letGo();
    expect(await cli.json(['daemon', 'start'])).toMatchObject({ pid });
  });
});
