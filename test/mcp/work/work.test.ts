/** What an agent does with work, by the tools themselves, with a daemon in this process. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { connect } from '../../../client/index.ts';
import * as sync from '../../../client/output/sync.ts';
import { Session } from '../../../client/mcp/session.ts';
import claimTraining from '../../../client/mcp/tools/claim-training.ts';
import finishTraining from '../../../client/mcp/tools/finish-training.ts';
import reportProgress from '../../../client/mcp/tools/report-progress.ts';
import type { Answer, Tool } from '../../../client/mcp/tool.ts';
import type { Loose } from '../../support/lines.ts';
import { uuid } from '../../support/projects.ts';
import { repository } from '../../support/repository.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { get, world, type World } from '../../support/world.ts';

interface Worker {
  readonly session: Session;
  claim(project?: string): Promise<Loose>;
  report(given: object): Promise<Loose>;
  finish(given: object): Promise<Loose>;
}

/**
 * An agent's session, which ends with the test.
 *
 * @param isDeaf whether no event reaches it, as while a connection is made anew
 */
function worker({ paths: { socket } }: World, isDeaf = false): Worker {
  const session = new Session(async ({ name, signal }) => {
    const client = await connect({ socket, autoStart: false, client: { name, version: '1' }, signal });
    if (isDeaf) vi.spyOn(client, 'watch').mockImplementation(() => never());
    return client;
  });
  onTestFinished(() => session.close());
  const call = async ({ input, output, run }: Tool, given: object): Promise<Loose> => {
    const { signal } = new AbortController();
    const answer: Answer<object> = await run(session, input.parse(given) as never, { signal });
    return output.parse(answer.structured) as Loose;
  };
  return {
    session,
    claim: (project) => call(claimTraining, { project }),
    report: (given) => call(reportProgress, given),
    finish: (given) => call(finishTraining, given),
  };
}

// oxlint-disable-next-line require-yield -- it has nothing to give
async function* never(): AsyncGenerator<never, void, void> {
  await new Promise(() => undefined);
}

test('what is claimed is reported on and completed, and what was written comes into service', async () => {
  const here = await world(['a']);
  await here.writer.call('projects.retrain', { project: 'a', reason: 'new code' });
  const { claim, report, finish } = worker(here);
  const claimed = await claim();
  const { handle } = claimed;
  const adapter = String((claimed['output'] as Loose)['lora_adapter_path']);
  expect(claimed).toMatchObject({ claimed: true, project: { name: 'a' }, reason: 'new code' });
  // As some models write numbers.
  expect(await report({ handle, progress: '0.4', phase: 'training' })).toEqual({ stop: false });
  expect(await get(here.writer, 'a')).toMatchObject({ training: { progress: 0.4, phase: 'training' } });
  await writeFile(adapter, 'weights');
  const ending = { handle, outcome: 'completed', metadata: { loss: 0.2 }, base_model: 'llama' };
  const ended = { outcome: 'completed', project: { name: 'a', training_status: 'completed' } };
  expect(await finish(ending)).toMatchObject(ended);
  expect(await get(here.writer, 'a')).toMatchObject({
    training_status: 'completed',
    lora_adapter_path: adapter,
    metadata: { loss: 0.2 },
    base_model: 'llama',
  });
  // A model that has not seen the answer asks again.
  expect(await finish(ending)).toMatchObject(ended);
  await expect(finish({ handle, outcome: 'released' })).rejects.toThrow('it has ended as completed');
  await expect(report({ handle })).rejects.toThrow('it has ended as completed');
  expect(await claim()).toEqual({ claimed: false });
});

test('a training without an adapter completes, and says so', async () => {
  const { claim, finish } = worker(await world(['a']));
  const { handle } = await claim('A');
  const { warnings } = await finish({ handle, outcome: 'completed' });
  expect(warnings).toEqual([expect.stringContaining('there is no adapter')]);
});

