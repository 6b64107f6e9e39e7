/** What a model is shown of projects: by the tools themselves, on a daemon in this process. */
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { refusalText } from '../../client/mcp/errors.ts';
import { Session } from '../../client/mcp/session.ts';
import type { Tool } from '../../client/mcp/tool.ts';
import cancelTraining from '../../client/mcp/tools/cancel-training.ts';
import getProject from '../../client/mcp/tools/get-project.ts';
import listProjects from '../../client/mcp/tools/list-projects.ts';
import resolveProject from '../../client/mcp/tools/resolve-project.ts';
import { connect } from '../../client/reach/connect.ts';
import { toWire } from '../../src/domain/encoding.ts';
import { HELLO, standIn } from '../client/stand-in.ts';
import { project } from '../support/projects.ts';
import { type Repository, repository } from '../support/repository.ts';
import { requireTools } from '../support/tools.ts';
import { get, type World, world } from '../support/world.ts';

type Ask = (tool: Tool, input?: object) => Promise<{ structured: Record<string, unknown>; text: string }>;

/** A daemon with projects of these names, and what asks a tool, whose answer must be as it says. */
async function looking(names: readonly string[] = []): Promise<World & { ask: Ask }> {
  const it = await world(names);
  const session = new Session(() => connect({ dataDir: it.paths.dataDir, autoStart: false }));
  onTestFinished(() => session.close());
  return { ...it, ask: asking(session) };
}

function asking(session: Session): Ask {
  const { signal } = new AbortController();
  return async ({ input, output, run }, given = {}) => {
    const { structured, text } = await run(session, input.parse(given) as never, { signal });
    return { structured: output.parse(structured), text };
  };
}

function namesOf({ structured }: { structured: Record<string, unknown> }): string[] {
  return (structured['projects'] as { name: string }[]).map(({ name }) => name);
}

test('a list has twenty projects, the last used first, and says how many more there are', async () => {
  const names = Array.from({ length: 23 }, (_, at) => `p${String(at).padStart(2, '0')}`);
  const { ask, writer } = await looking(names);
  await writer.call('projects.activate', { project: 'p22' });
  const all = await ask(listProjects);
  expect(namesOf(all)).toEqual(['p22', ...names.slice(0, 19)]);
  expect(all.structured).toMatchObject({ more: 3, active: 'p22' });
  expect(all.text.split('\n').slice(-2)).toEqual(['and 3 more: narrow with query', 'active: "p22"']);
  expect(namesOf(await ask(listProjects, { query: 'P1' }))).toEqual(names.slice(10, 20));
});

test('a list is narrowed by language and tag in any case', async () => {
  const { ask, add } = await looking();
  const nothing = await ask(listProjects);
  expect(nothing).toEqual({
    structured: { projects: [] },
    text: 'no project is registered: add_project registers one',
  });
  await add('api', { language: 'go', tags: ['Work'] });
  await add('web', { language: 'typescript', tags: ['Work'] });
  await add('app', { language: 'Go' });
  expect(namesOf(await ask(listProjects, { language: 'GO' })).toSorted()).toEqual(['api', 'app']);
  expect(namesOf(await ask(listProjects, { language: 'go', tag: 'work' }))).toEqual(['api']);
  expect(namesOf(await ask(listProjects, { status: 'completed' }))).toEqual([]);
  expect((await ask(listProjects, { tag: 'none' })).text).toContain('list_projects without arguments');
});

test('a project is found by name in any case, by id and by path, and by no path that is relative', async () => {
  const { ask, add } = await looking();
  const id = await add('payments', { language: 'go', tags: ['a', 'b'] });
  const byName = await ask(getProject, { project: 'PAYMENTS' });
  const path = String(byName.structured['source_path']);
  expect(byName.structured).toEqual({
    name: 'payments',
    source_path: path,
    language: 'go',
    tags: ['a', 'b'],
    training_status: 'not_started',
    adapter: 'none',
    note: 'waits for training',
  });
  expect(byName.text).toBe(
    `"payments": go in ${path}, tags a, b; training not started; no adapter; waits for training`,
  );
  expect(await ask(getProject, { project: id })).toEqual(byName);
  expect(await ask(getProject, { project: join(path, 'src') })).toEqual(byName);
  for (const relative of ['.', '..', './payments', '~ada/payments'])
    await expect(ask(getProject, { project: relative })).rejects.toThrow('give its absolute path');
});

test('of a project whose directory is gone that is said, and where the person can mend it', async () => {
  const { ask } = await looking(['here', 'web']);
  const path = String((await ask(getProject, { project: 'web' })).structured['source_path']);
  await rm(path, { recursive: true });
  const note =
    'waits for training; its directory is gone; if it has moved, the person can say so with gardener mv';
  const { structured, text } = await ask(getProject, { project: 'web' });
  expect(structured).toMatchObject({ note });
  expect(text.endsWith(`; ${note}`)).toBe(true);
  expect((await ask(listProjects)).structured['projects']).toMatchObject([
    { name: 'here', note: 'waits for training' },
    { name: 'web', note },
  ]);
  expect((await ask(resolveProject, { cwd: path })).structured).toMatchObject({ resolved_by: 'cwd', note });
});

