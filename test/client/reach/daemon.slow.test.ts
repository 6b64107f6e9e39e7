/** The library against the real daemon, as separate processes. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Client, connect, type ConnectOptions, RegistryError, RpcError } from '../../../client/index.ts';
import { MAX_LINE_BYTES } from '../../../src/protocol/limits.ts';
import { bundles } from '../bundle.ts';
import { requireTools } from '../../support/tools.ts';
import { temporaryHome } from '../stand-in.ts';
import { pair } from '../support.ts';

const programs = bundles({ gardenerd: 'src/gardenerd.ts', library: 'client/index.ts' });

/** A home whose daemon, if one gets started, is ended with the test. */
async function home(): Promise<{
  options: ConnectOptions & { dataDir: string };
  codebase: string;
  started: Client[];
}> {
  const dataDir = await temporaryHome();
  const codebase = join(dataDir, 'codebase');
  await mkdir(codebase);
  const options = {
    dataDir,
    socket: join(dataDir, 'run', 'registry.sock'),
    daemon: [process.execPath, programs.gardenerd.file],
    // Generous, because a busy machine is no fault of what is tested here.
    deadlines: { start: 60_000, hello: 20_000 },
  };
  const started: Client[] = [];
  onTestFinished(async () => {
    await Promise.all(started.map((client) => client.close()));
    const pid = Number(await readFile(`${options.socket}.pid`, 'utf8').catch(() => Number.NaN));
    if (Number.isNaN(pid)) return;
    process.kill(pid, 'SIGTERM');
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 15_000);
  });
  return { options, codebase, started };
}

async function open(options: ConnectOptions, started: Client[]): Promise<Client> {
  const client = await connect(options);
  started.push(client);
  return client;
}

