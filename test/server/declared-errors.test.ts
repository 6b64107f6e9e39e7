/** Every method really can give each error it declares, with its code and with the data that are declared for it. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_KINDS, type ErrorKind, ERRORS } from '../../src/domain/errors.ts';
import { wholeData } from '../../src/protocol/error-data.ts';
import { declaredErrors } from '../../src/protocol/method.ts';
import type { Output } from '../../src/domain/training/output.ts';
import { type MethodName, methods } from '../../src/protocol/methods.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { untilKept } from '../support/history.ts';
import type { Answer, LineClient } from '../support/lines.ts';
import { asOrdinaryUser, withMode } from '../support/store.ts';

type Params = Record<string, unknown>;

interface World extends RunningDaemon {
  readonly peer: LineClient;
  /** Of the lease that `peer` holds on the project "leased". */
  readonly token: number;
  readonly source: string;
  /** Of trainings of "one" that completed. */
  readonly trained: number[];
  /** A backup of the registry as it is. */
  readonly backup: string;
}

/** A daemon with a project "one", another "leased" that somebody trains, and a backup. */
async function world(): Promise<World> {
  const running = await startDaemon();
  const peer = await running.connect();
  const source = await running.codebase('one');
  for (const name of ['one', 'leased']) {
    await peer.call('projects.register', { name, source_path: await running.codebase(name) });
  }
  const begun = await peer.call('training.begin', { project: 'leased' });
  const backup = 'registry-20260101T000000.000Z-edit.json';
  await writeFile(`${running.paths.backupsDir}/${backup}`, await readFile(running.paths.registryFile));
  return { ...running, peer, token: Number(begun['token']), source, trained: [], backup };
}

/** Trains the project "one", and leaves an adapter; gives the token. */
async function train({ peer }: World): Promise<number> {
  const begun = await peer.call('training.begin', { project: 'one' });
  const { token, output } = begun as unknown as { token: number; output: Output };
  await writeFile(output.lora_adapter_path, '');
  await peer.call('training.complete', { project: 'one', token });
  await untilKept(dirname(output.directory), token);
  return token;
}

/** What makes a call of each method go well; what is not here takes the parameters of its example. */
const GOOD: { readonly [M in MethodName]?: (world: World) => Params } = {
  'projects.register': ({ source }) => ({ name: 'new', source_path: source }),
  'projects.move': ({ source }) => ({ project: 'one', to: `${source}/..` }),
  // Another one than it has: the same is no change, and needs no disk.
  'projects.set_status': () => ({ project: 'one', status: 'failed' }),
  'registry.repair': () => ({}),
  'registry.restore': ({ backup }) => ({ name: backup }),
  'registry.import': () => ({
    content: JSON.stringify({ projects: { [randomUUID()]: { name: 'new', source_path: '/new' } } }),
  }),
  'registry.undo': () => ({}),
  'registry.watch': () => ({}),
  'training.begin': () => ({ project: 'one' }),
  'training.claim': () => ({}),
  'training.cancel': () => ({ project: 'leased' }),
  'training.wait': () => ({ project: 'one' }),
  'training.prune': () => ({}),
  'training.history': () => ({ project: 'one' }),
  // What the world has trained first.
  'training.promote': ({ trained }) => ({ project: 'one', token: trained[0] }),
  'training.fail': ({ token }) => ({ project: 'leased', token, error: 'x' }),
  // A phase that is not written down yet: what else is reported stays in memory.
  'training.progress': ({ token }) => ({ project: 'leased', token, phase: 'new' }),
  'training.complete': ({ token }) => ({ project: 'leased', token }),
  'training.release': ({ token }) => ({ project: 'leased', token }),
  'training.resume': ({ token }) => ({ project: 'leased', token }),
};

function goodParams(method: MethodName, world: World): Params {
  const params: Params = GOOD[method]?.(world) ?? { ...methods[method].example.params };
  if (params['project'] === 'payments') params['project'] = 'one';
  return params;
}

/** Sends a call so that it is taken when the daemon drains: in one go with more than it takes in a few turns. */
async function afterShutdown({ peer }: World, method: MethodName, params: Params): Promise<Answer> {
  const pings = Array.from({ length: 200 }, () => ({ jsonrpc: '2.0', id: 'ping', method: 'daemon.ping' }));
  peer.send({ jsonrpc: '2.0', id: 'shutdown', method: 'daemon.shutdown' }, ...pings, {
    jsonrpc: '2.0',
    id: 'late',
    method,
    params,
  });
  for (;;) {
    const answer = await peer.next();
    if (answer.id === 'late') return answer;
  }
}

/** No call gets it: it is said to whoever connects. */
type OfNoCall = 'too_many_connections';

/** How each error comes about: prepares the world and gives the answer of the call that must be refused. */
const PROVOKE: Readonly<
  Record<Exclude<ErrorKind, OfNoCall>, (world: World, method: MethodName, params: Params) => Promise<Answer>>
