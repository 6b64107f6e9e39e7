/**
 * Every system call that a change makes on files fails once, with each of the errors that disks give, and is once the
 * last thing the daemon does. The answer is an error or the truth, memory and file say the same afterwards, and the
 * next change goes through.
 */
import { readdir } from 'node:fs/promises';
import { beforeEach, expect, test, type TestContext } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import type { Answer, LineClient } from '../support/lines.ts';
import { requireTools } from '../support/tools.ts';
import { readContent, servedContent } from './support/content.ts';
import { codebase, type Gardenerd, startGardenerd } from './support/gardenerd.ts';
import { fileThreads, ONE_THREAD, type SystemCall, traced } from './support/strace.ts';

const ERRORS = ['EIO', 'ENOSPC', 'EACCES'];
/** How many more calls the watcher may make than it made when they were counted. */
const WATCHERS_SHARE = 3;
/** How often all calls are gone through until each has been hit. */
const MOST_PASSES = 5;

let dataDir: string;
/** The number in the project's metadata; each change sets it to the next. */
let count: number;

beforeEach(async (context: TestContext) => {
  requireTools(context, 'strace');
  dataDir = await temporaryDirectory();
  count = 0;
});

async function start(): Promise<{ daemon: Gardenerd; client: LineClient }> {
  const daemon = await startGardenerd({ dataDir, env: ONE_THREAD });
  return { daemon, client: await daemon.connect() };
}

async function startWithProject(): Promise<{ daemon: Gardenerd; client: LineClient }> {
  const started = await start();
  const source_path = await codebase(dataDir);
  await started.client.call('projects.register', { name: 'one', source_path, metadata: { count } });
  return started;
}

async function change(client: LineClient): Promise<Answer> {
  count += 1;
  return await client.ask('projects.update', { project: 'one', metadata: { count } });
}

/** A call to strike at: the nth of its name, on its path, since the change was asked for. */
interface Target {
  readonly thread: 0 | 1;
  readonly name: string;
  /** Null for the temporary file, whose name is another each time. */
  readonly path: string | null;
  readonly nth: number;
  readonly purpose: string;
}

/** The calls of a change that may fail. */
async function record(
  daemon: Gardenerd,
  client: LineClient,
): Promise<{ targets: Target[]; purposes: Set<string> }> {
  const targets: Target[] = [];
  const purposes = new Set<string>();
  for (const thread of [0, 1] as const) {
    const { calls } = await traced((await fileThreads(daemon.pid))[thread], {}, () => change(client));
    for (const { name, path: at, purpose } of calls.filter((call) => !isWatchers(call))) {
      // The main thread works on sockets, too.
      if (at === null || purposes.has(purpose)) continue;
      purposes.add(purpose);
      const path = /\.\d+$/.test(at) ? null : at;
      // The watcher makes calls of the same names, sometimes more of them and sometimes fewer.
      const most = calls.filter((call) => call.name === name && (path === null || call.path === path)).length;
      for (let nth = 1; nth <= most + WATCHERS_SHARE; nth += 1)
        targets.push({ thread, name, path, nth, purpose });
    }
  }
  // Whatever else a change may do: it writes and syncs a file, renames it, and syncs the directory.
  expect([...purposes]).toEqual(
    expect.arrayContaining([
      `pwrite64 ${dataDir}/registry.json.staged.N`,
      `fsync ${dataDir}/registry.json.staged.N`,
      `rename ${dataDir}/registry.json.staged ${dataDir}/registry.json`,
      `fsync ${dataDir}`,
    ]),
  );
  return { targets, purposes };
}

/** Whether the watcher made a call. It looks around now and then, in a thread that it shares with the change. */
function isWatchers({ name, line }: SystemCall): boolean {
  if (name === 'read' || name === 'getdents64' || name === 'newfstatat' || line.includes('O_DIRECTORY'))
    return true;
  return line.includes('AT_SYMLINK_NOFOLLOW') && line.includes(`"${dataDir}/`) && !line.includes('.sock');
}

