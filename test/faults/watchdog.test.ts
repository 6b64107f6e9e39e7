/** The watchdog's script in the shells that `/bin/sh` may be, without a `gardener train` that starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test, type TestContext } from 'vitest';
import { isGone } from '../../client/cli/daemon/processes.ts';
import { fromPs, groupsOf } from '../../client/cli/train/process/session.ts';
import { SCRIPT } from '../../client/cli/train/process/watchdog.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';

const SHELLS = ['sh', 'dash', 'bash'];

/** What ends when a test does; tests that run side by side have to say which. */
type Here = Pick<TestContext, 'onTestFinished'>;

/** A trainer in a group of its own. */
function trainer({ onTestFinished }: Here, token: string): ChildProcess & { pid: number } {
  const { PATH } = process.env;
  const child = spawn('sleep', ['1000'], {
    env: { PATH, GARDENER_PROJECT_ID: 'an-id', GARDENER_PROJECT_TOKEN: token },
    detached: true,
    stdio: 'ignore',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child as ChildProcess & { pid: number };
}

/** Runs the script to its end with what a `gardener train` of token 7 has said before it ended; gives its errors. */
async function watch(
  shell: string,
  said: string,
  look = 'proc',
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  // Where no shell has started it and its standard input is a socket, bash reads the settings of a person.
  const settings = shell === 'bash' ? ['--norc'] : [];
  const words = [...settings, '-c', SCRIPT, 'watchdog', 'an-id', '7', look];
  const child = spawn(shell, words, { env, stdio: ['pipe', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.stdin.end(said);
  expect(await once(child, 'close')).toEqual([0, null]);
  return errors;
}

test.for(SHELLS)('%s ends the group that was named', async (shell, context) => {
  requireTools(context, shell);
  const [ours, other] = [trainer(context, '7'), trainer(context, '8')];

  await watch(shell, `${ours.pid}\n`);
  await until(() => isGone(ours.pid), 'the trainer is gone');
  expect(ours.signalCode).toBe('SIGTERM');
  expect(await isGone(other.pid)).toBe(false);
});

/** A session in which a trainer is in a group of its own, and ends only when it is killed. */
async function grouped({ onTestFinished }: Here): Promise<{ leader: number; group: number; other: number }> {
  const { PATH } = process.env;
  const stubborn = `trap "" TERM; echo $PPID $$; while :; do sleep 0.1; done`;
  const child = spawn('sh', ['-c', `timeout 1000 sh -c '${stubborn}'; true`], {
    env: { PATH },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const [group = 0, other = 0] = line.toString().split(' ').map(Number);
  onTestFinished(async () => {
    if (!(await isGone(other))) process.kill(-group, 'SIGKILL');
    child.kill('SIGKILL');
  });
  return { leader: child.pid ?? 0, group, other };
}

const WAYS = process.platform === 'linux' ? ['proc', 'ps'] : ['ps'];
const SHELLS_AND_WAYS = SHELLS.flatMap((shell) => WAYS.map((way) => [shell, way] as const));

// Side by side: each waits for the five seconds that a trainer has to end.
describe.concurrent('the watchdog', () => {
  test.for(SHELLS_AND_WAYS)(
    '%s ends the other groups of the session, found by %s',
    async ([shell, way], context) => {
      requireTools(context, [shell, 'timeout', 'ps', 'awk']);
      const { leader, group, other } = await grouped(context);
      const bystander = trainer(context, '8');
      expect(groupsOf(leader, [])).toEqual(expect.arrayContaining([leader, group]));
      await watch(shell, `${leader}\n`, way);
      await until(() => isGone(other), 'the trainer in the other group is gone');
      expect(await isGone(leader)).toBe(true);
      expect(await isGone(bystander.pid)).toBe(false);
    },
  );

  test('leaves a trainer its time where PATH has no programs', async (context) => {
    requireTools(context, 'timeout');
    if (process.platform !== 'linux') context.skip('needs /proc');
    const { leader, other } = await grouped(context);
    const started = performance.now();
    const errors = await watch('/bin/sh', `${leader}\n`, 'proc', { PATH: '/nonexistent' });
    expect(errors).not.toContain('not found');
    await until(() => isGone(other), 'the trainer is gone');
    expect(performance.now() - started).toBeGreaterThan(4_000);
  });
});

test('the groups of a session are found by parents as by its number', async (context) => {
  requireTools(context, ['timeout', 'ps']);
  const { leader, group } = await grouped(context);
  const sorted = (groups: number[]) => groups.toSorted((a, b) => a - b);
  const found = sorted(fromPs(leader, []));
  expect(found).toEqual(sorted(groupsOf(leader, [])));
  process.kill(-leader, 'SIGKILL');
  await until(() => isGone(leader), 'its parent is gone');
  expect(groupsOf(leader, found)).toContain(group);
  expect(fromPs(leader, found)).toContain(group);
});

test.for(SHELLS)('%s touches nothing where it was told that all is over', async (shell, context) => {
  requireTools(context, shell);
  const ours = trainer(context, '7');
  expect(await watch(shell, `${ours.pid}\nended\n`)).toBe('');
  expect(await watch(shell, 'ended\n')).toBe('');
  expect(await isGone(ours.pid)).toBe(false);
});

test.for(SHELLS)('%s finds a trainer that nobody has lived to name', async (shell, context) => {
  requireTools(context, shell);
  if (process.platform !== 'linux') context.skip('needs /proc');
  const [ours, other] = [trainer(context, '7'), trainer(context, '8')];
  await Promise.all([once(ours, 'spawn'), once(other, 'spawn')]);
  await watch(shell, '');
  await until(() => isGone(ours.pid), 'the trainer is gone');
  expect(await isGone(other.pid)).toBe(false);
  // And none where there is none.
  await watch(shell, '');
  expect(await isGone(other.pid)).toBe(false);
});