> = {
  project_not_found: ({ peer, backup }, method, params) =>
    peer.ask(method, {
      ...params,
      ...(method === 'registry.restore' ? { name: backup, projects: ['nobody'] } : { project: 'nobody' }),
    }),
  async ambiguous_project({ peer, source }, method, params) {
    await peer.call('projects.register', { name: 'double', source_path: source });
    return await peer.ask(method, { ...params, project: source });
  },
  async project_exists({ peer, source, backup }, method, params) {
    if (method !== 'registry.restore' && method !== 'registry.undo')
      return await peer.ask(method, { ...params, name: 'LEASED' });
    // The "one" that comes back finds its name taken by another.
    if (method === 'registry.restore') await peer.call('projects.remove', { project: 'one' });
    await peer.call('projects.register', { name: 'one', source_path: source });
    if (method === 'registry.undo') return await peer.ask(method);
    return await peer.ask(method, { name: backup, projects: ['one'] });
  },
  invalid_name: ({ peer }, method, params) => peer.ask(method, { ...params, name: 'a/b' }),
  source_path_missing: ({ peer }, method, params) =>
    peer.ask(method, {
      ...params,
      [method === 'projects.move' ? 'to' : 'source_path']: '/nonexistent',
    }),
  etag_mismatch: ({ peer }, method, params) => peer.ask(method, { ...params, if_etag: 'old' }),
  async lease_held({ peer, connect, ...world }, method, params) {
    if (method !== 'registry.undo')
      return await (await connect()).ask(method, { ...params, project: 'leased' });
    await peer.call('registry.import', GOOD['registry.import']?.({ peer, connect, ...world }));
    await peer.call('training.begin', { project: 'new' });
    return await peer.ask(method, params);
  },
  lease_lost: ({ peer, token }, method, params) => peer.ask(method, { ...params, token: token + 1 }),
  async registry_read_only({ peer, paths }, method, params) {
    const text = await readFile(paths.registryFile, 'utf8');
    // Of a newer version, which not even a restored backup may replace.
    await writeFile(paths.registryFile, text.replace('"version": "1.2"', '"version": "9.0"'));
    return await peer.ask(method, params);
  },
  async storage_failed({ peer, paths }, method, params) {
    if (method === 'registry.reload' || method === 'training.prune') {
      await rm(paths.registryFile);
      await mkdir(paths.registryFile);
      return await peer.ask(method, params);
    }
    if (method === 'registry.backups') {
      await rm(paths.backupsDir, { recursive: true });
      await writeFile(paths.backupsDir, '');
      return await peer.ask(method, params);
    }
    // What is staged is gone by the time that it could be given away.
    const below = (await readdir(paths.dataDir, { recursive: true }))
      .filter((name) => !name.endsWith('.staged'))
      .map((name) => join(paths.dataDir, name));
    // What is in a directory that may not be looked at cannot be read; nothing can be staged in one that may not be written to.
    const [path, mode] =
      method === 'training.history' ? ([paths.projectsDir, 0] as const) : ([paths.dataDir, 0o500] as const);
    return await asOrdinaryUser([paths.dataDir, ...below], () =>
      withMode(path, mode, () => peer.ask(method, params)),
    );
  },
  async slot_taken({ peer, connect, source }, method, params) {
    await peer.call('projects.register', { name: 'in-slot', source_path: source });
    await peer.call('training.begin', { project: 'in-slot', slot: 'gpu0' });
    return await (await connect()).ask(method, { ...params, slot: 'gpu0' });
  },
  shutting_down: afterShutdown,
  incompatible_protocol: ({ peer }, method) => peer.ask(method, { protocol: { min: 98, max: 99 } }),
  cursor_expired: ({ peer }, method) => peer.ask(method, { cursor: 'earlier:1' }),
  backup_not_found: ({ peer }, method) => peer.ask(method, { name: 'registry-none.json' }),
};

const CASES = (Object.keys(methods) as MethodName[]).flatMap((method) =>
  declaredErrors(methods[method]).map((kind) => [method, kind as Exclude<ErrorKind, OfNoCall>] as const),
);

test.each(CASES)('%s can answer %s', async (method, kind) => {
  const it = await world();
  // Something to repair.
  if (method === 'registry.repair')
    await it.peer.call('projects.set_status', { project: 'one', status: 'training' });
  if (method === 'training.promote') it.trained.push(await train(it), await train(it));
  // Something to take back.
  if (method === 'registry.undo') await it.peer.call('projects.remove', { project: 'one' });
  const answer = await PROVOKE[kind](it, method, goodParams(method, it));
  const what = `the call of ${method} that PROVOKE makes for ${kind}: mend its row for this method, give the method good parameters in GOOD, or declare the error no longer`;
  expect(answer, what).toMatchObject({ error: { code: ERRORS[kind].code, data: { kind } } });
  const checked = wholeData(kind).safeParse(answer.error?.data);
  expect(checked, `what ${kind} has in its data, against errorData`).toMatchObject({ success: true });
  // What the schema does not know would be dropped here.
  expect(checked.data).toEqual(answer.error?.data);
  // One grammar: what could not be done, in lower case, without a full stop.
  expect(answer.error?.message).toMatch(/^cannot .*[^.]$/);
});

test('every error but the one of too many connections is declared by some method', () => {
  const declared = new Set<ErrorKind>(CASES.map(([, kind]) => kind));
  expect(
    ERROR_KINDS.filter((kind) => !declared.has(kind)),
    'these are in the `errors` of no method (src/protocol/methods/)',
  ).toEqual(['too_many_connections'] satisfies OfNoCall[]);
});
