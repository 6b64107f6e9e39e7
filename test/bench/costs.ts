/** What it costs to have it at all: processes that start, memory, an event loop that is held up. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { contenders } from './contenders/all.ts';
import type { ContenderName, Place } from './contenders/contender.ts';
import { daemonCommand } from './contenders/registry.ts';
import { benchProgram, dist } from './dist.ts';
import type { Figures, Work } from './load.ts';
import { withPlace } from './place.ts';
import { LoadProcess, startServer, timeProcess } from './processes.ts';
import { idOf } from './projects.ts';
import type { Effort, Workload } from './workload.ts';

/** Each process is started so many times in a round, in turn with a bare one. */
const STARTS = 5;

const COLD = {
  registry: 'cold-registry',
  'net + JSON': 'cold-floor',
  Redis: 'cold-redis',
  SQLite: 'cold-sqlite',
} as const;

export const costs: readonly Workload[] = [
  {
    title: 'a new process that gets one project, over `node -e 0`',
    unit: 'ms',
    contenders: ['registry', 'net + JSON', 'Redis', 'SQLite'],
    targets: [{ atMost: 8 }],
    measure: (name) =>
      withServer(name, 100, async (place) =>
        overBareNode(() =>
          timeProcess([benchProgram(COLD[name as keyof typeof COLD]), place.dataDir, place.socket, idOf(7)]),
        ),
      ),
  },
  {
    title: '`gardener ls` of 10 projects, over `node -e 0`',
    unit: 'ms',
    contenders: ['registry'],
    targets: [{ atMost: 35 }],
    measure: (name) =>
      withServer(name, 10, async ({ dataDir, socket }) =>
        overBareNode(() =>
          timeProcess([join(dist, 'gardener.js'), 'ls', '--data-dir', dataDir, '--socket', socket]),
        ),
      ),
  },
  {
    title: 'start of the server to its first answer, 10 projects, over `node -e 0`',
    unit: 'ms',
    contenders: ['registry', 'net + JSON'],
    targets: [{ atMost: 45 }],
    measure: (name) => overBareNode(() => withPlace(10, (place) => timeStart(name, place))),
  },
  {
    title: 'the longest that the event loop is held up by a writer, 10,000 projects',
    unit: 'ms',
    contenders: ['registry'],
    targets: [{ atMost: 15 }],
    measure: (_, effort) => longestHold(effort),
  },
  memory('idle, 100 projects', 100, { atMost: 12 }),
  memory('idle, 10,000 projects', 10_000, { against: 'net + JSON', speed: 1 / 1.3 }),
];

async function withServer<T>(
  name: ContenderName,
  projects: number,
  run: (place: Place) => Promise<T>,
): Promise<T> {
  return await withPlace(projects, async (place) => {
    const server = await contenders[name].start(place);
    try {
      return await run(place);
    } finally {
      await server.stop();
    }
  });
}

/** The median of the differences between something and a bare process right before it, in milliseconds. */
async function overBareNode(time: () => number | Promise<number>): Promise<number> {
  const differences: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const bare = timeProcess(['-e', '0']);
    differences.push((await time()) - bare);
  }
  return differences.toSorted((a, b) => a - b)[Math.floor(STARTS / 2)] ?? 0;
}

async function timeStart(name: ContenderName, place: Place): Promise<number> {
  const began = performance.now();
  const server = await contenders[name].start(place);
  const session = await contenders[name].connect(place);
  await session.get(idOf(7));
  const elapsed = performance.now() - began;
  await session.close();
  await server.stop();
  return elapsed;
}

function longestHold({ warmUp, duration }: Effort): Promise<number> {
  const projects = 10_000;
  return withPlace(projects, async (place) => {
    const file = join(place.dataDir, 'loop.txt');
    process.env['BENCH_LOOP_FILE'] = file;
    const flags = ['--import', benchProgram('loop-watch')];
    const server = await startServer(daemonCommand(place.dataDir, place.socket, flags), place.socket);
    const load = new LoadProcess<Work, Figures>(benchProgram('load'), {
      contender: 'registry',
      place,
      projects,
      kind: 'setStatus',
      sessions: 1,
      inFlight: 1,
      // The daemon counts as a whole: what it does at its start is over when the load is ready.
      warmUp: 0,
      duration: warmUp + duration,
    });
    await load.ready();
    process.kill(server.pid, 'SIGUSR2');
    await load.run();
    process.kill(server.pid, 'SIGUSR2');
    while (!existsSync(file)) await pause(5);
    const longest = Number(readFileSync(file, 'utf8'));
    await load.ended();
    await server.stop();
    return longest;
  });
}

function memory(what: string, projects: number, target: Workload['targets'][number]): Workload {
  return {
    title: `memory ${what}, over bare Node`,
    unit: 'MiB',
    contenders: ['registry', 'net + JSON'],
    targets: [target],
    measure: (name) =>
      withPlace(projects, async (place) => {
        const server = await contenders[name].start(place);
        const { pid = 0 } = server;
        await settled(pid);
        const resident = residentMiB(pid);
        await server.stop();
        return resident - (await bareMiB());
      }),
  };
}

/** A process of Node that waits, without anything of ours. */
async function bareMiB(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)'], { stdio: 'ignore' });
  const { pid = 0 } = child;
  await settled(pid);
  const resident = residentMiB(pid);
  child.kill();
  return resident;
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Waits until a process has done with what it does after its start: two equal looks at its processor time. */
async function settled(pid: number): Promise<void> {
  for (let before = ''; ;) {
    const now = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).join(' ');
    if (now === before) return;
    before = now;
    await pause(300);
  }
}