/** Makes one change while something happens at one of its calls. */
async function strike<T>(
  daemon: Gardenerd,
  { thread, name, path, nth }: Target,
  what: string,
  during: () => Promise<T>,
): Promise<{ result: T; calls: SystemCall[] }> {
  const threads = await fileThreads(daemon.pid);
  return await traced(threads[thread], { inject: `${name}:${what}:when=${nth}`, path }, during);
}

/** Memory and file must hold the same; gives the number that they hold. */
async function agreedCount(client: LineClient, when: string): Promise<number> {
  const served = await servedContent(client);
  expect(await readContent(`${dataDir}/registry.json`), when).toEqual(served);
  return Number(served.projects[0]?.metadata['count']);
}

async function expectNoLitter(when: string): Promise<void> {
  const names = await readdir(dataDir);
  expect(
    names.filter((name) => name.includes('staged')),
    when,
  ).toEqual([]);
}

test.for(ERRORS)(
  'a change tells the truth when any one of its calls fails with %s',
  { timeout: 120_000 },
  async (error) => {
    const { daemon, client } = await startWithProject();
    const { targets, purposes } = await record(daemon, client);
    const descriptors = await daemon.descriptors();
    const outcomes = new Set<unknown>();
    let closes = 0;
    for (let pass = 0; pass === 0 || (pass < MOST_PASSES && purposes.size > 0); pass += 1) {
      // What was not hit is tried again: the numbers of calls may have moved.
      const again = pass === 0 ? targets : (await record(daemon, client)).targets;
      for (const target of again.filter(({ purpose }) => pass === 0 || purposes.has(purpose))) {
        if (target.name === 'close') closes += 1;
        const when = `${target.name} ${target.path} number ${target.nth} fails with ${error}`;
        const before = count;
        const { result, calls } = await strike(daemon, target, `error=${error}`, () => change(client));
        for (const { tampered, purpose } of calls) if (tampered) purposes.delete(purpose);
        const now = await agreedCount(client, when);
        if (result.error) {
          expect(result.error, when).toMatchObject({ code: 1010, data: { kind: 'storage_failed' } });
          expect(now, when).toBe(result.error.data?.['applied'] === true ? count : before);
        } else expect(now, when).toBe(count);
        outcomes.add(result.error?.data?.['applied'] ?? 'done');
        expect((await change(client)).error, `the change after: ${when}`).toBeUndefined();
        expect(await agreedCount(client, when)).toBe(count);
        await expectNoLitter(when);
      }
    }
    expect([...purposes], 'calls that no strike has hit').toEqual([]);
    expect(outcomes).toEqual(new Set(['done', false, true]));
    // A close that "failed" left its descriptor open; nothing else did.
    expect(await daemon.descriptors()).toBeLessThanOrEqual(descriptors + closes);
  },
);

test(
  'a change is made or not when the daemon is killed at any one of its calls',
  { timeout: 120_000 },
  async () => {
    let { daemon, client } = await startWithProject();
    const { targets } = await record(daemon, client);
    const found = new Set<string>();
    for (const target of targets) {
      const when = `killed at ${target.name} ${target.path} number ${target.nth}`;
      const before = count;
      const { result } = await strike(daemon, target, 'signal=KILL', () => change(client).catch(() => null));
      if (result === null) {
        await daemon.ended;
        ({ daemon, client } = await start());
        await expectNoLitter(when);
      }
      const now = await agreedCount(client, when);
      expect(result === null ? [before, count] : [count], when).toContain(now);
      if (result === null) found.add(now === count ? 'made' : 'not made');
      count = now;
      expect((await change(client)).error, `the change after: ${when}`).toBeUndefined();
    }
    expect(found).toEqual(new Set(['made', 'not made']));
  },
);
