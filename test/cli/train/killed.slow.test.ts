/** `gardener train` that is killed takes its trainer with it, so that nobody trains beside the next one. */
import { execFile } from 'node:child_process';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isGone } from '../../../client/cli/daemon/processes.ts';
import { builtProgram } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';
import { trainable, WAITS } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

/** Notes the process that runs the script, and says that it runs. */
const STARTS = 'echo $$ > "$HOME/self"; echo 10% >&3;';
/** Goes on for as long as there is the home of this test, with or without gardener. */
const RUNS_ON = 'while [ -d "$HOME" ]; do sleep 0.02; done';

/** A trainer within another process group, as GNU `timeout` makes one; it ends only when it is killed. */
const GROUPED = `timeout 1000 sh -c 'trap "" TERM; echo $$ > "$HOME/child"; ${RUNS_ON}' > /dev/null 2>&1 3>&- & ${STARTS} wait`;

/** The process that a script noted in a file of this home; it does not outlive the test, whatever happens. */
async function noted(home: string, name: string): Promise<number> {
  const text = await until(() => readFile(join(home, name), 'utf8').catch(() => ''), `${name} is noted`);
  const pid = Number(text);
  onTestFinished(async () => {
    if (!(await isGone(pid))) process.kill(pid, 'SIGKILL');
  });
  return pid;
}

/** A training that has begun, with what its script noted. */
async function begun(script: string, ...names: string[]) {
  const { train, whenProject, ...rest } = await trainable();
  const running = train(script);
  await whenProject(({ training }) => training?.progress === 0.1, 'it has begun');
  const pids = await Promise.all(['self', ...names].map((name) => noted(rest.cli.home, name)));
  return { ...rest, ...running, whenProject, pids };
}

/** The children of a process of this user, and theirs: `[pid, ppid, args]`. */
async function processes(): Promise<{ pid: number; ppid: number; args: string }[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [pid, ppid, ...args] = line.trim().split(/\s+/);
      return { pid: Number(pid), ppid: Number(ppid), args: args.join(' ') };
    });
}

/** What a process has started and not collected, beside its trainer. */
async function watchdogOf(pid: number | undefined, trainer: number): Promise<number> {
  const found = (await processes()).filter((one) => one.ppid === pid && one.pid !== trainer);
  expect(found).toHaveLength(1);
  return found[0]?.pid ?? 0;
}

describe('gardener train that is killed', () => {
  test('takes its trainer with it, and all that this has started', async () => {
    const { child, pids } = await begun(
      `sh -c '${RUNS_ON}' > /dev/null 2>&1 3>&- & echo $! > "$HOME/child"; ${STARTS} ${RUNS_ON}`,
      'child',
    );
    child.kill('SIGKILL');
    for (const pid of pids) await until(() => isGone(pid), `process ${pid} is gone`);
  });

  test('leaves its trainer time to end well', async () => {
    const { cli, child, pids } = await begun(
      // Nobody reads its errors any more, and the shell would have some.
      `exec 2> /dev/null; trap 'echo saved > "$HOME/saved"; exit' TERM; ${STARTS} ${RUNS_ON}`,
    );
    child.kill('SIGKILL');
    await until(() => isGone(pids[0] ?? 0), 'the trainer is gone');
    expect(await readFile(join(cli.home, 'saved'), 'utf8')).toBe('saved\n');
  });

  test('has one killed that does not want to end, before somebody else gets the project', async () => {
    const { registry, child, pids, whenProject } = await begun(`trap '' TERM; ${STARTS} ${RUNS_ON}`);
    const [trainer = 0] = pids;
    child.kill('SIGKILL');
    await whenProject(({ training_status: status }) => status === 'failed', 'the project is given up');
    expect(await isGone(trainer)).toBe(true);
    expect(await registry.training.claim({})).toMatchObject({ token: expect.any(Number) });
  });

  test('takes with it what has a process group of its own', async (context) => {
    requireTools(context, 'timeout');
    const { child, pids } = await begun(GROUPED, 'child');
    child.kill('SIGKILL');
    for (const pid of pids) await until(() => isGone(pid), `process ${pid} is gone`);
  });

  test('has one ended that was suspended', async () => {
    // One process: a shell that is making another one cannot be suspended before that one is.
    const { child, pids } = await begun(`${STARTS} exec sleep 1000`);
    const [trainer = 0] = pids;
    child.kill('SIGTSTP');
    const state = async () =>
      (await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(trainer)])).stdout.trim();
    await until(async () => (await state()).startsWith('T'), 'the trainer is suspended');
    child.kill('SIGKILL');
    await until(() => isGone(trainer), 'the trainer is gone');
  });
});

