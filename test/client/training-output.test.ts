/** What a training leaves in its output, completed by the library. */
import { readlinkSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rmdir, symlink, writeFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Client, connect, OutputError, type Result } from '../../client/index.ts';
import { get, world, type World } from '../support/world.ts';
import { HELLO, standIn, temporaryHome } from './stand-in.ts';
import { reasonOf } from './support.ts';

const CONFIG = JSON.stringify({ base_model_name_or_path: 'meta-llama/Llama-3.1-8B' });

async function trainers(names: readonly string[]): Promise<{ client: Client; here: World }> {
  const here = await world(names);
  const client = await connect({ socket: here.paths.socket, autoStart: false });
  onTestFinished(() => client.close());
  return { client, here };
}

/** The files that are synced by this process, by their names; the disk may refuse one. */
async function syncs(refused?: string): Promise<string[]> {
  const handle = await open('/');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const seen: string[] = [];
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`);
    seen.push(path);
    if (path === refused) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    await Promise.resolve();
  });
  onTestFinished(() => spy.mockRestore());
  return seen;
}

function save({ output }: Result<'training.begin'>): Promise<void> {
  return writeFile(join(output.directory, 'adapter_config.json'), CONFIG);
}

// Which file a descriptor is open for is told by /proc.
test.runIf(process.platform === 'linux')('is on the disk before it comes into service', async () => {
  const { client, here } = await trainers(['a']);
  const lease = await client.training.begin({ project: 'a' });
  const { output, token } = lease;
  await save(lease);
  const seen = await syncs();
  const done = await client.training.complete({ project: 'a', token });
  expect(seen).toContain(join(output.directory, 'adapter_config.json'));
  expect(seen).toContain(output.directory);
  expect(done).toMatchObject({
    training_status: 'completed',
    lora_adapter_path: output.directory,
    base_model: 'meta-llama/Llama-3.1-8B',
  });
  expect(await get(here.writer, 'a')).toEqual(done);
});

test.runIf(process.platform === 'linux')('that the disk refuses does not', async () => {
  const { client, here } = await trainers(['a']);
  const before = await get(here.writer, 'a');
  const lease = await client.training.begin({ project: 'a' });
  await save(lease);
  const whose = { project: 'a', token: lease.token };
  await syncs(join(lease.output.directory, 'adapter_config.json'));
  const refused = await reasonOf(client.training.complete(whose));
  expect(refused).toBeInstanceOf(OutputError);
  expect(refused).toMatchObject({
    message: expect.stringMatching(/: the disk reports an error; fail it/) as string,
  });
  // What a disk has lost it does not tell twice.
  vi.restoreAllMocks();
  expect(await reasonOf(client.training.complete(whose))).toBe(refused);
  const { lora_adapter_path } = await client.training.fail({ ...whose, error: String(refused) });
  expect(lora_adapter_path).toBe(before['lora_adapter_path']);
});

test('of a lease that was resumed, or of a project named otherwise, is found', async () => {
  const { client, here } = await trainers(['a']);
  const lease = await client.training.begin({ project: 'a' });
  await save(lease);
  const second = await connect({ socket: here.paths.socket, autoStart: false });
  onTestFinished(() => second.close());
  const { output } = await second.training.resume({ project: 'a', token: lease.token });
  expect(output).toEqual(lease.output);
  const done = await second.training.complete({ project: lease.project.source_path, token: lease.token });
  expect(done.base_model).toBe('meta-llama/Llama-3.1-8B');
});

test('of two leases with one token is that of the project', async () => {
  const { client } = await trainers(['a', 'b']);
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now());
  const leases = [
    await client.training.begin({ project: 'a' }),
    await client.training.begin({ project: 'b' }),
  ];
  now.mockRestore();
  const [a, b] = leases;
  expect(a?.token).toBe(b?.token);
  await save(b as Result<'training.begin'>);
  const models = [];
  for (const { project, token } of leases)
    models.push((await client.training.complete({ project: project.name.toUpperCase(), token })).base_model);
  expect(models).toEqual([null, 'meta-llama/Llama-3.1-8B']);
});

test.each([
  ['given', { base_model: 'mine' }, 'mine'],
  ['that of an adapter elsewhere', {}, 'other'],
  ['null where nothing tells', { lora_adapter_path: '/nowhere/adapter.bin' }, null],
])('has the model %s', async (_, params, expected) => {
  const { client, here } = await trainers(['a']);
  const lease = await client.training.begin({ project: 'a' });
  await save(lease);
  const elsewhere = join(here.paths.dataDir, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'adapter_config.json'), CONFIG.replace(/:".*"/, ':"other"'));
  const path = expected === 'other' ? { lora_adapter_path: elsewhere } : {};
  const done = await client.training.complete({ project: 'a', token: lease.token, ...path, ...params });
  expect(done.base_model).toBe(expected);
  expect(await readFile(join(lease.output.directory, 'adapter_config.json'), 'utf8')).toBe(CONFIG);
});

test('without an adapter is told to whoever calls, else to the client', async () => {
  const here = await world(['a']);
  const told: string[] = [];
  const onWarning = (message: string): void => void told.push(message);
  const client = await connect({ socket: here.paths.socket, autoStart: false, onWarning });
  onTestFinished(() => client.close());
  const lacks = (token: number): string =>
    `training ${token} of a has completed, and there is no adapter: none is in its output, none was named, and none was in service`;
  const first = await client.training.begin({ project: 'a' });
  await client.training.complete({ project: 'a', token: first.token });
  expect(told).toEqual([`training.complete: ${lacks(first.token)}`]);
  const { token } = await client.training.begin({ project: 'a' });
  const heard: unknown[] = [];
  await client.training.complete({ project: 'a', token }, { onWarning: (...what) => heard.push(what) });
  expect(heard).toEqual([[lacks(token), 'no_adapter']]);
  const third = await client.training.begin({ project: 'a' });
  await save(third);
  await client.training.complete({ project: 'a', token: third.token });
  expect(told).toHaveLength(1);
});

test.each(['a link', 'a file'])('that is %s by now is refused, and why is all that is said', async (what) => {
  const { client } = await trainers(['a']);
  const { token, output } = await client.training.begin({ project: 'a' });
  await rmdir(output.directory);
  if (what === 'a link') await symlink('/', output.directory);
  else await writeFile(output.directory, '');
  expect(await reasonOf(client.training.complete({ project: 'a', token }))).toMatchObject({
    code: -32602,
    issues: [
      {
        path: 'output',
        message: `nothing of ${output.directory} can be brought into service: it is no directory any more`,
      },
    ],
  });
});

test.each(['here', 'elsewhere'])('is looked at where the daemon is %s', async (where) => {
  const directory = await temporaryHome();
  await writeFile(join(directory, 'adapter_config.json'), CONFIG);
  const output = { directory, lora_adapter_path: join(directory, 'lora_adapter.bin') };
  const host = where === 'here' ? hostname() : where;
  const daemon = await standIn(({ method }) => {
    if (method === 'daemon.hello') return { ...HELLO, host, home: homedir() };
    return method === 'training.begin' ? { token: 7, project: { project_id: 'id' }, output } : {};
  });
  const client = await connect({ socket: daemon.socket, autoStart: false });
  onTestFinished(() => client.close());
  await client.training.begin({ project: 'a' });
  await client.training.complete({ project: 'a', token: 7 });
  const sent = daemon.received.at(-1)?.params;
  const model = where === 'here' ? { base_model: 'meta-llama/Llama-3.1-8B' } : {};
  expect(sent).toEqual({ project: 'a', token: 7, ...model });
});
