/** The workloads: what a prompt hook, an editor, an agent and a trainer do all day. */
import type { ContenderName } from './contenders/contender.ts';
import { contenders } from './contenders/all.ts';
import { benchProgram } from './dist.ts';
import type { Figures, Work } from './load.ts';
import { withPlace } from './place.ts';
import { LoadProcess } from './processes.ts';
import { costs } from './costs.ts';
import type { Effort, Target, Workload } from './workload.ts';

const SERVERS: readonly ContenderName[] = ['registry', 'net + JSON', 'vscode-jsonrpc', 'jayson', 'Redis'];

interface Shape {
  readonly projects: number;
  readonly kind: Work['kind'];
  readonly processes?: number;
  readonly sessions?: number;
  readonly inFlight?: number;
  /** Server and load share one processor: what counts is the work, not how it is spread. */
  readonly oneCore?: boolean;
  /** One call every so many milliseconds, instead of as fast as it goes. */
  readonly pace?: number;
  /** Sessions of a second process that change projects meanwhile. */
  readonly writers?: number;
  /** What of the figures counts, in milliseconds; default the time per answer. */
  readonly figure?: (figures: Figures) => number;
}

export const workloads: readonly Workload[] = [
  {
    title: 'get, one after the other, on one core',
    unit: 'µs',
    contenders: [...SERVERS, 'SQLite', 'file each time'],
    targets: faster({ 'net + JSON': 1 / 0.95, 'vscode-jsonrpc': 2.5, jayson: 5, Redis: 1 / 1.15 }),
    measure: inMicroseconds({ projects: 100, kind: 'get', oneCore: true }),
  },
  {
    title: 'get, 64 under way',
    unit: 'µs',
    contenders: SERVERS,
    targets: faster({ 'net + JSON': 1.3, 'vscode-jsonrpc': 3, jayson: 6, Redis: 0.9 }),
    measure: inMicroseconds({ projects: 100, kind: 'get', inFlight: 64 }),
  },
  {
    title: 'get, 16 processes with 8 under way each',
    unit: 'µs',
    contenders: SERVERS,
    targets: faster({ 'net + JSON': 1.25, 'vscode-jsonrpc': 8 }),
    measure: inMicroseconds({ projects: 100, kind: 'get', processes: 16, inFlight: 8 }),
  },
  {
    title: 'list of 1,000',
    unit: 'ms',
    contenders: [...SERVERS, 'SQLite', 'file each time'],
    targets: faster({ 'net + JSON': 1 / 0.6 }),
    measure: inMilliseconds({ projects: 1_000, kind: 'list' }),
  },
  ...durable(),
  {
    title: 'get every 2 ms beside 4 writers, 10,000 projects, 99th percentile',
    unit: 'ms',
    contenders: ['registry', 'net + JSON', 'Redis', 'SQLite'],
    targets: faster({ 'net + JSON': 2 }),
    measure: inMilliseconds({ projects: 10_000, kind: 'get', pace: 2, writers: 4, figure: ({ p99 }) => p99 }),
  },
  {
    title: 'a change until 100 subscribers have it',
    unit: 'ms',
    contenders: ['registry', 'net + JSON', 'Redis'],
    targets: faster({ Redis: 1 }),
    measure: inMilliseconds({ projects: 100, kind: 'fanOut', sessions: 101 }),
  },
  ...costs,
];

/** Acknowledged only when durable, so that a batch of writers can share what the disk costs. */
function durable(): Workload[] {
  const targets: Record<string, Target[]> = {
    '1 of 100': faster({ 'bare loop': 0.8 }),
    '64 of 100': faster({ Redis: 1, SQLite: 3, 'lock + file': 40 }),
    '1 of 10000': faster({ 'bare loop': 0.6 }),
  };
  return [10, 100, 1_000, 10_000].flatMap((projects) =>
    [1, 16, 64].map((writers) => ({
      title: `durable status, ${projects.toLocaleString('en')} projects, ${writers} ${writers === 1 ? 'writer' : 'writers'}`,
      unit: 'ms' as const,
      contenders: [
        'registry',
        ...(writers === 1 ? (['bare loop'] as const) : []),
        'Redis',
        'SQLite',
        'lock + file',
      ] satisfies ContenderName[],
      targets: targets[`${writers} of ${projects}`] ?? [],
      isLikeAnother: !(`${writers} of ${projects}` in targets),
      measure: inMilliseconds({ projects, kind: 'setStatus', sessions: writers }),
    })),
  );
}

function faster(speeds: Partial<Record<ContenderName, number>>): Target[] {
  return Object.entries(speeds).map(([against, speed]) => ({ against: against as ContenderName, speed }));
}

function inMilliseconds(shape: Shape): Workload['measure'] {
  return (contender, effort) => load(contender, shape, effort);
}

function inMicroseconds(shape: Shape): Workload['measure'] {
  return async (contender, effort) => 1_000 * (await load(contender, shape, effort));
}

/** Starts a server and those who load it, and gives the time per answer over all of them, in milliseconds. */
function load(name: ContenderName, shape: Shape, { warmUp, duration }: Effort): Promise<number> {
  const { projects, kind, processes = 1, sessions = 1, inFlight = 1, oneCore = false, writers = 0 } = shape;
  const core = oneCore ? 0 : undefined;
  return withPlace(projects, async (place) => {
    const server = await contenders[name].start(place, core);
    const { pace } = shape;
    const work: Work = { contender: name, place, projects, kind, pace, sessions, inFlight, warmUp, duration };
    const start = (work: Work) => new LoadProcess<Work, Figures>(benchProgram('load'), work, core);
    const loads = Array.from({ length: processes }, () => start(work));
    // They write for a little longer, so that all that is measured is measured beside them.
    const longer = {
      kind: 'setStatus',
      pace: undefined,
      sessions: writers,
      duration: 1.2 * duration,
    } as const;
    const beside = writers > 0 ? [start({ ...work, ...longer })] : [];
    const all = [...beside, ...loads];
    await Promise.all(all.map((process) => process.ready()));
    const figures = (await Promise.all(all.map((process) => process.run()))).slice(beside.length);
    await Promise.all(all.map((process) => process.ended()));
    await server.stop();
    if (shape.figure) return Math.max(...figures.map(shape.figure));
    return 1 / figures.reduce((sum, { calls, elapsed }) => sum + calls / elapsed, 0);
  });
}
