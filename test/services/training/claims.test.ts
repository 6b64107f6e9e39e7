/** `training.claim`, and what happens where several want the same project at the same time. */
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../support/lines.ts';
import { until } from '../../support/until.ts';
import { begin, get, request, world } from '../../support/world.ts';

type Lease = { readonly token: number; readonly project: { readonly name: string } } | null;

/** Who got a lease, and the errors of the others. */
function outcomes(answers: readonly Answer[]): { won: Answer[]; codes: Set<number | undefined> } {
  const won = answers.filter(({ result }) => result);
  const lost = answers.filter((answer) => !won.includes(answer));
  return { won, codes: new Set(lost.map(({ error }) => error?.code)) };
}

describe('one project, wanted', () => {
  test('by many calls of a batch, is begun by exactly one', async () => {
    const { writer } = await world(['a']);
    writer.send(Array.from({ length: 20 }, (_, id) => request(id, 'training.begin', { project: 'a' })));
    const { won, codes } = outcomes(await writer.next<Answer[]>());
    expect(won).toMatchObject([{ id: 0, result: { project: { name: 'a' } } }]);
    expect(codes).toEqual(new Set([1006]));
  });

  test('by many connections, is begun by exactly one', async () => {
    const { writer, connect } = await world(['a']);
    const peers = await Promise.all(Array.from({ length: 20 }, () => connect()));
    let last = 0;
    for (let round = 1; round <= 5; round += 1) {
      const { won, codes } = outcomes(
        await Promise.all(peers.map((peer) => peer.ask('training.begin', { project: 'a' }))),
      );
      expect(won).toHaveLength(1);
      const { token } = won.map(({ result }) => result as { token: number })[0] ?? { token: 0 };
      expect(token).toBeGreaterThan(last);
      last = token;
      expect(codes).toEqual(new Set([1006]));
      await writer.call('training.release', { project: 'a', token });
    }
  });

  test('by many calls that claim whatever there is, goes to exactly one', async () => {
    const { writer, connect } = await world(['a']);
    const peers = await Promise.all(Array.from({ length: 10 }, () => connect()));
    writer.send(Array.from({ length: 10 }, (_, id) => request(id, 'training.claim')));
    const answers = await Promise.all(peers.map((peer) => peer.ask('training.claim')));
    const { won, codes } = outcomes([...answers, ...(await writer.next<Answer[]>())]);
    expect(won).toHaveLength(1);
    expect(codes).toEqual(new Set([undefined]));
  });
});

test('many projects, claimed by many at once, go to one each', async () => {
  const names = Array.from({ length: 12 }, (_, n) => `p${n}`);
  const { connect } = await world(names);
  const peers = await Promise.all(Array.from({ length: 15 }, () => connect()));
  const leases = await Promise.all(
    peers.map(async (peer) => (await peer.call('training.claim')) as unknown as Lease),
  );
  const got = leases.flatMap((lease) => (lease ? [lease.project.name] : []));
  expect(got.toSorted()).toEqual(names.toSorted());
});

