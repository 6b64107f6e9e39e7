/** A disk that does not answer any more. A daemon that is told to end ends all the same, and what it had is there. */
import { readFile } from 'node:fs/promises';
import { beforeEach, expect, test, type TestContext } from 'vitest';
import { OVERDUE_MS } from '../../src/daemon.ts';
import { GRACE_MS } from '../../src/system/end-process.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { Counted } from './support/counted.ts';
import { connectTo } from './support/gardenerd.ts';
import { fileThreads, ONE_THREAD, traced } from './support/strace.ts';

/** For longer than any of this may take, in strace's units. */
const HANGS = 'delay_enter=120s';
/** What a daemon has to end in, milliseconds. */
const END_MS = 10_000;
/** What a machine with much else to do may make of that, milliseconds; the disk hangs for far longer. */
const LOADED_MS = 30_000;

let one: Counted;

beforeEach(async (context: TestContext) => {
  requireTools(context, 'strace');
  one = await Counted.start(await temporaryDirectory(), { env: ONE_THREAD });
  await one.change();
});

/** Whether the process runs no more; what strace holds up of it is only gone with strace. */
async function isOver(): Promise<boolean> {
  const status = await readFile(`/proc/${one.daemon.pid}/status`, 'utf8').catch(() => 'State:\tX');
  return /^State:\t[ZX]/m.test(status);
}

/**
 * Lets a call hang, and gives how long the daemon takes to end. While it still hangs, and keeps a dead process, the next
 * daemon has taken its place.
 */
async function endDuring(inject: string, begin: () => void, end: () => void): Promise<number> {
  const [, files] = await fileThreads(one.daemon.pid);
  const { result } = await traced(files, { inject: `${inject}:${HANGS}` }, async () => {
    begin();
    // Behind it on the same connection: the daemon has taken it by then.
    await one.client.call('daemon.ping');
    const asked = performance.now();
    end();
    await until(isOver, 'the daemon has ended');
    const took = performance.now() - asked;
    expect(one.daemon.isRunning, 'the disk keeps it').toBe(true);
    // Not even where nobody can tell that it is dead does it keep anybody waiting.
    await expect(connectTo(one.daemon.paths.socket)).rejects.toThrow(/ECONNREFUSED|ENOENT/);
    await one.succeed();
    return took;
  });
  return result;
}

/** What was not acknowledged may be there or not. */
async function expectNothingLost(acknowledged: number): Promise<void> {
  expect([acknowledged, one.count]).toContain(await one.agreed('after the disk hung'));
}

test('a daemon gives itself less than ten seconds to end', () => {
  expect(OVERDUE_MS + GRACE_MS).toBeLessThan(END_MS - 500);
});

test('a daemon ends though a write never ends', async () => {
  const took = await endDuring(
    'fsync',
    () => void one.change().catch(() => null),
    () => one.daemon.signal('SIGTERM'),
  );
  expect(took).toBeLessThan(LOADED_MS);
  await expectNothingLost(one.count - 1);
});

test('a second signal ends it at once', async () => {
  const { daemon } = one;
  const took = await endDuring(
    'fsync',
    () => void one.change().catch(() => null),
    () => {
      daemon.signal('SIGTERM');
      daemon.signal('SIGINT');
    },
  );
  // Before it would by itself.
  expect(took).toBeLessThan(OVERDUE_MS);
  expect(daemon.stderr).toMatch(/^gardenerd: forced to end by a second SIG(INT|TERM)\n$/);
  await expectNothingLost(one.count - 1);
});

test('the same signal again ends it at once when it comes later, as a second Ctrl-C', async () => {
  const { daemon } = one;
  const took = await endDuring(
    'fsync',
    () => void one.change().catch(() => null),
    () => {
      daemon.signal('SIGINT');
      // Later than a repetition of the same wish comes, by the clock.
      setTimeout(() => daemon.signal('SIGINT'), 1_000);
    },
  );
  expect(took).toBeLessThan(END_MS / 2);
  expect(daemon.stderr).toBe('gardenerd: forced to end by a second SIGINT\n');
  await expectNothingLost(one.count - 1);
});

test('a daemon ends though it waits for the disk of a codebase', async () => {
  const took = await endDuring(
    'statx',
    () => void one.client.call('registry.validate').catch(() => null),
    () => one.daemon.signal('SIGTERM'),
  );
  expect(took).toBeLessThan(LOADED_MS);
  await expectNothingLost(one.count);
});
