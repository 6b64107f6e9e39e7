/** Trainers that share two slots, while they, who runs them and the daemon are killed: no slot is two's, and none is lost. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type CommandLine, commandLine, type Running } from '../support/cli.ts';
import { until } from '../support/until.ts';
import { connectTo, greet } from './support/gardenerd.ts';
import { type Random, seeded } from './support/random.ts';
import { report } from './support/report.ts';

const SLOTS = ['gpu0', 'gpu1'];
const WORKERS = 5;
const KILLS = 15;
/** Between two kills at most, in milliseconds: about as long as a training takes. */
const LONGEST_PAUSE_MS = 1_500;

/**
 * Takes a file of the slot, which only one can make, and removes it in the end. One that is there already is left of who
 * was killed, or somebody else is in the slot; the name comes with its content, so that none is ever empty.
 */
const TRAINER = `
  mine="$HOME/$$"; held="$HOME/held-$GARDENER_SLOT"
  echo $$ > "$mine"
  until ln "$mine" "$held" 2> /dev/null; do
    other=$(cat "$held" 2> /dev/null) || continue
    if kill -0 "$other" 2> /dev/null && ! grep -qs '^State:.Z' "/proc/$other/status"; then
      echo "$other and $$ in $GARDENER_SLOT" >> "$HOME/overlaps"
      exit 9
    fi
    rm -f "$held"
  done
  echo "$GARDENER_SLOT" >> "$HOME/taken"
  sleep "$(($$ % 2)).$(($$ % 9 + 1))"
  rm -f "$held" "$mine"`;

test(`${WORKERS} trainers, ${SLOTS.length} slots, ${KILLS} kills`, { timeout: 240_000 }, async () => {
  const random = seeded();
  const cli = await commandLine();
  await cli.codebase('src', {});
  await cli.json(['add', 'src', '--name', 'first']);
  await registerMore(cli);
  const running = new Set<Running>();
  const codes = new Map<number | null, number>();
  const plan = { isOver: false };
  let next = 0;
  const work = async (number: number): Promise<void> => {
    while (!plan.isOver) {
      // Every second one takes what waits, the others a project of their own.
      const what = number % 2 === 0 ? ['--claim', '--tag', 'claimed'] : [`named${(next += 1)}`];
      const slots = number === 0 ? 'gpu1' : SLOTS.join(',');
      // What is killed leaves what it has there.
      const env = { TMPDIR: cli.home };
      const one = cli.start(['train', ...what, '--slot', slots, '--', 'sh', '-c', TRAINER], { env });
      running.add(one);
      const { code } = await one.finished;
      running.delete(one);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  const workers = Array.from({ length: WORKERS }, (_, number) => work(number));
  const taken = async () => (await textOf(cli, 'taken')).split('\n').slice(0, -1);
  await until(async () => (await taken()).length >= SLOTS.length, 'trainers have the slots');
  const watching = watchFile(cli, () => plan.isOver);
  const kills = { gardener: 0, trainer: 0, daemon: 0 };
  for (let kill = 0; kill < KILLS; kill += 1) {
    await pause(random.fraction() * LONGEST_PAUSE_MS);
    const victim = random.pick(['gardener', 'trainer', 'daemon'] as const);
    if (await KILL[victim](cli, running, random)) kills[victim] += 1;
  }
  plan.isOver = true;
  await Promise.all(workers);
  expect(await textOf(cli, 'overlaps')).toBe('');
  expect(await watching).toEqual([]);
  // After the ten seconds for who was killed last, all can be taken again.
  const peer = await connectTo(socketOf(cli));
  for (const [n, slot] of SLOTS.entries()) {
    const params = { project: `last${n}`, slot, wait_ms: 20_000 };
    expect(await peer.call('training.begin', params)).toMatchObject({ slot });
  }
  peer.socket.destroy();
  const all = await taken();
  expect(new Set(all)).toEqual(new Set(SLOTS));
  report(
    `${all.length} trainings in slots; killed: ${JSON.stringify(kills)}; codes: ${JSON.stringify([...codes])}`,
  );
  // Otherwise nobody had to wait for anybody, and little was proved.
  expect(all.length).toBeGreaterThan(WORKERS);
});

type Kill = (cli: CommandLine, running: ReadonlySet<Running>, random: Random) => Promise<boolean>;

/** Each kills one at some moment, and says whether there was one. */
const KILL: Record<'gardener' | 'trainer' | 'daemon', Kill> = {
  async gardener(_cli, running, random) {
    if (running.size === 0) return false;
    const { child } = random.pick([...running]);
    if (child.exitCode !== null || child.signalCode !== null) return false;
    child.kill('SIGKILL');
    await once(child, 'close');
    return true;
  },
  async trainer(cli, _running, random) {
    const pid = Number(await textOf(cli, `held-${random.pick(SLOTS)}`));
    return pid > 0 && kill(pid);
  },
  async daemon(cli) {
    const pid = await greet(socketOf(cli));
    const wasThere = pid !== null && kill(pid);
    await cli.json(['daemon', 'start']);
    return wasThere;
  },
};

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
    return false;
  }
}

/** Looks at the file again and again; gives what said that two have one slot. */
async function watchFile({ dataDir }: CommandLine, isOver: () => boolean): Promise<string[][]> {
  const shared: string[][] = [];
  while (!isOver()) {
    const { projects } = JSON.parse(await readFile(join(dataDir, 'registry.json'), 'utf8')) as File;
    const slots = Object.values(projects).flatMap(({ training }) =>
      training?.holder && training.slot !== undefined ? [training.slot] : [],
    );
    if (new Set(slots).size < slots.length) shared.push(slots);
    await pause(20);
  }
  return shared;
}

interface File {
  readonly projects: Record<string, { training: { holder: object | null; slot?: string } | null }>;
}

async function registerMore(cli: CommandLine): Promise<void> {
  const peer = await connectTo(socketOf(cli));
  const register = (name: string, tags: readonly string[]) => ({
    jsonrpc: '2.0',
    id: name,
    method: 'projects.register',
    params: { name, source_path: join(cli.home, 'src'), tags },
  });
  peer.send([
    ...SLOTS.map((_, n) => register(`last${n}`, [])),
    ...Array.from({ length: 300 }, (_, n) => register(`named${n + 1}`, [])),
    ...Array.from({ length: 300 }, (_, n) => register(`claimed${n + 1}`, ['claimed'])),
  ]);
  await peer.line();
  peer.socket.destroy();
}

function socketOf({ dataDir }: CommandLine): string {
  return join(dataDir, 'run', 'registry.sock');
}

async function textOf({ home }: CommandLine, name: string): Promise<string> {
  return await readFile(join(home, name), 'utf8').catch(() => '');
}