describe('a claim', () => {
  test('gives what was asked for first, then what was never trained, then what lost its trainer', async () => {
    const { writer, add } = await world(['lost', 'lost-thrice', 'failed', 'done', 'held']);
    for (const [project, times] of [
      ['lost-thrice', 3],
      ['lost', 2],
    ] as const) {
      for (let n = 0; n < times; n += 1) {
        await begin(writer, project, { stall_ms: 1 });
        await writer.call('training.wait', { project });
      }
    }
    const token = await begin(writer, 'failed');
    await writer.call('training.fail', { project: 'failed', token, error: 'out of memory' });
    await writer.call('projects.set_status', { project: 'done', status: 'completed' });
    await begin(writer, 'held');
    await add('new-1');
    await add('new-2');
    await add('asked-2');
    await add('asked-1');
    await writer.call('projects.retrain', { project: 'asked-1' });
    await writer.call('projects.retrain', { project: 'asked-2' });

    const order: string[] = [];
    for (;;) {
      const lease = (await writer.call('training.claim', { holder: { name: 'x' } })) as unknown as Lease;
      if (!lease) break;
      order.push(lease.project.name);
    }
    expect(order).toEqual(['asked-1', 'asked-2', 'new-1', 'new-2', 'lost']);
    expect((await get(writer, 'lost'))['training']).toMatchObject({ attempt: 3, holder: { name: 'x' } });
    await writer.call('projects.retrain', { project: 'lost-thrice' });
    expect(await writer.call('training.claim')).toMatchObject({ project: { name: 'lost-thrice' } });
  });

  test('gives only what is of one of the languages and has one of the tags', async () => {
    const { writer, add } = await world([]);
    await add('go', { language: 'go', tags: ['home'] });
    await add('rust', { language: 'rust', tags: ['work', 'old'] });
    const claim = async (params: object) => {
      const lease = (await writer.call('training.claim', params)) as unknown as Lease;
      return lease?.project.name ?? null;
    };
    expect(await claim({ languages: ['python'] })).toBeNull();
    expect(await claim({ languages: ['go', 'rust'], tags: ['old', 'older'] })).toBe('rust');
    expect(await claim({ languages: ['rust'] })).toBeNull();
    expect(await claim({ tags: ['home'] })).toBe('go');
  });

  test('of a project that is released at once gives it again, and again what lost its trainer', async () => {
    const { writer } = await world(['a']);
    await begin(writer, 'a', { stall_ms: 1 });
    await writer.call('training.wait', { project: 'a' });
    for (let n = 0; n < 5; n += 1) {
      const lease = await writer.call('training.claim');
      expect(lease['project']).toMatchObject({ training: { attempt: 2 } });
      await writer.call('training.release', { project: 'a', token: lease['token'] });
    }
  });

  test('gives null when there is nothing, at once or when the time is up', async () => {
    const { writer } = await world();
    expect(await writer.call('training.claim')).toBeNull();
    expect(await writer.call('training.claim', { wait_ms: 30 })).toBeNull();
    expect((await writer.refusal('training.claim', { wait_ms: 60_001 })).code).toBe(-32602);
  });
});

describe('a claim that waits', () => {
  test('is woken by a new project', async () => {
    const { connect, add } = await world();
    const peer = await connect();
    const waiting = peer.call('training.claim', { wait_ms: 60_000 });
    await peer.ask('daemon.ping');
    await add('a');
    expect(await waiting).toMatchObject({ project: { name: 'a' } });
  });

  test.each<[what: string, how: string, params: (token: number) => object]>([
    ['is released', 'training.release', (token) => ({ token })],
    ['fails and is asked for', 'projects.retrain', () => ({})],
    ['has lost its trainer', 'training.wait', () => ({})],
  ])('is woken by a project that %s', async (_, how, params) => {
    const { connect, writer } = await world(['a']);
    const token = await begin(writer, 'a', how === 'training.wait' ? { stall_ms: 20 } : {});
    const peer = await connect();
    const waiting = peer.call('training.claim', { wait_ms: 60_000 });
    await peer.ask('daemon.ping');
    if (how === 'projects.retrain') {
      await writer.call('training.fail', { project: 'a', token, error: 'out of memory' });
    }
    await writer.call(how, { project: 'a', ...params(token) });
    const next = await waiting;
    expect(next).toMatchObject({ project: { name: 'a' } });
    expect(next['token']).toBeGreaterThan(token);
  });

  test('gets one of two that come while two wait', async () => {
    const { connect, add } = await world();
    const peers = [await connect(), await connect()];
    const waiting = peers.map((peer) => peer.call('training.claim', { wait_ms: 60_000 }));
    for (const peer of peers) await peer.ask('daemon.ping');
    await add('a');
    await add('b');
    const names = (await Promise.all(waiting)).map((lease) => String(lease['project']?.['name']));
    expect(new Set(names)).toEqual(new Set(['a', 'b']));
  });

  test('of a peer that was killed takes nothing', async () => {
    const { connect, writer, add } = await world();
    const peer = await connect();
    peer.send(request(1, 'training.claim', { wait_ms: 60_000 }));
    await peer.ask('daemon.ping');
    peer.socket.destroy();
    await until(async () => (await writer.call('daemon.status'))['connections'] === 1, 'the peer is gone');
    await add('a');
    expect(await writer.call('training.claim')).toMatchObject({ project: { name: 'a' } });
  });

  test('of a peer that says no more is answered with nothing', async () => {
    const { connect, add } = await world();
    const peer = await connect();
    const waiting = peer.call('training.claim', { wait_ms: 60_000 });
    await peer.ask('daemon.ping');
    peer.socket.end();
    expect(await waiting).toBeNull();
    await peer.closed;
    await add('a');
  });

  test('ends when the daemon drains', async () => {
    const { connect, daemon } = await world();
    const peer = await connect();
    const waiting = peer.refusal('training.claim', { wait_ms: 60_000 });
    await peer.ask('daemon.ping');
    peer.send(request(1, 'daemon.shutdown'));
    expect((await waiting).code).toBe(1011);
    await daemon.stopped;
  });
});

