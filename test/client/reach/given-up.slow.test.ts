/** What becomes of a daemon that was started when whoever started it waits no more. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { connect } from '../../../client/index.ts';
import { bundles } from '../bundle.ts';
import { type Home, home, refusal } from './starting.ts';

const programs = bundles({ library: 'client/index.ts' });

const LIMIT_MS = 20_000;

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The process of the one start that there was. */
async function pidOf({ starts }: Home): Promise<number> {
  const pids = await vi.waitFor(async () => {
    const found = (await starts()).map(({ pid }) => pid);
    expect(found).toHaveLength(1);
    return found;
  }, LIMIT_MS);
  const [pid = 0] = pids;
  onTestFinished(() => {
    if (isThere(pid)) process.kill(pid, 'SIGKILL');
  });
  return pid;
}

const gone = (pid: number) => vi.waitFor(() => expect(isThere(pid)).toBe(false), LIMIT_MS);

/** Waits until so many have said hello to the daemon. */
const hellos = ({ dataDir }: Home, count: number) =>
  vi.waitFor(async () => {
    const said = await readFile(join(dataDir, 'run', 'registry.sock.hellos'), 'utf8');
    expect(said.length).toBeGreaterThanOrEqual(count);
  }, LIMIT_MS);

/** A program that is no daemon, and notes its process. */
function program(note: string, script: string): string[] {
  return ['sh', '-c', `echo $$ > "$0.new"; mv "$0.new" "$0"; ${script}`, note];
}

describe('a daemon that does not come up in time', () => {
  test.for<[what: string, script: string]>([
    ['is ended', 'exec sleep 1000'],
    ['is ended though it takes no notice of signals', `trap '' HUP TERM INT; sleep 1000; sleep 1000`],
    ['is ended though it is stopped', 'kill -STOP $$'],
    ['is ended with what it has started', 'sleep 1000 & echo $! > "$0.below"; wait'],
  ])('%s', async ([, script]) => {
    const { dataDir, options } = await home();
    const note = join(dataDir, 'pid');
    const error = await refusal(options('', { daemon: program(note, script), deadlines: { start: 4_000 } }));
    expect(error).toMatchObject({
      reason: 'start_failed',
      message: expect.stringContaining('it did not answer within 4000 ms') as string,
    });
    await gone(Number(await readFile(note, 'utf8')));
    const below = await readFile(`${note}.below`, 'utf8').catch(() => '');
    if (below !== '') await gone(Number(below));
  });

  test('is ended when it takes connections and says nothing', async () => {
    const place = await home();
    const error = await refusal(place.options('mute', { deadlines: { start: 6_000 } }));
    // Not which process is to be killed: it is gone, and the number may be anybody's.
    expect(error).toMatchObject({
      reason: 'start_failed',
      message: expect.stringContaining('it stood still and was ended; call again') as string,
    });
    await gone(await pidOf(place));
  });

  test.for(['telling', 'busy', 'recovering'])(
    'is left to come up while it is at it (%s)',
    async (behaviour) => {
      const place = await home();
      const { dataDir, options } = place;
      const error = await refusal(options(behaviour, { deadlines: { start: 1_500 } }));
      expect(error).toMatchObject({
        reason: 'start_failed',
        message: expect.stringContaining(
          'it has not come up within 1500 ms and is still at it; call again in a while; see',
        ) as string,
      });
      const pid = await pidOf(place);
      await writeFile(join(dataDir, 'go'), '');
      const client = await connect(options(behaviour));
      expect(client.hello.pid).toBe(pid);
      await client.close();
    },
  );

  test('is ended once it is at it no more', async () => {
    const place = await home();
    const { dataDir, options } = place;
    const error = await refusal(options('telling', { deadlines: { start: 1_500 } }));
    expect(error.message).toContain('still at it');
    await writeFile(join(dataDir, 'stop'), '');
    await gone(await pidOf(place));
  });

  test('is waited for by who comes meanwhile, for longer than by who meets a daemon that hangs', async () => {
    const place = await home();
    const { dataDir, options } = place;
    const first = connect(options('recovering'));
    const pid = await pidOf(place);
    await hellos(place, 1);
    const second = connect(options('recovering', { autoStart: false, deadlines: { hello: 50 } }));
    // Any of several that wait as long as that daemon starts has waited longer than it would for another one.
    await refusal(options('recovering', { autoStart: false, deadlines: { hello: 50, start: 500 } }));
    await writeFile(join(dataDir, 'go'), '');
    for (const client of [await first, await second]) {
      expect(client.hello.pid).toBe(pid);
      await client.close();
    }
  });
});

describe('a caller who aborts while a daemon is being started', () => {
  test('gets the reason back, and the daemon is ended', async () => {
    const place = await home();
    const caller = new AbortController();
    const attempt = connect(place.options('telling', { signal: caller.signal }));
    const pid = await pidOf(place);
    caller.abort(new Error('never mind'));
    await expect(attempt).rejects.toThrow('never mind');
    await gone(pid);
  });

  test('leaves it to others who wait for it, the last of whom has it ended', async () => {
    const place = await home();
    const callers = [new AbortController(), new AbortController(), new AbortController()];
    const [first, second, third] = callers.map(({ signal }) => connect(place.options('telling', { signal })));
    const pid = await pidOf(place);
    callers[0]?.abort(new Error('never mind'));
    await expect(first).rejects.toThrow('never mind');
    callers[1]?.abort(new Error('never mind'));
    await expect(second).rejects.toThrow('never mind');
    await writeFile(join(place.dataDir, 'go'), '');
    const client = await third;
    expect(client?.hello.pid).toBe(pid);
    await client?.close();
  });

  test('does not end it when it serves others', async () => {
    const place = await home();
    const { options } = place;
    const caller = new AbortController();
    const unlucky = connect(options('choosy', { signal: caller.signal }));
    const pid = await pidOf(place);
    await hellos(place, 1);
    const lucky = await connect(options('choosy', { autoStart: false }));
    caller.abort(new Error('never mind'));
    await expect(unlucky).rejects.toThrow('never mind');
    // Somebody looks whether it serves, before it is ended by force.
    await hellos(place, 3);
    expect(await lucky.projects.count()).toBe(pid);
    await lucky.close();
  });
});

test.for<[what: string, script: string]>([
  ['is ended', 'exec sleep 1000'],
  ['is ended though it takes no notice of signals', `trap '' HUP TERM INT; sleep 1000; sleep 1000`],
])('what a process was starting when it ended of its own accord %s', async ([, script]) => {
  const { dataDir, options } = await home();
  const note = join(dataDir, 'pid');
  const { socket, daemon } = options('', { daemon: program(note, script) });
  const source = `import { existsSync } from 'node:fs';
    import { connect } from ${JSON.stringify(pathToFileURL(programs.library.file).href)};
    void connect(${JSON.stringify({ dataDir, socket, daemon })});
    setInterval(() => existsSync(${JSON.stringify(note)}) && process.exit(), 10);`;
  const words = ['--input-type=module', '-e', source];
  const { stderr } = await promisify(execFile)(process.execPath, words, { timeout: LIMIT_MS });
  expect(stderr).toBe('');
  await gone(Number(await readFile(note, 'utf8')));
});
