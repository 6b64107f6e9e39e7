/**
 * kill -9 at any moment. What an answer acknowledged is there afterwards, what was on its way is there as a whole or
 * not at all, whoever reads the file meanwhile sees a whole one, and the next start leaves no litter.
 */
import { readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import type { LineClient } from '../support/lines.ts';
import { until } from '../support/until.ts';
import { servedContent } from './support/content.ts';
import { CODEBASE, connectTo, Gardenerd, startGardenerd } from './support/gardenerd.ts';
import { type Random, seeded } from './support/random.ts';
import { readAllTheTime } from './support/reader.ts';

const ROUNDS = 200;
/** When no more rounds are begun, milliseconds: a loaded machine may come to some tens of them. */
const LONGEST = 150_000;
const WRITERS = 8;
/** Each so many rounds the daemon is killed while it starts. */
const KILLED_AT_START_EVERY = 8;
/** After at most so many acknowledged changes, and then so many milliseconds, comes the kill. */
const MOST_CHANGES = 60;
const LONGEST_DELAY = 8;
/** About how long a start takes on an idle machine, milliseconds. */
const START = 200;
const PROJECTS_EACH = 3;

/** Projects of one writer: counters by name. */
type Counters = ReadonlyMap<string, number>;

/** Changes its own projects, one change after the other, and knows what was acknowledged. */
class Writer {
  readonly prefix: string;
  acknowledged: Counters = new Map();
  /** What there would be if the change under way has gone through. */
  underWay: Counters | null = null;
  /** Acknowledged changes. */
  changes = 0;
  readonly #random: Random;

  constructor(number: number, random: Random) {
    this.prefix = `w${number}-`;
    this.#random = random;
  }

  /** Writes until the connection is lost. @throws {Error} at an answer that is an error */
  async write(client: LineClient): Promise<void> {
    for (;;) {
      const { method, params, after } = this.#choose();
      this.underWay = after;
      let answer;
      try {
        answer = await client.ask(method, params);
      } catch (error) {
        if (client.socket.destroyed) return;
        throw error;
      }
      if (answer.error) throw new Error(`${method} was refused: ${JSON.stringify(answer.error)}`);
      this.acknowledged = after;
      this.underWay = null;
      this.changes += 1;
    }
  }

  #choose(): { method: string; params: object; after: Counters } {
    const after = new Map(this.acknowledged);
    const [name, count] = after.size > 0 ? this.#random.pick([...after]) : ['', 0];
    const fresh = `${this.prefix}${this.changes}-${this.#random.integer(0, 1e9)}`;
    const dice = this.#random.fraction();
    if (name === '' || (dice < 0.3 && after.size < PROJECTS_EACH)) {
      after.set(fresh, 0);
      const params = { name: fresh, source_path: CODEBASE, metadata: { count: 0 } };
      return { method: 'projects.register', params, after };
    }
    if (dice < 0.4) {
      after.delete(name);
      return { method: 'projects.remove', params: { project: name }, after };
    }
    if (dice < 0.5) {
      after.delete(name);
      after.set(fresh, count);
      return { method: 'projects.update', params: { project: name, name: fresh }, after };
    }
    after.set(name, count + 1);
    return {
      method: 'projects.update',
      params: { project: name, metadata: { count: count + 1 } },
      after,
    };
  }
}

test(
  `nothing acknowledged is lost in ${ROUNDS} rounds of kill -9 under ${WRITERS} writers`,
  { timeout: 280_000 },
  async () => {
    const random = seeded();
    const dataDir = await temporaryDirectory();
    const writers = Array.from({ length: WRITERS }, (_, number) => new Writer(number, random));
    const reader = readAllTheTime(`${dataDir}/registry.json`);
    const start = performance.now();
    let rounds = 0;
    for (; rounds < ROUNDS && performance.now() - start < LONGEST; rounds += 1) {
      if (rounds % KILLED_AT_START_EVERY === 1) await killAtStart(dataDir, random);
      const daemon = await startGardenerd({ dataDir });
      await expectAcknowledged(daemon, writers, rounds);
      const clients = await Promise.all(writers.map(() => connectTo(daemon.paths.socket)));
      const writing = writers.map((writer, number) => writer.write(clients[number] as LineClient));
      const enough = changesOf(writers) + random.integer(0, MOST_CHANGES);
      await until(() => changesOf(writers) >= enough, `the writers have made ${enough} changes`);
      await pause(random.fraction() * LONGEST_DELAY);
      await daemon.kill();
      await Promise.all(writing);
    }
    const daemon = await startGardenerd({ dataDir });
    await expectAcknowledged(daemon, writers, rounds);
    expect(await reader.stop()).toBeGreaterThan(rounds);
    // Fewer would mean that the kills came before there was anything to lose.
    expect(changesOf(writers)).toBeGreaterThan(rounds * WRITERS);
  },
);

/** Kills a daemon at any moment between its first instruction and its first answer. */
async function killAtStart(dataDir: string, random: Random): Promise<void> {
  const daemon = new Gardenerd(dataDir);
  await pause(random.fraction() * START);
  await daemon.kill();
}

async function expectAcknowledged(
  daemon: Gardenerd,
  writers: readonly Writer[],
  round: number,
): Promise<void> {
  const client = await connectTo(daemon.paths.socket);
  const { projects } = await servedContent(client);
  client.socket.destroy();
  for (const writer of writers) {
    const found = new Map(
      projects
        .filter(({ name }) => name.startsWith(writer.prefix))
        .map(({ name, metadata }) => [name, Number(metadata['count'])]),
    );
    const expected = [writer.acknowledged, writer.underWay].map((counters) => counters && sorted(counters));
    expect(expected, `writer ${writer.prefix} after round ${round}`).toContainEqual(sorted(found));
    writer.acknowledged = found;
    writer.underWay = null;
  }
  // The copy that is made at a start is staged for an instant, which on a busy machine may be this one.
  await until(async () => (await litter(daemon)).length === 0, `nothing is left behind after round ${round}`);
}

/** Files that no daemon means to keep. */
async function litter({ paths }: Gardenerd): Promise<string[]> {
  const known = [
    'backups',
    'logs',
    'projects',
    'registry.json',
    'registry.schema.json',
    'run',
    'trash',
    'undo',
  ];
  const inRun = ['owner', 'registry.sock', 'registry.sock.pid'];
  return [
    ...(await readdir(paths.dataDir)).filter((name) => !known.includes(name)),
    ...(await readdir(paths.runDir)).filter((name) => !inRun.includes(name)),
    ...(await readdir(paths.backupsDir)).filter((name) => !/^registry-.*\.json$/.test(name)),
  ];
}

function changesOf(writers: readonly Writer[]): number {
  return writers.reduce((sum, { changes }) => sum + changes, 0);
}

function sorted(counters: Counters): [string, number][] {
  return [...counters].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
