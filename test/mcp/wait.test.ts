import { expect, test } from 'vitest';
import { agentHere } from '../support/agent-here.ts';
import { startDaemon } from '../support/daemon.ts';
import { until } from '../support/until.ts';

const PAYMENTS = { project: 'payments' };

/** An agent, and a project that waits for training. */
async function withPayments() {
  const agent = await agentHere();
  const path = await agent.running.codebase('payments');
  await agent.registry.projects.register({ name: 'payments', source_path: path });
  return agent;
}

/** The same, where the agent waits for a whole minute, by its request `wait`. */
async function waiting(meta: object = {}) {
  const agent = await withPayments();
  agent.peer.send({
    jsonrpc: '2.0',
    id: 'wait',
    method: 'tools/call',
    params: { name: 'training_status', arguments: { ...PAYMENTS, wait_seconds: '60' }, _meta: meta },
  });
  const waits = async (): Promise<boolean> => (await agent.registry.daemon.status()).subscriptions > 0;
  await until(waits, 'the agent waits');
  return { ...agent, waits };
}

test('a wait goes on until nobody trains nor has to, and tells how far that is', async () => {
  const { peer, registry, waits } = await waiting({ progressToken: 'p' });
  const { token } = await registry.training.begin(PAYMENTS);
  const progress = async (done: number): Promise<void> => {
    await registry.training.progress({ ...PAYMENTS, token, progress: done, message: 'epoch' });
  };
  const told = (done: number) => ({
    method: 'notifications/progress',
    params: { progressToken: 'p', progress: done, total: 1, message: 'epoch' },
  });
  await progress(0.5);
  expect(await peer.next()).toMatchObject(told(0.5));
  // Progress of a call only grows, whatever a trainer says.
  await progress(0.25);
  await progress(0.75);
  expect(await peer.next()).toMatchObject(told(0.75));
  await registry.training.complete({ ...PAYMENTS, token }, { onWarning: () => undefined });
  expect(await peer.next()).toMatchObject({
    id: 'wait',
    result: { structuredContent: { name: 'payments', training_status: 'completed', pending: false } },
  });
  await until(async () => !(await waits()), 'the subscription is over');
});

test('a wait ends with a training that was given back, which waits for a trainer again', async () => {
  const { peer, registry } = await waiting();
  const { token } = await registry.training.begin(PAYMENTS);
  await registry.training.cancel(PAYMENTS);
  await registry.training.release({ ...PAYMENTS, token });
  const { result } = await peer.next();
  expect(result).toMatchObject({ structuredContent: { training_status: 'not_started', pending: true } });
  expect(JSON.stringify(result)).not.toMatch('no trainer');
});

test('a wait outlives the daemon', async () => {
  const { peer, registry, running, waits } = await waiting();
  await running.daemon.stop('a restart');
  await startDaemon({ dataDir: running.paths.dataDir });
  await until(waits, 'the agent waits again');
  await registry.projects.set_status({ ...PAYMENTS, status: 'completed' });
  expect(await peer.next()).toMatchObject({ result: { structuredContent: { pending: false } } });
});

test('a wait for a project that is removed ends', async () => {
  const { peer, registry } = await waiting();
  await registry.projects.remove(PAYMENTS);
  const { result } = await peer.next();
  expect(result).toMatchObject({ isError: true });
  expect(JSON.stringify(result)).toMatch('was removed');
});

test('a wait that is cancelled ends in the daemon, too, and is not answered', async () => {
  const { peer, use, waits } = await waiting();
  peer.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'wait' } });
  await until(async () => !(await waits()), 'nobody waits any more');
  expect(await use('training_status', PAYMENTS)).toMatchObject({ pending: true });
  expect(peer.waiting).toEqual([]);
});

test('a wait whose time is up tells how it stands', async () => {
  const { tell, refusal } = await withPayments();
  const { structuredContent, content } = await tell('training_status', { ...PAYMENTS, wait_seconds: 0.1 });
  expect(structuredContent).toMatchObject({ training_status: 'not_started', pending: true });
  expect(content[0]?.text).toMatch('no trainer has taken it so far');
  for (const wrong of [61, true, [1], '0x1'])
    expect(await refusal('training_status', { ...PAYMENTS, wait_seconds: wrong })).toMatch('wait_seconds');
});

test('a wait that is cut in a training says that one may wait again', async () => {
  const { registry, tell } = await withPayments();
  await registry.training.begin(PAYMENTS);
  const { content } = await tell('training_status', { ...PAYMENTS, wait_seconds: 0.1 });
  expect(content[0]?.text).toMatch('in training; not ended within 0.1 s: wait again');
});

test('a wait whose time is up when nobody can tell how it stands says that', async () => {
  const { peer, registry, running } = await withPayments();
  peer.send({
    jsonrpc: '2.0',
    id: 'wait',
    method: 'tools/call',
    params: { name: 'training_status', arguments: { ...PAYMENTS, wait_seconds: 1 } },
  });
  await until(async () => (await registry.daemon.status()).subscriptions > 0, 'the agent waits');
  await running.daemon.stop('for good');
  const { result } = await peer.next();
  expect(result).toMatchObject({ isError: true });
  expect(JSON.stringify(result)).toMatch('no daemon');
});

test('any number of waits takes one subscription', async () => {
  const { peer, registry, use, waits } = await waiting();
  const together = Array.from({ length: 70 }, () =>
    use('training_status', { ...PAYMENTS, wait_seconds: 60 }),
  );
  // What is asked last is answered last.
  await use('training_status', PAYMENTS);
  expect((await registry.daemon.status()).subscriptions).toBe(1);
  await registry.projects.set_status({ ...PAYMENTS, status: 'completed' });
  for (const { pending } of await Promise.all(together)) expect(pending).toBe(false);
  expect(await peer.next()).toMatchObject({ id: 'wait' });
  await until(async () => !(await waits()), 'the subscription is over');
});
