import { execFileSync } from 'node:child_process';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type AgentHere, agentHere } from '../support/agent-here.ts';
import { uuid } from '../support/projects.ts';

const PAYMENTS = { project: 'payments' };

/** An agent and the project `payments`, whose directory is given. */
async function withPayments(): Promise<AgentHere & { path: string }> {
  const agent = await agentHere();
  const path = await agent.running.codebase('payments');
  await agent.registry.projects.register({ name: 'payments', source_path: path });
  return { ...agent, path };
}

test('an agent adds a codebase once, however it writes the path', async () => {
  const { running, tell, use, refusal } = await agentHere();
  const path = await running.codebase('payments');
  const added = await tell('add_project', { source_path: path, tags: ['work'] });
  expect(added.structuredContent).toEqual({ name: 'payments', source_path: path, added: true });
  expect(added.content[0]?.text).toMatch(
    `added "payments": unknown in ${path}, tags work; training not started`,
  );
  const again = await tell('add_project', { source_path: `${path}/`, tags: ['play'] });
  expect(again.structuredContent).toEqual({
    name: 'payments',
    source_path: path,
    added: false,
    note: 'its tags stay as before; the person can change that with gardener edit',
  });
  expect(again.content[0]?.text).toMatch(`registered already: "payments": unknown in ${path}, tags work;`);
  // One directory has one project, whatever an agent calls it.
  expect(await use('add_project', { source_path: path, name: 'pay', tags: ['work'] })).toMatchObject({
    name: 'payments',
    added: false,
    note: expect.stringMatching('^its name stays as before;') as string,
  });
  await symlink(path, `${path}-link`);
  expect(await use('add_project', { source_path: `${path}-link` })).toMatchObject({ added: false });
  // Where the agent works is not known.
  expect(await refusal('add_project', { source_path: 'payments' })).toMatch('give its absolute path');
  expect(await refusal('add_project', { source_path: `${path}/nowhere` })).toMatch('no such directory');
});

test('for an agent ~ is the home directory of whoever started it', async () => {
  const { path, use } = await withPayments();
  vi.stubEnv('HOME', dirname(path));
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await use('add_project', { source_path: '~/payments' })).toMatchObject({ source_path: path });
  expect(await use('use_project', { project: '~/payments/' })).toEqual({ name: 'payments' });
});

test('of agents that add a directory at once, one has added it', async () => {
  const { running, use } = await agentHere();
  const [path, other] = [await running.codebase('payments'), await running.codebase('website')];
  const added = await Promise.all(Array.from({ length: 4 }, () => use('add_project', { source_path: path })));
  expect(added.filter((one) => one['added'])).toHaveLength(1);
  // By several names they may not see each other in time; then whoever comes later is told.
  const named = await Promise.all(
    ['a', 'b', 'c'].map((name) => use('add_project', { source_path: other, name })),
  );
  expect(named.filter((one) => one['added'] && one['note'] === undefined).length).toBeLessThanOrEqual(1);
});

test('an agent cannot give a name that means a place, and is told what to give', async () => {
  const { path, refusal } = await withPayments();
  await mkdir(join(path, 'api'));
  for (const name of ['.', '..', '~'])
    expect(await refusal('add_project', { source_path: join(path, 'api'), name })).toMatch(
      `cannot use the name "${name}": it means a directory; give another one as name`,
    );
  expect(await refusal('add_project', { source_path: '/' })).toBe(
    'cannot find a name for /; give another one as name',
  );
});

/** Makes a repository of a directory. */
function repository(path: string): (...words: string[]) => void {
  const git = (...words: string[]) => void execFileSync('git', ['-C', path, ...words], { stdio: 'pipe' });
  git('init', '-q');
  git('-c', 'user.name=a', '-c', 'user.email=a', 'commit', '-q', '--allow-empty', '-m', 'first');
  return git;
}

test('a codebase that has moved is not added once more by accident, and those that use it hear that it is gone', async () => {
  const { running, use, refusal } = await agentHere();
  const path = await running.codebase('payments');
  repository(path);
  await use('add_project', { source_path: path });
  const moved = `${path}-new`;
  await rename(path, moved);
  const gone = expect.stringMatching('its directory is gone') as string;
  expect(await use('use_project', PAYMENTS)).toEqual({ name: 'payments', note: gone });
  expect(await use('request_retraining', PAYMENTS)).toMatchObject({ note: gone });
  const told = `"payments" is registered for the same repository at ${path}, which is gone; the person can have it here instead: gardener mv payments ${moved}`;
  expect(await refusal('add_project', { source_path: moved })).toBe(
    `cannot add ${moved}: ${told}; with a name, it is added as another project`,
  );
  expect(await refusal('add_project', { source_path: moved, name: 'Payments' })).toMatch(told);
  expect(await use('add_project', { source_path: moved, name: 'other' })).toMatchObject({
    added: true,
    note: told,
  });
});

