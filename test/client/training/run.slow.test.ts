/** A training that a program runs with the built library, and daemons that end under it. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import type { Project } from '../../../client/index.ts';
import { builtProgram, type CommandLine, commandLine } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { until } from '../../support/until.ts';

/** Trains without a word, and has nothing that would keep a process alive, until it hears a signal. */
const PROGRAM = `
  const { connect } = await import(process.argv[2]);
  const registry = await connect();
  const value = await registry.training.run({ project: 'payments' }, async (lease) => {
    const told = new Promise((resolve) => process.once('SIGUSR2', () => resolve('well')));
    const stopped = new Promise((resolve) => lease.signal.addEventListener('abort', () => resolve('stopped')));
    console.log('training');
    const how = await Promise.race([told, stopped]);
    console.log(how);
    return { metadata: { how } };
  }).catch(({ name, kind, reason }) => ({ name, kind, reason }));
  console.log(JSON.stringify(value));
  // Neither is anything left that does.
`;

interface Trainer {
  readonly pid: number;
  readonly said: () => string;
  /** Has it end well. */
  letGo(): void;
  readonly ended: Promise<unknown>;
}

async function trainer(cli: CommandLine): Promise<Trainer> {
  await cli.codebase('src/payments', { 'a.py': '' });
  await cli.json(['add', 'src/payments']);
  const file = join(cli.home, 'trainer.mjs');
  await writeFile(file, PROGRAM);
  const library = pathToFileURL(join(dirname(builtProgram('gardener.js')), 'index.js')).href;
  const child = spawn(process.execPath, [file, library], { cwd: cli.home, env: environment(cli.home) });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close').then(([code]: unknown[]) => code);
  await until(() => said.includes('training\n'), 'it trains');
  return { pid: child.pid ?? 0, said: () => said, letGo: () => void child.kill('SIGUSR2'), ended };
}

const project = async (cli: CommandLine): Promise<Project> =>
  (await cli.json(['show', 'payments'])) as Project;

/** How often a lease was resumed; longer than one lives without a connection is too long for a test. */
const resumed = async (cli: CommandLine): Promise<number> =>
  (await readFile(join(cli.dataDir, 'logs', 'registry.log'), 'utf8')).split('"resumed a lease"').length - 1;

const pidOfDaemon = async (cli: CommandLine): Promise<number> =>
  Number(await readFile(join(cli.dataDir, 'run', 'registry.sock.pid'), 'utf8'));

test('is kept through kill -9 of the daemon and a restart, by a program that is silent and waits for nothing else', async () => {
  const cli = await commandLine();
  const it = await trainer(cli);
  process.kill(await pidOfDaemon(cli), 'SIGKILL');
  await until(async () => (await resumed(cli)) === 1, 'the lease is resumed');
  await cli.json(['daemon', 'restart']);
  await until(async () => (await resumed(cli)) === 2, 'the lease is resumed once more');
  expect(await project(cli)).toMatchObject({
    training_status: 'training',
    training: { holder: { pid: it.pid } },
  });
  it.letGo();
  expect(await it.ended).toBe(0);
  expect(it.said()).toContain('well\n{"metadata":{"how":"well"}}\n');
  expect(await project(cli)).toMatchObject({ training_status: 'completed', metadata: { how: 'well' } });
});

test('that ends while no daemon runs completes at the next one, which it starts', async () => {
  const cli = await commandLine();
  const it = await trainer(cli);
  const daemon = await pidOfDaemon(cli);
  process.kill(daemon, 'SIGSTOP');
  it.letGo();
  await until(() => it.said().includes('well\n'), 'its work has ended');
  process.kill(daemon, 'SIGKILL');
  expect(await it.ended).toBe(0);
  expect(await project(cli)).toMatchObject({ training_status: 'completed', metadata: { how: 'well' } });
});

test('is stopped from the command line, and by force', async () => {
  const cli = await commandLine();
  const it = await trainer(cli);
  await cli.json(['train', '--cancel', 'payments', '--reason', 'nap', '--wait']);
  expect(await it.ended).toBe(0);
  expect(it.said()).toContain('stopped\n{"name":"CancelledError","reason":"nap"}\n');
  expect(await project(cli)).toMatchObject({
    training_status: 'not_started',
    training: { outcome: 'cancelled' },
    metadata: {},
  });
  const other = await trainer(cli);
  expect((await cli.run(['train', '--force', 'payments', '--', 'true'])).code).toBe(0);
  expect(await other.ended).toBe(0);
  expect(other.said()).toContain('stopped\n{"name":"RegistryError","kind":"lease_lost"}\n');
  expect(await project(cli)).toMatchObject({ training_status: 'completed', metadata: {} });
});
