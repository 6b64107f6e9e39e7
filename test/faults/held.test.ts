/**
 * A change is held up at each of its system calls in turn. Its answer does not come before that call is over, and an
 * edit that somebody makes in the meantime is taken over and not overwritten: at every moment but the one between the
 * last look at the file and the rename.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, expect, test, type TestContext } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { servedContent } from './support/content.ts';
import { Counted } from './support/counted.ts';
import { fileThreads, ONE_THREAD, type SystemCall, traced } from './support/strace.ts';
import { strike, type Target, targetsOf } from './support/targets.ts';

/** Longer than a change takes by itself, also on a busy machine; milliseconds. */
const HOLD = 150;
/** When the edit is made, from the moment in which the change is asked for; milliseconds. */
const EDIT_AFTER = 50;

let one: Counted;

beforeEach(async (context: TestContext) => {
  requireTools(context, 'strace');
  one = await Counted.start(await temporaryDirectory(), { env: ONE_THREAD });
  await one.change();
});

function purposes(calls: readonly SystemCall[]): string[] {
  return calls.map(({ purpose }) => purpose);
}

test('the steps of a change come in the order that survives a power cut, and the answer after the last', async () => {
  const [main, files] = await fileThreads(one.daemon.pid);
  const staged = `${one.file}.X.staged`;
  // The file is put in its place in one step with the last look before it; what waits for the disk has a thread.
  const steps: [thread: number, step: string][] = [
    [main, `pwrite64 ${staged}.N`],
    [main, `rename ${staged}.N ${staged}`],
    [files, `fsync ${staged}`],
    [main, `rename ${staged} ${one.file}`],
    [files, `fsync ${one.dataDir}`],
  ];
  const wanted = steps.map(([, step]) => step);
  const { result: inMain, calls: inFiles } = await traced(files, {}, () =>
    traced(main, {}, () => one.change()),
  );
  const calls = [...inMain.calls, ...inFiles].toSorted((a, b) => a.at - b.at);
  expect(purposes(calls).filter((purpose) => wanted.includes(purpose))).toEqual(wanted);
  const counts = new Map<string, number>();
  for (const [thread, step] of steps) {
    const [name = ''] = step.split(' ');
    const counted = `${name} in ${thread}`;
    const nth = (counts.get(counted) ?? 0) + 1;
    counts.set(counted, nth);
    const inject = `${name}:delay_enter=${HOLD * 1000}:when=${nth}`;
    const asked = performance.now();
    const held = await traced(thread, { inject }, () => one.change());
    expect(held.result.error).toBeUndefined();
    expect(purposes(held.calls.filter(({ tampered }) => tampered))).toEqual([step]);
    expect(performance.now() - asked, `the answer came before: ${step}`).toBeGreaterThan(HOLD);
  }
});

/** Sets a mark in the file, as a careful program does: beside it, then in its place. */
async function replaceFile(mark: number): Promise<void> {
  await writeFile(`${one.file}.tmp`, marked(await readFile(one.file, 'utf8'), mark));
  await rename(`${one.file}.tmp`, one.file);
}

function marked(text: string, mark: number): string {
  const document = JSON.parse(text) as { projects: Record<string, { metadata: object }> };
  for (const project of Object.values(document.projects)) Object.assign(project.metadata, { mark });
  return `${JSON.stringify(document, null, 2)}\n`;
}

test(
  'an edit that replaces the file is never overwritten before the instant of the rename',
  { timeout: 300_000 },
  async () => {
    const last = `rename ${one.file}.X.staged ${one.file}`;
    let mark = 0;
    let instants = 0;
    for (const target of await targetsOf(one)) {
      const when = `held at ${target.name} ${target.path} number ${target.nth}`;
      const instant = await editDuring(target, () => replaceFile((mark += 1)));
      if (instant === last) instants += 1;
      else {
        await until(async () => {
          const { projects } = await servedContent(one.client);
          return projects[0]?.metadata['mark'] === mark;
        }, `the daemon has taken over the edit made while ${when}`);
      }
      await one.client.call('registry.reload');
      const now = await one.agreed(when);
      // An edit during no hold may itself have written over the change; the daemon is not to blame.
      if (instant === undefined) one.count = now;
      else expect(now, when).toBe(one.count);
    }
    expect(instants).toBeGreaterThan(0);
  },
);

/** Edits the file while a change is held up at one of its calls; gives that call's purpose. */
async function editDuring(target: Target, edit: () => Promise<void>): Promise<string | undefined> {
  for (let hold = HOLD; ; hold *= 2) {
    const asked = performance.now();
    let edited = Infinity;
    const { result, struck } = await strike(one, target, `delay_enter=${hold * 1000}`, async () => {
      const edits = pause(EDIT_AFTER).then(async () => {
        await edit();
        edited = performance.now();
      });
      const [answer] = await Promise.all([one.change(), edits]);
      return answer;
    });
    expect(result.error).toBeUndefined();
    if (struck.length === 0 || edited - asked < hold) return struck[0];
    // The edit came too late, on a busy machine; it is taken over first.
    await one.client.call('registry.reload');
    one.count = await one.agreed('after an edit that came too late');
  }
}
