import { describe, expect, onTestFinished, test } from 'vitest';
import { connect, RegistryError } from '../../../client/index.ts';
import type { Context } from '../../../client/cli/context.ts';
import { endLease } from '../../../client/cli/train/end.ts';
import { type EndCall, HeldLease } from '../../../client/training/held.ts';
import { beginLease } from '../../../client/training/begin.ts';
import { type ErrorKind, ERRORS } from '../../../src/domain/errors.ts';
import { EXAMPLE_PROJECT } from '../../../src/protocol/method.ts';
import { methods } from '../../../src/protocol/methods.ts';
import { failure, type Request, SILENCE, standIn, type StandIn } from '../stand-in.ts';
import { until } from '../../support/until.ts';

const BEGUN = methods['training.begin'].example.result;

/** The project as it is once nobody holds it. */
function ended(training_status: 'completed' | 'failed', error: string | null = null) {
  return {
    ...EXAMPLE_PROJECT,
    training_status,
    training: { ...BEGUN.project.training, holder: null, error },
  };
}

interface Held {
  readonly lease: HeldLease;
  readonly daemon: StandIn;
  readonly events: string[];
  /** What was reported, call by call. */
  reports(): unknown[];
}

type Answers = Partial<Record<string, (request: Request, nth: number) => unknown>>;

/** A refusal of the registry, for {@link held}. */
class Refusal {
  readonly line: (id: number) => string;
  constructor(kind: ErrorKind, details: object = {}) {
    this.line = (id) => failure(id, ERRORS[kind].code, kind, { kind, suggestions: [], ...details });
  }
}
const LOSES_CONNECTION = Symbol('loses the connection');

/** A lease, and a daemon that answers methods as a test wants it to. */
async function held(answers: Answers = {}): Promise<Held> {
  const counts = new Map<string, number>();
  const daemon = await standIn((request, socket) => {
    const { id, method } = request;
    if (method === 'daemon.hello') return undefined;
    const nth = (counts.get(method) ?? 0) + 1;
    counts.set(method, nth);
    const result = answers[method]?.(request, nth);
    if (result === LOSES_CONNECTION) socket.destroy();
    else if (result instanceof Refusal) socket.write(result.line(id));
    else if (result !== undefined) return result;
    else if (method === 'registry.watch')
      return { subscription: 's1', cursor: 'e:1', projects: [BEGUN.project] };
    else if (method === 'training.resume') return BEGUN;
    return SILENCE;
  });
  const client = await connect({ socket: daemon.socket, autoStart: false });
  onTestFinished(() => client.close());
  const events: string[] = [];
  const lease = new HeldLease(client, BEGUN, {
    cancelled: (reason) => events.push(`cancelled: ${reason}`),
    lost: ({ kind }) => events.push(`lost: ${kind}`),
    refused: (why) => events.push(`refused: ${why}`),
    delayed: (why) => events.push(`delayed: ${(why as Error).message}`),
  });
  onTestFinished(() => lease.abandon());
  return {
    lease,
    daemon,
    events,
    reports: () =>
      daemon.received.filter(({ method }) => method === 'training.progress').map(({ params }) => params),
  };
}

const complete = ({ lease }: Held) =>
  lease.end((client, what) => client.training.complete(what), { status: 'completed' });

