import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isGone } from '../../../client/cli/daemon/processes.ts';
import { commandLine } from '../../support/cli.ts';
import { trainable, WAITS } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

/** A script that starts a process beside itself, notes both in files, and reports that it runs. */
const WITH_CHILD = `sleep 1000 > /dev/null & echo $! > "$HOME/child"; echo $$ > "$HOME/self"; echo 10% >&3; wait`;

/** The process that a script noted in a file of this home. */
async function noted(home: string, name: 'child' | 'self'): Promise<number> {
  const text = await until(() => readFile(join(home, name), 'utf8').catch(() => ''), `${name} is noted`);
  return Number(text);
}

describe('a lease', () => {
  test('outlives a restart of the daemon', async () => {
    const { cli, train, registry, whenProject, letGo } = await trainable();
    const { finished } = train(`echo 20% before >&3; ${WAITS}; echo 80% after >&3`);
    await whenProject(({ training }) => training?.progress === 0.2, 'it has reported');
    const { pid } = await registry.daemon.status();
    await cli.json(['daemon', 'restart']);
    expect((await registry.daemon.status()).pid).not.toBe(pid);
    // Longer than a lease without a connection lives is too long for a test; that it was resumed is in the log.
    const log = () => readFile(join(cli.dataDir, 'logs', 'registry.log'), 'utf8');
    await until(async () => (await log()).includes('"resumed a lease"'), 'the lease is resumed');
    await letGo();
    expect((await finished).code).toBe(0);
    expect(
      await whenProject(({ training_status: status }) => status !== 'training', 'it is over'),
    ).toMatchObject({
      training_status: 'completed',
      training: { message: 'after' },
    });
  });

  test('is ended by a daemon that is started for it, where none runs', async () => {
    const { cli, train, whenProject, letGo } = await trainable();
    const { finished } = train(`echo 20% >&3; ${WAITS}`);
    await whenProject(({ training }) => training?.progress === 0.2, 'it has reported');
    await cli.json(['daemon', 'stop']);
    await letGo();
    expect((await finished).code).toBe(0);
    expect(await cli.json(['show', 'payments'])).toMatchObject({
      training_status: 'completed',
      training: { progress: 1 },
    });
  });

  test('that somebody takes by force ends the trainer', async () => {
    const { cli, train, registry, whenProject } = await trainable();
    const { finished } = train(WITH_CHILD);
    const { training } = await whenProject((now) => now.training?.progress === 0.1, 'it has reported');
    const child = await noted(cli.home, 'child');
    const refused = await cli.run(['train', 'payments', '--', 'true']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /: sh is training it under the lease of process \d+;.*\ntry: gardener train --cancel payments /s,
    );
    const { token } = await registry.training.begin({ project: 'payments', force: true });
    expect(token).toBeGreaterThan(training?.token ?? Infinity);
    const { code, stderr } = await finished;
    expect(code).toBe(1);
    expect(stderr).toContain(`token ${training?.token} is not the current one`);
    // Whoever has taken it may have ended, too, since then.
    expect(stderr).toContain(
      'try: gardener show payments, which tells how it stands; the command was ended\n',
    );
    await until(() => isGone(child), 'what the trainer started is gone');
  });

  test.for([
    ['by force', false],
    ['by force from one that was asked to end', true],
  ] as const)(
    'that is lost %s kills within a few seconds what does not want to end',
    async ([, cancelled]) => {
      const { cli, train, registry, whenProject } = await trainable();
      const { finished } = train(`trap '' TERM; echo $$ > "$HOME/self"; echo 10% >&3; ${WAITS}`);
      await whenProject((now) => now.training?.progress === 0.1, 'it has reported');
      if (cancelled) await cli.json(['train', '--cancel', 'payments']);
      const lost = performance.now();
      await registry.training.begin({ project: 'payments', force: true });
      expect((await finished).code).toBe(1);
      expect(await isGone(await noted(cli.home, 'self'))).toBe(true);
      expect(performance.now() - lost).toBeGreaterThan(1_900);
      // Whoever is asked to end, and still holds the lease, has ten seconds.
      expect(performance.now() - lost).toBeLessThan(9_000);
    },
  );

  test('of a project that is removed ends the trainer, and is called by its name', async () => {
    const { train, registry, whenProject } = await trainable();
    const { finished } = train(`echo 10% >&3; ${WAITS}`);
    await whenProject(({ training }) => training?.progress === 0.1, 'it has reported');
    await registry.projects.remove({ project: 'payments', force: true });
    const { code, stderr } = await finished;
    expect(code).toBe(1);
    expect(stderr).toContain('gardener: the project "payments" was removed; the command was ended\n');
  });

  test('that stalls ends the trainer', async () => {
    const { train, project } = await trainable();
    const { code, stderr } = await train(WAITS, ['--stall', '0.2']).finished;
    expect(code).toBe(1);
    // Nobody else has the project now.
    expect(stderr).toContain('it stalled: its trainer reported nothing for as long as it was allowed');
    expect(stderr).toContain('try: a longer --stall, or a trainer that reports; the command was ended\n');
    expect(await project()).toMatchObject({ training_status: 'failed', training: { error: 'stalled' } });
  });

  test('whose gardener is killed fails the project, and the trainer finds its descriptor closed', async () => {
    const { cli, train, whenProject } = await trainable();
    // Ends with an error once nobody listens; otherwise when the test is over.
    const { child } = train(
      `echo $$ > "$HOME/self"; trap 'exit 0' PIPE; while [ -d "$HOME" ]; do echo 10% >&3 || exit 0; sleep 0.02; done`,
    );
    await whenProject(({ training }) => training?.progress === 0.1, 'it has reported');
    const self = await noted(cli.home, 'self');
    child.kill('SIGKILL');
    await until(() => isGone(self), 'the trainer has noticed');
    expect(
      await whenProject(({ training_status: status }) => status === 'failed', 'it has failed'),
    ).toMatchObject({
      training: { error: 'trainer disconnected' },
    });
  });
});

