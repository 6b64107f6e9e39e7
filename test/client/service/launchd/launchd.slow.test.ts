import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { requireTools } from '../../../support/tools.ts';
import { until } from '../../../support/until.ts';
import { type StandIn, standInLaunchd, type Settings } from './stand-in.ts';

// Dozens of processes, one after another, on a machine that may have other things to do. Milliseconds.
vi.setConfig({ testTimeout: 90_000 });

beforeEach((context) => requireTools(context, 'python3'));

/** A stand-in with the service installed. */
async function installed(settings: Settings = {}, ...flags: string[]): Promise<StandIn> {
  const launchd = await standInLaunchd(settings);
  const { code, stderr } = await launchd.service('install', ...flags);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  await launchd.calls();
  return launchd;
}

/** Of the daemon, once it answers: launchd calls it running from the moment that its process is there. */
async function daemonStatus(launchd: StandIn): Promise<{ pid: number; manager: string }> {
  return JSON.parse(await launchd.gardener('call', 'daemon.status')) as { pid: number; manager: string };
}

const running = (launchd: StandIn, other?: number | null) =>
  until(async () => {
    const { pid } = await launchd.status();
    return pid !== null && pid !== other && pid;
  }, 'the service runs');

describe('an installed service', () => {
  test('runs, is known, and serves', async () => {
    const launchd = await installed();
    const status = await launchd.status();
    expect(status).toEqual({
      manager: 'launchd',
      installed: true,
      enabled: true,
      loaded: true,
      running: true,
      pid: expect.any(Number) as number,
      last_exit: null,
      file: launchd.plist,
      problems: [],
    });
    expect((await stat(launchd.plist)).mode & 0o777).toBe(0o644);
    expect(await launchd.gardener('ls')).toBe('');
    expect(await daemonStatus(launchd)).toMatchObject({ pid: status.pid, manager: 'launchd' });
  });

  test('is left alone by a second install', async () => {
    const launchd = await installed();
    const { pid } = await launchd.status();
    await launchd.calls();
    const { code, stdout } = await launchd.service('install');
    expect([code, stdout]).toEqual([0, expect.stringContaining('installed already')]);
    expect((await launchd.calls()).filter((call) => /^boot|^kick/.test(call))).toEqual([]);
    expect((await launchd.status()).pid).toBe(pid);
  });

  test('comes back after kill -9', async () => {
    const launchd = await installed();
    const { pid } = await launchd.status();
    process.kill(pid ?? 0, 'SIGKILL');
    await running(launchd, pid);
    expect((await daemonStatus(launchd)).manager).toBe('launchd');
  });

  test('is there after the next login', async () => {
    const launchd = await installed();
    await launchd.logInAgain();
    await running(launchd);
    expect((await launchd.status()).problems).toEqual([]);
  });

  test('stays down when it was stopped, until somebody calls', async () => {
    const launchd = await installed();
    await launchd.gardener('daemon', 'stop');
    await until(async () => !(await launchd.status()).running, 'launchd has seen it end');
    expect(await launchd.status()).toMatchObject({ running: false, last_exit: 0, problems: [] });
    await launchd.calls();
    expect(await launchd.gardener('ls')).toBe('');
    expect(await launchd.calls()).toContain(`kickstart ${launchd.target}`);
    expect((await daemonStatus(launchd)).manager).toBe('launchd');
  });

  test('is one daemon for many who call at once', async () => {
    const launchd = await installed();
    await launchd.gardener('daemon', 'stop');
    const pids = await Promise.all(
      Array.from(
        { length: 8 },
        async () => JSON.parse(await launchd.gardener('call', 'daemon.hello')) as { pid: number },
      ),
    );
    expect(new Set(pids.map(({ pid }) => pid))).toEqual(new Set([await running(launchd)]));
  });

  test('takes over from a daemon that a client had started', async () => {
    const launchd = await standInLaunchd();
    await launchd.gardener('daemon', 'start');
    const before = await daemonStatus(launchd);
    expect(before.manager).toBe('spawned');
    expect((await launchd.service('install')).code).toBe(0);
    const after = await until(async () => {
      const { code, stdout } = await launchd.run(['daemon', 'status', '--json']);
      return code === 0 && (JSON.parse(stdout) as { pid: number; manager: string });
    }, 'the service answers');
    expect(after.manager).toBe('launchd');
    expect(after.pid).not.toBe(before.pid);
  });

  test('that differs from what would be installed now is told, and loaded anew by the next install', async () => {
    const launchd = await installed();
    const { pid } = await launchd.status();
    const good = await readFile(launchd.plist, 'utf8');
    await writeFile(launchd.plist, good.replace('<integer>30</integer>', '<integer>31</integer>'));
    expect((await launchd.status()).problems).toMatchObject([
      { check: 'service.drift', remedy: 'gardener service install' },
    ]);
    await launchd.calls();
    const { code, stderr } = await launchd.service('install');
    expect([code, stderr]).toEqual([0, '']);
    const verbs = (await launchd.calls()).map((call) => call.split(' ')[0]);
    expect(verbs.filter((verb) => verb === 'bootout')).toHaveLength(1);
    expect(verbs.indexOf('bootout')).toBeLessThan(verbs.lastIndexOf('bootstrap'));
    expect(await readFile(launchd.plist, 'utf8')).toBe(good);
    expect(await running(launchd, pid)).not.toBe(pid);
    expect((await launchd.status()).problems).toEqual([]);
  });

  test('can be restarted', async () => {
    const launchd = await installed();
    const { pid } = await launchd.status();
    expect((await launchd.service('restart')).code).toBe(0);
    expect(await running(launchd, pid)).not.toBe(pid);
  });

  test('of another registry is no service of this one', async () => {
    const launchd = await installed();
    const other = join(launchd.home, 'other');
    const { stdout } = await launchd.run([
      '--data-dir',
      other,
      'service',
      'status',
      '--manager',
      'launchd',
      '--json',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ problems: [{ check: 'service.registry' }] });
    await launchd.calls();
    await launchd.gardener('--data-dir', other, 'ls');
    expect(await launchd.calls()).toEqual([]);
    await launchd.gardener('--data-dir', other, 'daemon', 'stop');
  });
});