test('a training that is cancelled is over for what has a process group of its own, too', async (context) => {
  requireTools(context, 'timeout');
  const { cli, pids, finished } = await begun(GROUPED, 'child');
  await cli.json(['train', '--cancel', 'payments']);
  await finished;
  for (const pid of pids) expect(await isGone(pid)).toBe(true);
});

describe('the watchdog of a training', () => {
  test('ends with it, and touches nothing', async () => {
    const { child, finished, pids, letGo, cli } = await begun(
      `sh -c '${RUNS_ON}' > /dev/null 2>&1 3>&- & echo $! > "$HOME/child"; ${STARTS} ${WAITS}`,
      'child',
    );
    const [trainer = 0, left = 0] = pids;
    const watchdog = await watchdogOf(child.pid, trainer);
    await letGo();
    expect((await finished).code).toBe(0);
    expect(await isGone(watchdog)).toBe(true);
    // It was collected: whoever looks at the process table sees nothing of it.
    expect((await processes()).filter(({ pid }) => pid === watchdog)).toEqual([]);
    expect(await isGone(left)).toBe(false);
    expect(await readdir(cli.home)).toContain('go');
  });

  test('is not reached by what reaches the group of the command, and holds nothing of it', async (context) => {
    requireTools(context, ['ps']);
    const { child, finished, pids, letGo } = await begun(`${STARTS} ${WAITS}`);
    const watchdog = await watchdogOf(child.pid, pids[0] ?? 0);
    const { stdout } = await promisify(execFile)('ps', ['-o', 'pgid=,args=', '-p', String(watchdog)]);
    // A group of its own, and a name that "pkill -f gardener" does not find.
    expect(stdout).toMatch(new RegExp(`^\\s*${watchdog} `));
    expect(stdout).not.toContain('gardener');
    for (const name of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const) process.kill(watchdog, name);
    if (process.platform === 'linux') {
      expect(await readlink(`/proc/${watchdog}/cwd`)).toBe('/');
      const holds = async (pid: number) => {
        const names = await readdir(`/proc/${pid}/fd`);
        return Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
      };
      // Its end of the line; standard input of the trainer is a socket here. The other end is gardener's.
      expect((await holds(watchdog)).filter((name) => name.startsWith('socket:'))).toHaveLength(1);
      expect((await holds(pids[0] ?? 0)).filter((name) => name.startsWith('socket:'))).toHaveLength(1);
    }
    child.kill('SIGKILL');
    await until(() => isGone(pids[0] ?? 0), 'the trainer is gone');
    await letGo();
    await finished;
  });

  test('does not keep a pipeline from ending', async () => {
    const { cli } = await trainable();
    const program = builtProgram('gardener.js');
    const { stdout } = await promisify(execFile)(
      'sh',
      ['-c', `"${process.execPath}" "${program}" train payments -- sh -c 'echo trained; exit 3' 2>&1 | cat`],
      { env: environment(cli.home) },
    );
    expect(stdout).toBe('trained\ngardener: training payments has failed: exit code 3\n');
  });

  test('ends where the trainer cannot be run', async () => {
    const { cli } = await trainable();
    const { child, finished } = cli.start(['train', 'payments', '--', 'no-such-trainer']);
    expect((await finished).code).toBe(127);
    expect((await processes()).filter(({ ppid }) => ppid === child.pid)).toEqual([]);
  });
});