test('an agent adds another directory of a repository of which a project is gone', async () => {
  const { running, use, refusal } = await agentHere();
  const path = await running.codebase('payments');
  repository(path);
  for (const name of ['a', 'b', 'elsewhere/a']) await mkdir(join(path, name), { recursive: true });
  await use('add_project', { source_path: join(path, 'a') });
  await rename(join(path, 'a'), `${path}-a`);
  // It may be that one by another name.
  expect(await use('add_project', { source_path: join(path, 'b') })).toMatchObject({
    added: true,
    note: `"a" is registered for the same repository at ${path}/a, which is gone; if it is this one, the person can have it here instead: gardener mv a ${path}/b`,
  });
  expect(await refusal('add_project', { source_path: join(path, 'elsewhere/a') })).toMatch('gardener mv a');
});

test('an agent that adds what holds more projects than are looked through hears of how many at least', async () => {
  const { running, registry, use } = await agentHere();
  const path = await running.codebase('payments');
  const projects: Record<string, object> = {};
  for (let n = 0; n < 1_001; n += 1)
    projects[uuid(n)] = { project_id: uuid(n), name: `p${n}`, source_path: join(path, `p${n}`) };
  const content = JSON.stringify({ version: '1.2', active_project: null, projects });
  await registry.registry.import({ content });
  expect(await use('add_project', { source_path: path })).toMatchObject({
    note: expect.stringMatching(/ and at least 997 more$/) as string,
  });
});

test('of agents that add a directory at once, by itself and by a link, whoever comes later is told', async () => {
  const { running, use } = await agentHere();
  const path = await running.codebase('payments');
  const link = `${path}-link`;
  await symlink(path, link);
  const added = await Promise.all([path, link].map((one) => use('add_project', { source_path: one })));
  const isTold = added.some(
    (one) => !one['added'] || /added the same directory meanwhile/.test(String(one['note'])),
  );
  expect(isTold).toBe(true);
});

test('an agent that adds a part of a project, what is around one, or a worktree, is told so', async () => {
  const { path, registry, use } = await withPayments();
  const git = repository(path);
  git('worktree', 'add', '-q', `${path}-tree`);
  await mkdir(join(path, 'api'));
  expect(await use('add_project', { source_path: join(path, 'api') })).toMatchObject({
    added: true,
    note: 'it lies in "payments", which is registered, too',
  });
  expect(await use('add_project', { source_path: `${path}-tree` })).toMatchObject({
    added: true,
    note: 'it is a worktree of "payments", which is registered, too',
  });
  expect(await use('add_project', { source_path: dirname(path) })).toMatchObject({
    added: true,
    note: 'registered, too, and in it: "payments", "api", "payments-tree"',
  });
  // Of a directory with two projects, too.
  await registry.projects.register({ name: 'twin', source_path: path });
  git('worktree', 'add', '-q', `${path}-other`);
  expect(await use('add_project', { source_path: `${path}-other` })).toMatchObject({
    note: expect.stringMatching('^it is a worktree of "payments"') as string,
  });
});

test('an agent makes a project the active one, and hears which one was', async () => {
  const { path, registry, running, tell, use, refusal } = await withPayments();
  const website = await running.codebase('website');
  await registry.projects.register({ name: 'website', source_path: website });
  const used = await tell('use_project', { project: 'WEBSITE' });
  expect(used.structuredContent).toEqual({ name: 'website', previous: 'payments' });
  expect(used.content[0]?.text).toBe(
    `"website" in ${website} is the active project now; before it was "payments"`,
  );
  expect(await refusal('use_project', { project: `${path}/typo` })).toMatch(`there is no ${path}/typo`);
  expect((await registry.projects.active()).active_project?.name).toBe('website');
  expect(await use('use_project', { project: website })).toEqual({ name: 'website' });
});

test('an agent asks for retraining, and does not take the reason from who has asked before', async () => {
  const { path, registry, use, refusal } = await withPayments();
  const because = (reason?: string) => use('request_retraining', { project: path, reason });
  expect((await because('new base model'))['note']).toMatch('new base model');
  expect((await because())['note']).toMatch('new base model');
  expect((await because(' '))['note']).toMatch('new base model');
  expect((await because('new code'))['note']).toMatch(
    /"new code"; in place of the request for "new base model"$/,
  );
  const { token } = await registry.training.begin(PAYMENTS);
  expect(await refusal('request_retraining', PAYMENTS)).toMatch('wait with training_status');
  await registry.training.fail({ ...PAYMENTS, token, error: 'too hot' });
  await because();
  expect(await registry.projects.get(PAYMENTS)).toMatchObject({ retrain_requested: { reason: null } });
});

test('an agent asks a trainer to stop, or hears that there is none', async () => {
  const { registry, tell } = await withPayments();
  const cancel = async () =>
    (await tell('cancel_training', { ...PAYMENTS, reason: 'too hot' })).content[0]?.text;
  expect(await cancel()).toMatch('nobody trains "payments", so nobody was asked to stop; ');
  await registry.training.begin(PAYMENTS);
  expect(await cancel()).toMatch(/^"payments": in training;.* asked to stop/);
  expect((await registry.projects.get(PAYMENTS)).training).toMatchObject({
    cancel_requested: true,
    cancel_reason: 'too hot',
  });
});