test('a training that has made nothing says that the earlier adapter stays', async () => {
  const here = await world(['a']);
  const { claim, finish } = worker(here);
  const first = await claim('a');
  const adapter = String((first['output'] as Loose)['lora_adapter_path']);
  await writeFile(adapter, 'weights');
  const made = await finish({ handle: first['handle'], outcome: 'completed' });
  expect(made).not.toHaveProperty('warnings');
  const { handle } = await claim('a');
  const { warnings } = await finish({ handle, outcome: 'completed' });
  expect(warnings).toEqual([expect.stringContaining('nothing new came into service')]);
  expect(await get(here.writer, 'a')).toMatchObject({ lora_adapter_path: adapter });
});

test('metadata that are too long are refused before anything has ended', async () => {
  const { claim, finish } = worker(await world(['a']));
  const { handle } = await claim('a');
  const ending = { handle, outcome: 'completed' };
  await expect(finish({ ...ending, metadata: { log: 'é'.repeat(8_200) } })).rejects.toThrow(
    'has 16410 bytes as JSON, 16384 are allowed',
  );
  expect(await finish({ ...ending, metadata: { log: 'short' } })).toMatchObject({ outcome: 'completed' });
});

test('an adapter elsewhere is named, and by its absolute path', async () => {
  const here = await world(['a']);
  const { claim, finish } = worker(here);
  const { handle } = await claim('a');
  const adapter = join(here.paths.dataDir, 'elsewhere.bin');
  await expect(finish({ handle, outcome: 'completed', lora_adapter_path: 'elsewhere.bin' })).rejects.toThrow(
    'give its absolute path',
  );
  await writeFile(adapter, 'weights');
  await finish({ handle, outcome: 'completed', lora_adapter_path: adapter });
  expect(await get(here.writer, 'a')).toMatchObject({ lora_adapter_path: adapter });
});

test('what can be no adapter is not taken for one, and the training goes on', async () => {
  const here = await world(['a']);
  const { claim, finish } = worker(here);
  const { handle, project } = await claim('a');
  const source = String((project as Loose)['source_path']);
  const empty = join(here.paths.dataDir, 'empty');
  await mkdir(empty);
  const refused: readonly (readonly [path: string, why: string])[] = [
    [join(here.paths.dataDir, 'none/adapter'), 'there is nothing'],
    ['/dev/null', 'it is neither a file nor a directory'],
    ['/', 'the codebase is in it'],
    [`${source}/.`, 'the codebase is in it'],
    [empty, 'it is empty'],
  ];
  for (const [lora_adapter_path, why] of refused)
    await expect(finish({ handle, outcome: 'completed', lora_adapter_path })).rejects.toThrow(
      `cannot take ${lora_adapter_path} as lora_adapter_path: ${why}; name the file or`,
    );
  const within = join(source, 'adapter');
  await mkdir(within);
  await writeFile(join(within, 'weights'), 'weights');
  await finish({ handle, outcome: 'completed', lora_adapter_path: within });
  expect(await get(here.writer, 'a')).toMatchObject({ lora_adapter_path: within });
});

test('the one that waited longest is trained from a commit, too', async (context) => {
  requireTools(context, 'git');
  const here = await world();
  const { root, git } = await repository();
  await here.writer.call('projects.register', { name: 'a', source_path: root });
  const { claim, finish } = worker(here);
  const { handle } = await claim();
  await finish({ handle, outcome: 'completed' });
  const trained_from = { commit: await git('rev-parse', 'HEAD'), dirty: false };
  expect(await get(here.writer, 'a')).toMatchObject({ trained_from });
});