describe('of two in one batch', () => {
  test('that complete, the second has lost the lease', async () => {
    const { writer } = await world(['a']);
    const token = await begin(writer, 'a');
    const complete = (id: number) => request(id, 'training.complete', { project: 'a', token });
    writer.send(complete(1), complete(2));
    const answers = [await writer.next(), await writer.next()];
    expect(answers.find(({ id }) => id === 1)).toMatchObject({ result: { training_status: 'completed' } });
    expect(answers.find(({ id }) => id === 2)).toMatchObject({ error: { code: 1007 } });
  });

  test('one that takes the project by force is followed by one that has lost it', async () => {
    const { writer, connect } = await world(['a']);
    let token = await begin(writer, 'a');
    const other = await connect();
    for (const [method, params] of [
      ['training.complete', {}],
      ['training.release', {}],
      ['projects.set_status', { status: 'completed' }],
    ] as const) {
      const late = method === 'projects.set_status' ? params : { token };
      other.send([
        request(1, 'training.begin', { project: 'a', force: true }),
        request(2, method, { project: 'a', ...late }),
      ]);
      const [begun, lost] = await other.next<Answer[]>();
      expect([1006, 1007]).toContain(lost?.error?.code);
      const next = (begun?.result as { token: number } | undefined)?.token ?? 0;
      expect(next).toBeGreaterThan(token);
      token = next;
      await other.call('training.progress', { project: 'a', token, progress: 0.5 });
    }
  });

  test('one that completes is followed by one that takes the project by force', async () => {
    const { writer } = await world(['a']);
    const token = await begin(writer, 'a');
    for (const end of [
      request(1, 'training.complete', { project: 'a', token }),
      request(1, 'projects.set_status', { project: 'a', status: 'completed' }),
    ]) {
      writer.send([end, request(2, 'training.begin', { project: 'a', force: true })]);
      const [done, begun] = await writer.next<Answer[]>();
      expect(done).toMatchObject({ result: { training_status: 'completed' } });
      const { token: now } = (begun as { result: { token: number } }).result;
      await writer.call('training.progress', { project: 'a', token: now, progress: 0.5 });
    }
  });

  test('one that completes is followed by a report that comes too late to be written', async () => {
    const { writer } = await world(['a']);
    const token = await begin(writer, 'a');
    writer.send([
      request(1, 'training.complete', { project: 'a', token }),
      request(2, 'training.progress', { project: 'a', token, phase: 'late', progress: 0.2 }),
    ]);
    const answers = await writer.next<Answer[]>();
    expect(answers.find(({ id }) => id === 2)).toMatchObject({ error: { code: 1007 } });
    expect(await get(writer, 'a')).toMatchObject({ training_status: 'completed', training: { progress: 1 } });
  });

  test('one that begins and one that removes the project leave nothing behind', async () => {
    const { writer, paths } = await world(['a']);
    const before = await readFile(paths.registryFile);
    const token = await begin(writer, 'a');
    writer.send([
      request(1, 'training.begin', { project: 'a', force: true }),
      request(2, 'projects.remove', { project: 'a', force: true }),
    ]);
    await writer.next();
    expect((await writer.refusal('training.progress', { project: 'a', token })).code).toBe(1001);
    // Should it ever come back, nobody holds it.
    await writeFile(paths.registryFile, before);
    await writer.call('registry.reload');
    await begin(writer, 'a');
  });
});