test('a first client starts the daemon, and it does what is asked', async () => {
  const { options, codebase, started } = await home();
  const client = await open({ ...options, client: { name: 'test', version: '1.0.0' } }, started);
  expect(await client.daemon.ping()).toBe('pong');
  const project = await client.projects.register({
    name: 'Gärtnerei',
    source_path: codebase,
    metadata: { a: 1 },
  });
  expect(await client.projects.get({ project: 'gärtnerei' })).toEqual(project);
  expect(await client.call('projects.count')).toBe(1);
  expect(await client.daemon.status()).toMatchObject({ manager: 'spawned', pid: client.hello.pid });

  const missing = await client.projects.get({ project: 'Gartnerei' }).catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(RegistryError);
  expect(missing).toMatchObject({ kind: 'project_not_found', data: { suggestions: ['Gärtnerei'] } });
  const refused = await client.projects.list({ limit: 0 }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(RpcError);
  expect(refused).toMatchObject({ code: -32602, issues: [{ path: 'limit' }] });
}, 60_000);

test('the repository of a codebase is noted as git tells it, unless it is given or the daemon is elsewhere', async (context) => {
  requireTools(context, 'git');
  const { options, codebase, started } = await home();
  const git = async (...args: string[]): Promise<string> => {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
    return (await promisify(execFile)('git', ['-C', codebase, ...identity, ...args])).stdout.trim();
  };
  await git('init', '-q');
  await git('commit', '-q', '--allow-empty', '-m', 'first');
  await git('remote', 'add', 'origin', 'git@GitHub.com:ada/payments.git');
  const expected = { root_commit: await git('rev-parse', 'HEAD'), remote: 'github.com/ada/payments' };
  const client = await open(options, started);
  const register = client.projects.register;
  expect(await register({ name: 'a', source_path: codebase })).toMatchObject({ repository: expected });
  const given = { name: 'b', source_path: codebase, repository: null };
  expect(await register(given)).toMatchObject({ repository: null });
  expect(await register({ name: 'c', source_path: options.dataDir })).toMatchObject({ repository: null });

  const { client: remote, daemon } = await pair(({ method }) =>
    method === 'daemon.hello' ? undefined : null,
  );
  await remote.projects.register({ name: 'a', source_path: codebase });
  await remote.close();
  expect(daemon.received[0]?.params).toEqual({ name: 'a', source_path: codebase });
}, 60_000);

test('a git that hangs keeps nobody from registering', async () => {
  const { options, codebase, started } = await home();
  const client = await open(options, started);
  const programs = await temporaryHome();
  await writeFile(join(programs, 'git'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
  vi.stubEnv('PATH', `${programs}:${process.env['PATH']}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await client.projects.register({ name: 'a', source_path: codebase })).toMatchObject({
    repository: null,
  });
}, 60_000);

test('100 clients of four processes at once meet one daemon', async () => {
  const { options } = await home();
  const script = `
    import { connect } from ${JSON.stringify(pathToFileURL(programs.library.file).href)};
    const options = ${JSON.stringify(options)};
    const answers = await Promise.all(Array.from({ length: 25 }, async () => {
      const client = await connect(options);
      return (await client.daemon.status()).pid + ' ' + client.hello.epoch;
    }));
    console.log(answers.join('\\n'));`;
  const processes = await Promise.all(
    Array.from({ length: 4 }, () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]),
    ),
  );
  const answers = processes.flatMap(({ stdout }) => stdout.trim().split('\n'));
  expect(answers).toHaveLength(100);
  expect(new Set(answers).size).toBe(1);
  // It outlives those who started it.
  const pid = Number.parseInt(answers[0] ?? '', 10);
  expect(process.kill(pid, 0)).toBe(true);
}, 120_000);

test('a daemon that ends, asked or killed, is replaced without the caller noticing', async () => {
  const { options, codebase, started } = await home();
  const client = await open(options, started);
  const { project_id } = await client.projects.register({ name: 'a', source_path: codebase });
  const epochs = [client.hello.epoch];
  for (const end of [
    () => client.daemon.shutdown({ reason: 'restart' }),
    async () => process.kill(client.hello.pid, 'SIGKILL'),
  ]) {
    const lost = new Promise<void>((resolve) => {
      client.onLost(resolve);
    });
    await end();
    await lost;
    expect((await client.projects.touch({ project: 'a' })).project_id).toBe(project_id);
    epochs.push(client.hello.epoch);
  }
  expect(new Set(epochs).size).toBe(3);
}, 120_000);

test('a daemon that is stopped counts as hung and is named', async () => {
  const { options, started } = await home();
  const { pid } = (await open(options, started)).hello;
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(pid, 'SIGCONT'));
  await expect(connect({ ...options, deadlines: { hello: 100 } })).rejects.toMatchObject({
    reason: 'hung',
    message: expect.stringContaining(`process ${pid}`) as string,
  });
  process.kill(pid, 'SIGCONT');
  expect(await started[0]?.daemon.ping()).toBe('pong');
}, 60_000);

test('the longest request that the library sends is one that the daemon takes', async () => {
  expect(MAX_LINE_BYTES).toBe(MAX_LINE_BYTES);
  const { options, started } = await home();
  const client = await open(options, started);
  const frame = Buffer.byteLength('{"jsonrpc":"2.0","id":2,"method":"projects.list","params":{"query":""}}');
  // It is read, and what is in it is too long for what it is.
  await expect(client.projects.list({ query: 'x'.repeat(MAX_LINE_BYTES - frame) })).rejects.toMatchObject({
    code: -32602,
  });
  await expect(client.projects.list({ query: 'x'.repeat(MAX_LINE_BYTES) })).rejects.toMatchObject({
    code: -32600,
  });
  expect(await client.daemon.ping()).toBe('pong');
}, 60_000);

test('a start that fails tells what the daemon said', async () => {
  const { options } = await home();
  await expect(
    connect({
      ...options,
      socket: join(options.dataDir ?? '', 'codebase', 'registry.sock'),
      daemon: [...(options.daemon ?? []), '--no-such-flag'],
    }),
  ).rejects.toMatchObject({
    reason: 'start_failed',
    message: expect.stringContaining('--no-such-flag') as string,
  });
}, 60_000);
