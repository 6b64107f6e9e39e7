/** A watch of the client that lives through the violent end of five daemons, and knows what the sixth knows. */
import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { connect, ConnectionError, type ConnectOptions } from '../../client/index.ts';
import { resolvePaths } from '../../src/paths.ts';
import { Replica, servedState } from '../support/events.ts';
import { temporaryDirectory } from '../support/home.ts';
import { until } from '../support/until.ts';
import { codebase, connectTo, PROGRAM } from './support/gardenerd.ts';
import { seeded } from './support/random.ts';

const KILLS = 5;
const WRITERS = 4;
/** Changes that are acknowledged before each kill. */
const CHANGES_BETWEEN = 40;

test(
  `a watch goes through ${KILLS} times kill -9 and ends with what the daemon has`,
  { timeout: 240_000 },
  async () => {
    const random = seeded();
    const dataDir = await temporaryDirectory();
    const source_path = await codebase(dataDir);
    // Whoever finds no daemon starts one; a loaded machine may take its time.
    const options: ConnectOptions = {
      dataDir,
      daemon: [process.execPath, PROGRAM],
      deadlines: { connect: 20_000, hello: 20_000, start: 60_000 },
    };
    onTestFinished(() => endDaemon(dataDir));
    const open = async () => {
      const client = await connect(options);
      onTestFinished(() => client.close());
      return client;
    };

    const replica = new Replica();
    let resyncs = 0;
    const over = new AbortController();
    const watching = (async () => {
      const watcher = await open();
      for await (const event of watcher.watch({ signal: over.signal })) {
        // Throws when anything is missing before it.
        replica.apply(event);
        if (event.type === 'resync') resyncs += 1;
      }
    })();
    const failed = watching.catch((error: unknown) => error);
    const [control, ...clients] = await Promise.all([open(), ...Array.from({ length: WRITERS }, open)]);
    await until(() => resyncs > 0, 'the watch has begun');

    let acknowledged = 0;
    const enough = new AbortController();
    onTestFinished(() => enough.abort());
    const writing = clients.map(async (client, n) => {
      const names: string[] = [];
      for (let count = 0; !enough.signal.aborted; count += 1) {
        const name = `w${n}-${count}`;
        const dice = random.fraction();
        const change = async () => {
          if (names.length === 0 || dice < 0.3) {
            await client.projects.register({ name, source_path });
            names.push(name);
          } else if (dice < 0.4) {
            const [gone = ''] = names.splice(random.integer(0, names.length), 1);
            await client.projects.remove({ project: gone });
          } else if (dice < 0.5) await client.projects.activate({ project: random.pick(names) });
          else await client.projects.update({ project: random.pick(names), metadata: { count } });
        };
        // What was under way when the daemon was killed may or may not have been done.
        if (await survives(change)) acknowledged += 1;
      }
    });

    const moreChanges = async () => {
      const wanted = acknowledged + CHANGES_BETWEEN;
      await until(() => acknowledged >= wanted, `${CHANGES_BETWEEN} more changes are made`, 60_000);
    };
    const epochs = new Set<string>();
    for (let kill = 0; kill < KILLS; kill += 1) {
      await moreChanges();
      const { pid } = await control.daemon.status();
      epochs.add(control.hello.epoch);
      process.kill(pid, 'SIGKILL');
      const known = resyncs;
      await until(() => resyncs > known, 'the watch goes on with the next daemon', 60_000);
    }
    await moreChanges();
    enough.abort();
    await Promise.all(writing);

    const peer = await connectTo(resolvePaths({ dataDir }, {}).socket);
    onTestFinished(() => void peer.socket.destroy());
    const state = await servedState(peer);
    await until(() => JSON.stringify(replica.state) === JSON.stringify(state), 'the watch has it all').catch(
      () => {
        expect(replica.state).toEqual(state);
      },
    );
    expect(epochs.size).toBe(KILLS);
    expect(resyncs).toBe(KILLS + 1);
    expect(state.projects.length).toBeGreaterThan(10);
    over.abort();
    expect(await failed).toBe(over.signal.reason);
  },
);

/** Whether a change was acknowledged; false when the daemon was killed meanwhile, or the test is over. */
async function survives(change: () => Promise<void>): Promise<boolean> {
  try {
    await change();
    return true;
  } catch (error) {
    if (error instanceof ConnectionError && ['lost', 'closed'].includes(error.reason)) return false;
    throw error;
  }
}

/** Ends the daemon that is there now; nobody else knows its process. */
async function endDaemon(dataDir: string): Promise<void> {
  const { socket } = resolvePaths({ dataDir }, {});
  const pid = Number(await readFile(`${socket}.pid`, 'utf8'));
  process.kill(pid, 'SIGKILL');
  await until(() => isGone(pid), 'the daemon is gone');
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    // There is no such process any more.
    return true;
  }
}
