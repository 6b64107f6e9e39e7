/** A registry that changes all the time, a daemon that is killed, and a file that is spoilt before the next one starts. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import { until } from '../support/until.ts';
import { Counted } from './support/counted.ts';

/** The number that the copy of the last good content has; null while there is none. */
async function copied(one: Counted): Promise<number | null> {
  const file = join(one.daemon.paths.backupsDir, 'registry-last-good.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : Number(/"count": (\d+)/.exec(text)?.[1] ?? -1);
}

test(
  'what comes back is at most ten seconds old, however steadily it changed',
  { timeout: 120_000 },
  async () => {
    const one = await Counted.start(await temporaryDirectory());
    const over = new AbortController();
    onTestFinished(() => over.abort());
    const changing = (async () => {
      while (!over.signal.aborted) await one.change();
    })();
    // Ten seconds after the first change, not after the last: that never comes.
    await until(() => copied(one), 'there is a copy');
    over.abort();
    await changing;
    process.kill(one.daemon.pid, 'SIGKILL');
    await one.daemon.ended;
    const kept = await copied(one);
    expect(kept).toBeGreaterThan(1);
    await writeFile(one.file, '{ spoilt');
    await one.restart();
    expect(await one.agreed('after it was spoilt')).toBe(kept);
    expect(await one.client.call('registry.info')).toMatchObject({
      problem: { kind: 'recovered', message: expect.stringContaining('registry-last-good.json') as string },
    });
  },
);