describe('the end of a lease', () => {
  test('whose answer is lost is recognised in the project', async () => {
    const it = await held({
      'training.complete': (_, nth) => (nth === 1 ? LOSES_CONNECTION : new Refusal('lease_lost')),
      'projects.get': () => ended('completed'),
    });
    expect(await complete(it)).toMatchObject({ training_status: 'completed' });
    expect(it.events).toEqual([]);
  });

  test('whose answer is lost counts, also for whoever aborts meanwhile', async () => {
    const stop = new AbortController();
    const it = await held({
      'training.complete': (_, nth) => {
        stop.abort('too late');
        return nth === 1 ? LOSES_CONNECTION : new Refusal('lease_lost');
      },
      'projects.get': () => (stop.signal.aborted ? ended('completed') : BEGUN.project),
    });
    const options = { status: 'completed', signal: stop.signal } as const;
    const end = it.lease.end((client, what) => client.training.complete(what), options);
    expect(await end).toMatchObject({ training_status: 'completed' });
  });

  test('that was another one’s is none', async () => {
    const it = await held({
      'training.complete': (_, nth) => (nth === 1 ? LOSES_CONNECTION : new Refusal('lease_lost')),
      'projects.get': () => ended('failed', 'trainer disconnected'),
    });
    await expect(complete(it)).rejects.toMatchObject({ kind: 'lease_lost' });
  });

  test('is not looked for where the call never went out', async () => {
    const it = await held({ 'training.complete': () => new Refusal('lease_lost') });
    await expect(complete(it)).rejects.toBeInstanceOf(RegistryError);
    expect(it.daemon.received.map(({ method }) => method)).not.toContain('projects.get');
  });

  test('of what was removed meanwhile calls it by its name', async () => {
    const { lease } = await held({ 'training.complete': () => new Refusal('project_not_found') });
    const call: EndCall = (client, token) => client.training.complete(token);
    await expect(endLease({ autoStart: false } as Context, lease, call, 'completed')).rejects.toMatchObject({
      kind: 'project_not_found',
      message: `cannot end the training of "${BEGUN.project.name}": the project was removed`,
    });
  });

  test('that stands, although the registry could not be written safely, is made sure of and recognised', async () => {
    const it = await held({
      'training.complete': (_, nth) =>
        nth < 3 ? new Refusal('storage_failed', { applied: nth === 1 }) : new Refusal('lease_lost'),
      'projects.get': () => ended('completed'),
    });
    expect(await complete(it)).toMatchObject({ training_status: 'completed' });
    expect(it.events).toEqual([]);
  });

  test.each(['storage_failed', 'registry_read_only'] as const)('is tried again after %s', async (kind) => {
    const it = await held({
      'training.complete': (_, nth) => (nth < 3 ? new Refusal(kind) : ended('completed')),
    });
    expect(await complete(it)).toMatchObject({ training_status: 'completed' });
  });

  test('that the registry goes on refusing to write is told once, and tried until it is written', async () => {
    const it = await held({
      'training.complete': (_, nth) => (nth <= 7 ? new Refusal('storage_failed') : ended('completed')),
    });
    expect(await complete(it)).toMatchObject({ training_status: 'completed' });
    expect(it.events).toEqual(['delayed: storage_failed']);
  });

  test('that a moment keeps from being written is told to nobody', async () => {
    const it = await held({
      'training.complete': (_, nth) => (nth <= 2 ? new Refusal('storage_failed') : ended('completed')),
    });
    expect(await complete(it)).toMatchObject({ training_status: 'completed' });
    expect(it.events).toEqual([]);
  });

  test('comes after what was reported before it', async () => {
    const it = await held({ 'training.progress': () => null, 'training.complete': () => ended('completed') });
    it.lease.report({ progress: 0.5 });
    it.lease.report({ progress: 0.9, message: 'last' });
    await complete(it);
    expect(it.reports().at(-1)).toMatchObject({ progress: 0.9, message: 'last' });
    expect(it.daemon.received.at(-1)?.method).not.toBe('training.progress');
  });
});

describe('reports', () => {
  test('that come too fast are put together, and the last word counts', async () => {
    const it = await held({ 'training.progress': () => null });
    it.lease.report({ phase: 'training', progress: 0 });
    for (let step = 1; step <= 1000; step += 1) it.lease.report({ progress: step / 1000 });
    it.lease.report({ message: 'done' });
    await until(() => it.reports().length === 2, 'both have come');
    expect(it.reports()).toEqual([
      { project: BEGUN.project.project_id, token: BEGUN.token, phase: 'training', progress: 0 },
      { project: BEGUN.project.project_id, token: BEGUN.token, progress: 1, message: 'done' },
    ]);
  });

  test('that are refused are told, and others follow', async () => {
    const it = await held({
      'training.progress': (_, nth) => (nth === 1 ? new Refusal('invalid_name') : null),
    });
    it.lease.report({ progress: 0.1 });
    await until(() => it.events.length === 1, 'it is told');
    it.lease.report({ progress: 0.2 });
    await until(() => it.reports().length === 2, 'another has come');
    expect(it.events).toEqual(['refused: invalid_name']);
  });

  test('of one who holds the project no longer are how that is noticed', async () => {
    const it = await held({ 'training.progress': () => new Refusal('lease_lost') });
    it.lease.report({ progress: 0.1 });
    await until(() => it.events.length > 0, 'it is noticed');
    expect(it.events).toEqual(['lost: lease_lost']);
  });
});