test('where no project is active, a directory that is in none is told to be so', async () => {
  const { ask, paths } = await looking();
  const refusal = (cwd: string): Promise<unknown> =>
    ask(resolveProject, { cwd }).catch((error: unknown) => refusalText(error, resolveProject));
  const none = paths.dataDir;
  expect(await refusal(none)).toBe(`cannot find a project: ${none} is in none; add_project registers it`);
  expect(await refusal('/no/such')).toBe(
    'cannot tell which project is meant: there is no /no/such; give the absolute path of a directory that exists',
  );
});

test('a directory is in a project, in a worktree of one, or in none, which is said', async (context) => {
  requireTools(context, 'git');
  const { ask, writer, add, paths } = await looking();
  const { root, git } = await repository();
  await writer.call('projects.register', { name: 'pay', source_path: root });
  await git('worktree', 'add', '-q', join(root, '..', 'tree'));
  await symlink(root, join(root, '..', 'link'));
  await add('website');
  await writer.call('projects.activate', { project: 'website' });
  const resolve = async (cwd: string) => {
    const { structured, text } = await ask(resolveProject, { cwd });
    return [structured['name'], structured['resolved_by'], text.slice(0, text.indexOf(' "'))];
  };
  const inside = join(root, 'in');
  expect(await resolve(inside)).toEqual(['pay', 'cwd', `${inside} is in`]);
  expect((await resolve(join(root, '..', 'link')))[0]).toBe('pay');
  const tree = join(root, '..', 'tree');
  expect(await resolve(tree)).toEqual(['pay', 'worktree', `${tree} is in a worktree of`]);
  await expect(ask(resolveProject, { cwd: '/no/such' })).rejects.toThrow('there is no /no/such');
  const none = paths.dataDir;
  expect(await resolve(none)).toEqual([
    'website',
    'active',
    `${none} is in no project; add_project registers one. The active project, which is elsewhere, is`,
  ]);
});

/** Trains a project from a commit; the trainer leaves an adapter unless told otherwise. */
async function train(
  { writer }: World,
  { git }: Repository,
  { dirty = false, leaves = true }: { dirty?: boolean; leaves?: boolean } = {},
): Promise<string> {
  const source = { commit: await git('rev-parse', 'HEAD'), dirty };
  const { token, output } = await writer.call('training.begin', { project: 'pay', source });
  const directory = String(output?.['directory']);
  if (leaves) await writeFile(join(directory, 'adapter_model.safetensors'), '');
  await writer.call('training.complete', { project: 'pay', token });
  return directory;
}

test('an adapter is current, behind its code, asked to be made anew, not to be compared, or not there', async (context) => {
  requireTools(context, 'git');
  const it = await looking();
  const code = await repository();
  await it.writer.call('projects.register', { name: 'pay', source_path: code.root });
  const adapter = async (): Promise<unknown[]> => {
    const { structured } = await it.ask(getProject, { project: 'pay' });
    return ['adapter', 'commits_behind', 'lora_adapter_path'].map((field) => structured[field]);
  };
  await train(it, code, { leaves: false });
  expect(await adapter()).toEqual(['none', undefined, undefined]);
  const directory = await train(it, code);
  expect(await adapter()).toEqual(['current', 0, directory]);
  await code.commit('in/a.py', 'other');
  expect(await adapter()).toEqual(['outdated', 1, directory]);
  expect((await it.ask(getProject, { project: 'pay' })).text).toContain(
    '; adapter outdated (1 commit behind the code); trained 20',
  );
  const dirty = await train(it, code, { dirty: true });
  expect(await adapter()).toEqual(['unknown', 0, dirty]);
  const clean = await train(it, code);
  await code.shell('mv .git/HEAD .git/gone');
  expect(await adapter()).toEqual(['unknown', undefined, clean]);
  await code.shell('mv .git/gone .git/HEAD');
  // Of a daemon on another machine nothing is looked for here.
  const found: object = await get(it.writer, 'pay');
  const there = clean.replace(it.paths.dataDir, '/there');
  const remote = await standIn(({ method }) =>
    method === 'daemon.hello' ? { ...HELLO, host: 'build7' } : { ...found, lora_adapter_path: there },
  );
  const session = new Session(() => connect({ socket: remote.socket, autoStart: false }));
  onTestFinished(() => session.close());
  const { structured } = await asking(session)(getProject, { project: 'pay' });
  expect(structured).toMatchObject({ adapter: 'unknown', lora_adapter_path: there });
  expect(structured).not.toHaveProperty('commits_behind');
  await it.writer.call('projects.retrain', { project: 'pay' });
  expect(await adapter()).toEqual(['outdated', 0, clean]);
  // Whoever takes the lease takes the request, too, and the adapter is the same until there is another.
  const { token } = await it.writer.call('training.begin', { project: 'pay' });
  expect(await adapter()).toEqual(['outdated', 0, clean]);
  await it.writer.call('training.release', { project: 'pay', token });
  expect(await adapter()).toEqual(['outdated', 0, clean]);
});

test('a daemon of an earlier version is asked for a project to change as it can be asked', async () => {
  const found = toWire(project(1));
  const { socket, received } = await standIn(({ method }) => (method === 'daemon.hello' ? HELLO : found));
  const session = new Session(() => connect({ socket, autoStart: false }));
  onTestFinished(() => session.close());
  await asking(session)(cancelTraining, { project: found.name });
  expect(received).toContainEqual(
    expect.objectContaining({ method: 'projects.get', params: { project: found.name } }),
  );
});
