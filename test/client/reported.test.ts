import { expect, test } from 'vitest';
import { connect } from '../../client/index.ts';
import { standIn } from './stand-in.ts';

/** A client of a daemon that says yes to everything; what arrives there, and what the client was told. */
async function reporting() {
  const daemon = await standIn(({ method }) => (method === 'daemon.hello' ? undefined : null));
  const told: string[] = [];
  const client = await connect({
    socket: daemon.socket,
    autoStart: false,
    onWarning: (message) => told.push(message),
  });
  return { client, told, arrived: () => daemon.received.map(({ params }) => params) };
}

const lease = { project: 'payments', token: 1 };

test('a report is cut to what the registry takes', async () => {
  const { client, told, arrived } = await reporting();
  await client.training.progress({
    ...lease,
    progress: 1.0000000000000002,
    phase: 'p'.repeat(101),
    message: `${'m'.repeat(999)}🌱`,
  });
  await client.call('training.fail', { ...lease, error: 'e'.repeat(5_000) });
  expect(arrived()).toEqual([
    { ...lease, progress: 1, phase: 'p'.repeat(100), message: 'm'.repeat(999) },
    { ...lease, error: 'e'.repeat(4_096) },
  ]);
  expect(told).toEqual([]);
  await client.close();
});

test('halves of characters, as cutting a text makes them, are replaced', async () => {
  const { client, told, arrived } = await reporting();
  const half = '🌱'.slice(0, 1);
  await client.training.progress({ ...lease, message: `m${half}`, details: { [half]: [half, '🌱'] } });
  await client.call('training.fail', { ...lease, error: half });
  expect(arrived()).toEqual([
    { ...lease, message: 'm\ufffd', details: { '\ufffd': ['\ufffd', '🌱'] } },
    { ...lease, error: '\ufffd' },
  ]);
  expect(told).toEqual([]);
  await client.close();
});

test('what cannot be carried is left out and told once, and the rest counts', async () => {
  const { client, told, arrived } = await reporting();
  const metadata = { loss: Number.NaN, losses: [0.5, Infinity], base: 'small', at: new Date(0) };
  for (let epoch = 0; epoch < 2; epoch += 1) {
    await client.training.progress({ ...lease, message: 'x', details: { x: 'é'.repeat(2_045) } });
  }
  await client.training.complete({ ...lease, file_count: 7, metadata: metadata as never });
  expect(arrived()).toEqual([
    { ...lease, message: 'x' },
    { ...lease, message: 'x' },
    {
      ...lease,
      file_count: 7,
      metadata: { losses: [0.5, null], base: 'small', at: '1970-01-01T00:00:00.000Z' },
    },
  ]);
  expect(told).toEqual([
    'training.progress: details has 4098 bytes, 4096 are allowed; it was left out',
    'training.complete: metadata.loss is NaN or infinite, which JSON cannot carry; it was left out',
    'training.complete: metadata.losses.1 is NaN or infinite, which JSON cannot carry; it was left out',
  ]);
  await client.close();
});

test('other calls are sent as they are', async () => {
  const { client, arrived } = await reporting();
  await client.projects.update({ project: 'payments', metadata: { message: 'm'.repeat(2_000) } });
  expect(arrived()).toEqual([{ project: 'payments', metadata: { message: 'm'.repeat(2_000) } }]);
  await client.close();
});
