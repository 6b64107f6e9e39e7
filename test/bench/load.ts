/** One process of a load: connects, says that it is ready, works when it is told to, and gives its figures. */
import { contenders } from './contenders/all.ts';
import type { ContenderName, Place, Session } from './contenders/contender.ts';
import { idOf } from './projects.ts';

export interface Work {
  readonly contender: ContenderName;
  readonly place: Place;
  readonly projects: number;
  readonly kind: 'get' | 'list' | 'setStatus' | 'fanOut';
  /** One call every so many milliseconds, whether the one before was answered or not; default as fast as it goes. */
  readonly pace?: number | undefined;
  /** Sessions of this process, each with its own connection. */
  readonly sessions: number;
  /** Calls under way at the same time on each session. */
  readonly inFlight: number;
  /** How long to call before anything counts, and how long then; milliseconds. */
  readonly warmUp: number;
  readonly duration: number;
}

export interface Figures {
  readonly calls: number;
  /** From the first call to the last answer, in milliseconds. */
  readonly elapsed: number;
  /** Of single calls, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const STATUSES = ['completed', 'failed', 'not_started'];

function tell(message: Figures | 'ready'): void {
  process.send?.(message);
}

process.once('message', (work) => void run(work as Work));

async function run(work: Work): Promise<void> {
  const sessions: Session[] = [];
  for (let number = 0; number < work.sessions; number += 1)
    sessions.push(await contenders[work.contender].connect(work.place));
  const begin = new Promise((resolve) => process.once('message', resolve));
  const lanes = work.kind === 'fanOut' ? await fanOut(sessions) : calls(sessions, work);
  tell('ready');
  await begin;
  const measure = work.pace === undefined ? goRound : keepPace(work.pace);
  await measure(lanes, work.warmUp);
  tell(await measure(lanes, work.duration));
  await Promise.all(sessions.map((session) => session.close()));
  process.disconnect?.();
}

/** Goes round in each lane until the time is up; each call that was begun counts. */
async function goRound(lanes: readonly Lane[], duration: number): Promise<Figures> {
  const latencies: number[] = [];
  let number = 0;
  const began = performance.now();
  const run = async (lane: Lane): Promise<void> => {
    let now = performance.now();
    do {
      const called = now;
      await lane(number++);
      now = performance.now();
      latencies.push(now - called);
    } while (now < began + duration);
  };
  await Promise.all(lanes.map(run));
  return figuresOf(latencies, performance.now() - began);
}

/**
 * Calls at a fixed pace and counts from the moment that each call was due: whoever calls as fast as it goes calls
 * seldom while the server is held up, and so hardly sees it.
 */
function keepPace(pace: number): typeof goRound {
  return async ([lane], duration) => {
    const calls: Promise<number>[] = [];
    const began = performance.now();
    for (let due = began; due < began + duration; due += pace) {
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      calls.push(Promise.resolve(lane?.(calls.length)).then(() => performance.now() - due));
    }
    return figuresOf(await Promise.all(calls), performance.now() - began);
  };
}

function figuresOf(latencies: number[], elapsed: number): Figures {
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(share * latencies.length)] ?? 0;
  return { calls: latencies.length, elapsed, p50: at(0.5), p99: at(0.99) };
}

/** One call after the other; how many lanes there are is how many calls are under way. */
type Lane = (number: number) => Promise<unknown>;

function calls(sessions: readonly Session[], { kind, projects, inFlight }: Work): Lane[] {
  return sessions.flatMap((session) =>
    Array.from({ length: inFlight }, (): Lane => (number) => {
      const id = idOf((number * 7919) % projects);
      if (kind === 'get') return session.get(id);
      if (kind === 'list') return session.list();
      return session.setStatus(id, statusOf(number));
    }),
  );
}

/** The first session changes, the others hear of it: a call is over when the last one has heard. */
async function fanOut([writer, ...subscribers]: readonly Session[]): Promise<Lane[]> {
  let missing = 0;
  let expected = '';
  let complete: () => void = () => undefined;
  for (const subscriber of subscribers) {
    await subscriber.subscribe?.((status) => {
      if (status !== expected) return;
      missing -= 1;
      if (missing === 0) complete();
    });
  }
  return [
    async (number) => {
      expected = statusOf(number);
      missing = subscribers.length;
      const heard = new Promise<void>((resolve) => {
        complete = resolve;
      });
      await Promise.all([writer?.setStatus(idOf(0), expected), heard]);
    },
  ];
}

/** Never the one that the same project has: a change that changes nothing need not be written. */
function statusOf(number: number): string {
  return STATUSES[number % STATUSES.length] ?? '';
}