test('what an outcome has no place for is refused by its name', async () => {
  const { claim, finish } = worker(await world(['a']));
  const { handle } = await claim('a');
  const wrong = async (ending: object): Promise<string> =>
    await finish({ handle, ...ending }).then(String, (error: Error) => error.message);
  expect(await wrong({ outcome: 'completed', error: 'out of memory' })).toBe(
    'cannot end a training as completed with error: that is for failed; leave it out, or end it as failed',
  );
  expect(await wrong({ outcome: 'failed', error: 'x', file_count: 3, metadata: {} })).toContain(
    'as failed with file_count, metadata: that is for completed',
  );
  expect(await wrong({ outcome: 'released', error: 'x' })).toContain('with error: that is for failed');
  expect(await finish({ handle, outcome: 'released' })).toMatchObject({ outcome: 'released' });
});

test('a training that failed says why', async () => {
  const here = await world(['a']);
  const { claim, finish } = worker(here);
  const { handle } = await claim('a');
  await expect(finish({ handle, outcome: 'failed' })).rejects.toThrow('give error');
  expect(await finish({ handle, outcome: 'failed', error: 'out of memory' })).toMatchObject({
    outcome: 'failed',
    project: { training_status: 'failed' },
  });
  expect(await get(here.writer, 'a')).toMatchObject({ training: { error: 'out of memory' } });
});

test('what is given back waits as before', async () => {
  const here = await world(['a']);
  await here.writer.call('projects.retrain', { project: 'a', reason: 'new code' });
  const { claim, finish } = worker(here);
  const { handle } = await claim();
  expect(await finish({ handle, outcome: 'released' })).toMatchObject({ outcome: 'released' });
  expect(await claim()).toMatchObject({ claimed: true, reason: 'new code' });
});

test.each([false, true])(
  'a request to stop is told, and what was cancelled is neither completed nor the next that is claimed (deaf: %s)',
  async (isDeaf) => {
    const here = await world(['a']);
    const { claim, report, finish } = worker(here, isDeaf);
    const { handle } = await claim();
    await here.writer.call('training.cancel', { project: 'a', reason: 'laptop goes to sleep' });
    expect(await report({ handle, progress: 0.9 })).toEqual({ stop: true, reason: 'laptop goes to sleep' });
    expect(await finish({ handle, outcome: 'completed' })).toMatchObject({ outcome: 'cancelled' });
    expect(await get(here.writer, 'a')).toMatchObject({
      training: { outcome: 'cancelled', error: 'laptop goes to sleep' },
    });
    expect(await claim()).toEqual({ claimed: false });
  },
);

test('a project that was named is as it was when its training is cancelled', async () => {
  const here = await world(['a']);
  const { claim, finish } = worker(here, true);
  const { handle } = await claim('a');
  await here.writer.call('training.cancel', { project: 'a' });
  // Nobody has reported since: it is seen by the end itself.
  expect(await finish({ handle, outcome: 'completed' })).toMatchObject({
    outcome: 'cancelled',
    project: { training_status: 'not_started' },
  });
});

test('a training that was taken over is told to be lost', async () => {
  const here = await world(['a']);
  const { claim, report, finish } = worker(here);
  const { handle } = await claim('a');
  await here.writer.call('training.begin', { project: 'a', force: true });
  await expect(report({ handle })).rejects.toMatchObject({ kind: 'lease_lost' });
  await expect(finish({ handle, outcome: 'completed' })).rejects.toMatchObject({ kind: 'lease_lost' });
  expect(await get(here.writer, 'a')).toMatchObject({ training_status: 'training' });
});

test('a training whose project is removed is told so, by its name', async () => {
  const here = await world(['a']);
  const { claim, finish } = worker(here);
  const { handle } = await claim('a');
  await here.writer.call('projects.remove', { project: 'a', force: true });
  await expect(finish({ handle, outcome: 'completed' })).rejects.toThrow(
    'training "a": the project was removed',
  );
});