describe('a beginning', () => {
  const { project, token } = BEGUN;
  const begin = async (refusal: Refusal): Promise<{ begun: Promise<unknown>; daemon: StandIn }> => {
    const daemon = await standIn(({ id, method }, socket) => {
      if (method === 'daemon.hello') return undefined;
      if (method === 'training.resume') return BEGUN;
      socket.write(refusal.line(id));
      return SILENCE;
    });
    const client = await connect({ socket: daemon.socket, autoStart: false });
    onTestFinished(() => client.close());
    const begun = beginLease(client, () => client.training.begin({ project: 'payments' }));
    return { begun, daemon };
  };

  test('that stands, although the registry could not be written safely, is taken up', async () => {
    const { begun, daemon } = await begin(new Refusal('storage_failed', { applied: true, project, token }));
    expect(await begun).toEqual(BEGUN);
    expect(daemon.received.at(-1)).toMatchObject({
      method: 'training.resume',
      params: { project: project.project_id, token },
    });
  });

  test('that does not is refused', async () => {
    const { begun } = await begin(new Refusal('storage_failed', { applied: false }));
    await expect(begun).rejects.toMatchObject({ kind: 'storage_failed' });
  });

  test('that a signal overtakes is given back, and not waited for where nobody answers', async () => {
    let answers = false;
    const daemon = await standIn(({ method }) => {
      if (method === 'daemon.hello') return undefined;
      return method === 'training.claim' && !answers ? SILENCE : BEGUN;
    });
    const client = await connect({ socket: daemon.socket, autoStart: false });
    onTestFinished(() => client.close());
    const interrupted = async (isWaiting: boolean): Promise<string[]> => {
      const stop = new AbortController();
      const begun = beginLease(client, () => client.training.claim({}), { signal: stop.signal, isWaiting });
      stop.abort('SIGINT');
      await expect(begun).rejects.toBe('SIGINT');
      return daemon.received.splice(0).map(({ method }) => method);
    };
    expect(await interrupted(true)).not.toContain('training.release');
    answers = true;
    expect(await interrupted(false)).toContain('training.release');
  });

  test('that is granted when nobody waits for it any more is given back', async () => {
    let grant = (): void => undefined;
    const daemon = await standIn(({ id, method }, socket) => {
      if (method === 'daemon.hello') return undefined;
      if (method !== 'training.begin') return project;
      grant = () => socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: BEGUN })}\n`);
      return SILENCE;
    });
    const client = await connect({ socket: daemon.socket, autoStart: false, deadlines: { call: 50 } });
    onTestFinished(() => client.close());
    const begun = beginLease(client, () => client.training.begin({ project: 'payments' }));
    await expect(begun).rejects.toMatchObject({ reason: 'timeout' });
    grant();
    await until(() => daemon.received.at(-1)?.method === 'training.release', 'it is given back');
    expect(daemon.received.at(-1)?.params).toEqual({ project: project.project_id, token });
  });
});

test('a lease is resumed on every new connection, until it is held', async () => {
  const it = await held({ 'training.resume': (_, nth) => (nth < 3 ? LOSES_CONNECTION : BEGUN) });
  const resumed = () => it.daemon.received.filter(({ method }) => method === 'training.resume').length;
  await until(() => it.daemon.received.length > 0, 'it watches');
  for (const peer of it.daemon.connections) peer.destroy();
  await until(() => resumed() === 3, 'it is resumed');
  for (const peer of it.daemon.connections) peer.destroy();
  await until(() => resumed() === 4, 'it is resumed again');
  expect(it.events).toEqual([]);
});
