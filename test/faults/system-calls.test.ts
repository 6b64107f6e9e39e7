/**
 * Every system call that a change makes on files fails once, with each of the errors that disks give, and is once the
 * last thing the daemon does. The answer is an error or the truth, memory and file say the same afterwards, and the
 * next change goes through.
 */
import { readdir } from 'node:fs/promises';
import { beforeEach, expect, test, type TestContext } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { Counted } from './support/counted.ts';
import { ONE_THREAD } from './support/strace.ts';
import { strike, targetsOf } from './support/targets.ts';

const ERRORS = ['EIO', 'ENOSPC', 'EACCES'];
/** How often all calls are gone through until each has been hit. */
const MOST_PASSES = 5;

let one: Counted;

beforeEach(async (context: TestContext) => {
  requireTools(context, 'strace');
  one = await Counted.start(await temporaryDirectory(), { env: ONE_THREAD });
});

async function expectNoLitter(when: string): Promise<void> {
  const litter = (await readdir(one.dataDir)).filter((name) => name.includes('staged'));
  expect(litter, when).toEqual([]);
}

test.for(ERRORS)(
  'a change tells the truth when any one of its calls fails with %s',
  { timeout: 240_000 },
  async (error) => {
    const targets = await targetsOf(one);
    const missed = new Set(targets.map(({ purpose }) => purpose));
    const descriptors = await one.daemon.descriptors();
    const outcomes = new Set<unknown>();
    let closes = 0;
    for (let pass = 0; pass === 0 || (pass < MOST_PASSES && missed.size > 0); pass += 1) {
      // What was missed is tried again: the watcher may have moved the numbers.
      const again = pass === 0 ? targets : await targetsOf(one);
      for (const target of again.filter(({ purpose }) => pass === 0 || missed.has(purpose))) {
        if (target.name === 'close') closes += 1;
        const when = `${target.name} ${target.path} number ${target.nth} fails with ${error}`;
        const before = one.count;
        const { result, struck } = await strike(one, target, `error=${error}`, () => one.change());
        for (const purpose of struck) missed.delete(purpose);
        const now = await one.agreed(when);
        if (result.error) {
          expect(result.error, when).toMatchObject({ code: 1010, data: { kind: 'storage_failed' } });
          expect(now, when).toBe(result.error.data?.['applied'] === true ? one.count : before);
        } else expect(now, when).toBe(one.count);
        outcomes.add(result.error?.data?.['applied'] ?? 'done');
        expect((await one.change()).error, `the change after: ${when}`).toBeUndefined();
        expect(await one.agreed(when)).toBe(one.count);
        await expectNoLitter(when);
      }
    }
    expect([...missed]).toEqual([]);
    expect(outcomes).toEqual(new Set(['done', false, true]));
    // A close that "failed" left its descriptor open; nothing else did.
    expect(await one.daemon.descriptors()).toBeLessThanOrEqual(descriptors + closes);
  },
);

test(
  'a change is made or not when the daemon is killed at any one of its calls',
  { timeout: 240_000 },
  async () => {
    const found = new Set<string>();
    for (const target of await targetsOf(one)) {
      const when = `killed at ${target.name} ${target.path} number ${target.nth}`;
      const before = one.count;
      const { result } = await strike(one, target, 'signal=KILL', () => one.change().catch(() => null));
      if (result === null) {
        await one.restart();
        await expectNoLitter(when);
      }
      const now = await one.agreed(when);
      expect(result === null ? [before, one.count] : [one.count], when).toContain(now);
      if (result === null) found.add(now === one.count ? 'made' : 'not made');
      one.count = now;
      expect((await one.change()).error, `the change after: ${when}`).toBeUndefined();
    }
    expect(found).toEqual(new Set(['made', 'not made']));
  },
);