test('a handle that was forgotten is had by claiming the project once more', async () => {
  const here = await world(['a', 'b']);
  const { claim } = worker(here);
  const { handle } = await claim('b');
  expect(await claim('B')).toMatchObject({ claimed: true, handle });
  expect(await claim()).toMatchObject({ project: { name: 'a' }, also_held: [{ handle, project: 'b' }] });
  await expect(worker(here).claim('b')).rejects.toMatchObject({ kind: 'lease_held' });
});

test('a session does not take all that waits', async () => {
  const { claim } = worker(await world(Array.from({ length: 9 }, (_, at) => `p${at}`)));
  for (let at = 0; at < 8; at += 1) expect(await claim()).toMatchObject({ claimed: true });
  await expect(claim()).rejects.toThrow(/this session has 8; .*"p0" \(handle .*"p7" \(handle /);
});

test('nor does it where it asks for many at once', async () => {
  const { session, claim } = worker(await world(Array.from({ length: 12 }, (_, at) => `p${at}`)));
  const claimed = await Promise.allSettled(Array.from({ length: 12 }, () => claim()));
  expect(claimed.filter(({ status }) => status === 'fulfilled')).toHaveLength(8);
  expect(session.work.held).toHaveLength(8);
  const refusal = claimed.find(({ status }) => status === 'rejected');
  expect(refusal).toMatchObject({
    reason: { message: expect.stringMatching(/this session has .*; finish one/) },
  });
});

test('a handle is of use to its own session, and says what else is to be said of it', async () => {
  const here = await world(['a']);
  const [one, other] = [worker(here), worker(here)];
  const { handle } = await one.claim('a');
  const told = async (given: string): Promise<string> =>
    await other.report({ handle: given }).then(String, (error: Error) => error.message);
  expect(await told(String(handle))).toContain(
    `another session has claimed it, gardener mcp/1 (process ${process.pid})`,
  );
  expect(await get(here.writer, 'a')).toMatchObject({ training: { progress: null } });
  await one.finish({ handle, outcome: 'released' });
  expect(await told(String(handle))).toContain(`no training "${String(handle)}" of "a" is under way`);
  const [id] = String(handle).split('.');
  for (const made of ['a', 'a.1', '', `${id}.${Number.MAX_SAFE_INTEGER}`, `${uuid(7)}.1`, 'x'.repeat(10_000)])
    expect(await told(made)).toMatch(/^there is no training "[^"]{0,80}": give the handle/);
});

test('what is held when a session ends is given back, also what is just being claimed', async () => {
  const here = await world(['a', 'b']);
  const { session, claim } = worker(here);
  await claim('a');
  const claiming = session.work.claim(undefined, new AbortController().signal);
  await session.close();
  expect(await claiming).toMatchObject({ name: 'b', isOver: true });
  for (const name of ['a', 'b'])
    expect(await get(here.writer, name)).toMatchObject({ training: { outcome: 'released' } });
});

test('a training that is being completed when its session ends is given back, where the disk takes long', async () => {
  const here = await world(['a']);
  const { session, claim, finish } = worker(here);
  const { handle } = await claim('a');
  const spy = vi.spyOn(sync, 'syncOutput').mockImplementation(async (_, { signal }) => {
    await until(() => signal?.aborted, 'it is told');
  });
  onTestFinished(() => spy.mockRestore());
  const finishing = finish({ handle, outcome: 'completed' }).catch((error: unknown) => error);
  await until(() => spy.mock.calls.length > 0, 'it is being completed');
  await session.close();
  await finishing;
  expect(await get(here.writer, 'a')).toMatchObject({ training_status: 'not_started' });
});

test('a training goes on after a restart of the daemon', async () => {
  const here = await world(['a']);
  const { claim, report, finish } = worker(here);
  const { handle } = await claim('a');
  const again = await here.restart();
  expect(await report({ handle, progress: 0.5 })).toEqual({ stop: false });
  expect(await get(again.writer, 'a')).toMatchObject({ training: { progress: 0.5 } });
  expect(await finish({ handle, outcome: 'completed' })).toMatchObject({ outcome: 'completed' });
});
