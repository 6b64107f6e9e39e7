/** What the client adds to calls, as git tells it, on a connection to a daemon that shows what it was asked. */
import { hostname } from 'node:os';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { findHome } from '../../../src/paths.ts';
import { type Repository, repository, stand } from '../../support/repository.ts';
import { requireTools } from '../../support/tools.ts';
import { failure, HELLO, type StandIn } from '../stand-in.ts';
import { pair } from '../support.ts';

beforeEach((context) => requireTools(context, 'git'));

/** Begins with these params, and gives what a daemon was asked that has one project. */
async function begun(it: Repository, params: object, host = hostname()): Promise<StandIn['received']> {
  const { client, daemon } = await pair(({ id, method, params: asked }, socket) => {
    if (method === 'daemon.hello') return { ...HELLO, host, home: findHome() };
    if (method !== 'projects.get') return null;
    if ((asked as { project: string }).project === 'web') return { source_path: it.root, trained_from: null };
    if ((asked as { project: string }).project === 'older') return { source_path: it.root };
    socket.write(failure(id, 1001, 'no project is called that', { kind: 'project_not_found' }));
    return undefined;
  });
  onTestFinished(() => client.close());
  await client.training.begin({ project: 'web', ...params });
  return daemon.received;
}

test('a training is begun with what git says of the codebase that a change would mean', async () => {
  const it = await repository();
  await it.write('in/a.py', 'changed');
  const source = { commit: await it.git('rev-parse', 'HEAD'), dirty: true };
  expect(await begun(it, { stall_ms: 5 })).toMatchObject([
    { method: 'projects.get', params: { project: 'web', to_change: true } },
    { method: 'training.begin', params: { project: 'web', stall_ms: 5, source } },
  ]);
});

test.each<[when: string, params: object, host: string | undefined, asked: string[]]>([
  ['the caller tells it', { source: { commit: '1234567', dirty: true } }, undefined, []],
  ['the daemon is on another machine', {}, 'build7', []],
  ['the daemon is of an earlier version', { project: 'older' }, undefined, ['projects.get']],
  ['nothing has that name', { project: 'unknown' }, undefined, ['projects.get']],
])('git is not asked when %s', async (_when, params, host, asked) => {
  const it = await repository();
  const received = await begun(it, params, host);
  expect(received.map(({ method }) => method)).toEqual([...asked, 'training.begin']);
  expect(received.at(-1)?.params).toEqual({ project: 'web', ...params });
});

test.each([
  ['hangs', 'exec sleep 600'],
  [
    'finds no repository',
    'echo "fatal: not a git repository (or any of the parent directories): .git" >&2; exit 128',
  ],
])('a git that %s keeps nobody from training', async (_what, script) => {
  const it = await repository();
  const env = await stand(it, script);
  vi.stubEnv('PATH', env['PATH']);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect((await begun(it, {})).at(-1)).toMatchObject({ params: { project: 'web' } });
});