describe('a service on demand', () => {
  test('runs nothing until the first call, and again after it has ended', async () => {
    const launchd = await installed({}, '--on-demand');
    const socket = join(launchd.dataDir, 'run', 'registry.sock');
    expect(await launchd.status()).toMatchObject({
      loaded: true,
      running: false,
      last_exit: null,
      problems: [],
    });
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    expect(await launchd.gardener('ls')).toBe('');
    const { pid, manager } = await daemonStatus(launchd);
    expect(manager).toBe('launchd');
    expect((await launchd.status()).pid).toBe(pid);

    process.kill(pid, 'SIGTERM');
    await until(async () => !(await launchd.status()).running, 'it has ended');
    expect(await launchd.status()).toMatchObject({ running: false, last_exit: 0 });
    expect(existsSync(socket)).toBe(true);
    expect((await daemonStatus(launchd)).pid).not.toBe(pid);
  });

  test('ends when idle', async () => {
    const launchd = await installed({}, '--on-demand');
    expect(await readFile(launchd.plist, 'utf8')).toMatch(/--idle-timeout<\/string>\s*<string>1800</);
  });

  test('stays one on demand when it is looked at without the flag', async () => {
    const launchd = await installed({}, '--on-demand');
    await writeFile(launchd.plist, (await readFile(launchd.plist, 'utf8')).replace('30<', '31<'));
    expect((await launchd.status()).problems).toMatchObject([
      { remedy: 'gardener service install --on-demand' },
    ]);
  });

  test('answers many who call at once with one daemon', async () => {
    const launchd = await installed({}, '--on-demand');
    const pids = await Promise.all(
      Array.from(
        { length: 8 },
        async () => JSON.parse(await launchd.gardener('call', 'daemon.hello')) as { pid: number },
      ),
    );
    expect(new Set(pids.map(({ pid }) => pid)).size).toBe(1);
  });
});

describe('uninstalling', () => {
  test.each([[[]], [['--on-demand']]])('leaves nothing behind: %j', async (flags) => {
    const launchd = await installed({}, ...flags);
    await launchd.gardener('ls');
    const { pid } = await launchd.status();
    expect(pid).not.toBeNull();
    const { code, stdout } = await launchd.service('uninstall');
    expect([code, stdout]).toEqual([0, 'removed the service from launchd\n']);
    expect(existsSync(launchd.plist)).toBe(false);
    expect(existsSync(join(launchd.dataDir, 'run', 'registry.sock'))).toBe(false);
    expect(existsSync(join(launchd.dataDir, 'logs', 'launchd.log'))).toBe(false);
    expect((await launchd.launchctl('print', launchd.target)).code).toBe(113);
    expect(await launchd.status()).toMatchObject({
      installed: false,
      loaded: false,
      running: false,
      problems: [],
    });
  });

  test('may be repeated', async () => {
    const launchd = await installed();
    await launchd.service('uninstall');
    expect(await launchd.service('uninstall')).toMatchObject({
      code: 0,
      stdout: 'no service is installed\n',
    });
  });

  test('removes a job whose file is gone', async () => {
    const launchd = await installed();
    await rm(launchd.plist);
    expect((await launchd.status()).problems).toMatchObject([{ check: 'service.loaded' }]);
    expect((await launchd.service('uninstall')).code).toBe(0);
    expect((await launchd.status()).loaded).toBe(false);
  });
});