describe('gardener train --cancel', () => {
  test('ends the trainer with all that it started, and puts the project back', async () => {
    const { cli, train, whenProject, project } = await trainable();
    await cli.json(['retrain', 'payments', '--reason', 'new model']);
    const { finished } = train(WITH_CHILD);
    await whenProject(({ training }) => training?.progress === 0.1, 'it has reported');
    const child = await noted(cli.home, 'child');
    const asked = await cli.run(['train', '--cancel', 'payments', '--reason', 'sleepy laptop', '--wait']);
    expect(asked).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^asked sh to stop training payments; process \d+ has the lease\nnobody trains it any more; it is not started\n$/,
      ),
    });
    expect(await finished).toMatchObject({
      code: 143,
      stderr: 'gardener: training payments was cancelled: sleepy laptop\n',
    });
    expect(await isGone(child)).toBe(true);
    expect(await project()).toMatchObject({
      training_status: 'not_started',
      retrain_requested: { reason: 'new model' },
      training: { holder: null, cancel_requested: false },
    });
  });

  test('kills after 10 s what does not want to end', async () => {
    const { cli, train, whenProject } = await trainable();
    const { finished } = train(`trap '' TERM; echo $$ > "$HOME/self"; echo 10% >&3; ${WAITS}`);
    await whenProject(({ training }) => training?.progress === 0.1, 'it has reported');
    const begun = performance.now();
    await cli.json(['train', '--cancel', 'payments']);
    const impatient = await cli.run(['train', '--cancel', 'payments', '--wait', '0.2']);
    expect(impatient).toMatchObject({ code: 1, stderr: expect.stringContaining('still being trained') });
    expect((await finished).code).toBe(137);
    expect(performance.now() - begun).toBeGreaterThan(9_000);
    expect(await isGone(await noted(cli.home, 'self'))).toBe(true);
  });

  test('of a trainer that then ends well does not count as training', async () => {
    const { cli, train, whenProject, project } = await trainable();
    const { finished } = train(`trap 'exit 0' TERM; echo 10% >&3; ${WAITS}`);
    await whenProject(({ training }) => training?.progress === 0.1, 'it has reported');
    await cli.json(['train', '--cancel', 'payments', '--wait']);
    expect((await finished).code).toBe(1);
    expect((await project()).training_status).toBe('not_started');
  });

  test('of nothing says so', async () => {
    const { cli } = await trainable();
    expect(await cli.run(['train', '--cancel', 'payments', '--wait'])).toMatchObject({
      code: 0,
      stdout: 'nobody trains payments\n',
    });
  });
});

describe('gardener train --claim', () => {
  test('takes what waits, and says when nothing does', async () => {
    const { cli, registry } = await trainable();
    await cli.codebase('src/web', {});
    await cli.json(['add', 'src/web', '--language', 'typescript', '--tag', 'work']);
    const claim = (...flags: string[]) =>
      cli.run(['train', '--claim', ...flags, '--', 'sh', '-c', 'echo "$GARDENER_PROJECT_NAME"']);
    const nothing = { code: 4, stdout: '', stderr: 'no project waits for training\n' };
    expect(await claim('--language', 'rust')).toMatchObject(nothing);
    expect(await claim('--language', 'rust', '--language', 'typescript')).toMatchObject({
      code: 0,
      stdout: 'web\n',
    });
    expect(await claim('--tag', 'work')).toMatchObject(nothing);
    expect(await claim()).toMatchObject({ code: 0, stdout: 'payments\n' });
    expect(await claim('--wait', '0.1')).toMatchObject(nothing);
    expect(await registry.projects.count({ status: 'completed' })).toBe(2);
  });

  test('waits for one, also through a restart of the daemon', async () => {
    const { cli, registry } = await trainable();
    await cli.run(['train', 'payments', '--', 'true']);
    const { finished } = cli.start(['train', '--claim', '--wait', '--', 'true']);
    const waits = async () => (await registry.daemon.status()).connections === 2;
    await until(waits, 'it waits');
    await cli.json(['daemon', 'restart']);
    await until(waits, 'it waits again');
    await registry.projects.retrain({ project: 'payments' });
    expect((await finished).code).toBe(0);
  });

  test('of two, each gets another project', async () => {
    const { cli } = await trainable();
    await cli.codebase('src/web', {});
    await cli.json(['add', 'src/web']);
    const claim = () => cli.run(['train', '--claim', '--', 'sh', '-c', 'echo "$GARDENER_PROJECT_NAME"']);
    const [one, other] = await Promise.all([claim(), claim()]);
    expect([one.stdout, other.stdout].toSorted()).toEqual(['payments\n', 'web\n']);
  });
});

test('a command line that may not start a daemon cannot cancel without one', async () => {
  const cli = await commandLine();
  await rm(cli.dataDir, { recursive: true, force: true });
  expect((await cli.run(['--no-start', 'train', '--cancel', 'payments'])).code).toBe(3);
});
