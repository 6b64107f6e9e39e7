import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, type TestContext, vi } from 'vitest';
import { until } from '../../../support/until.ts';
import type { Status } from '../launchd/stand-in.ts';
import { type SystemdUser, systemdUser } from './user.ts';

// Dozens of processes, one after another, on a machine that may have other things to do. Milliseconds.
vi.setConfig({ testTimeout: 90_000 });

const SOCKET = 'codebase-gardener-registry.socket';
const SERVICE = 'codebase-gardener-registry.service';

const units = (home: string) => ({
  socket: join(home, '.config/systemd/user', SOCKET),
  service: join(home, '.config/systemd/user', SERVICE),
});

async function status({ gardener }: SystemdUser): Promise<Status> {
  const { stdout, stderr } = await gardener('service', 'status', '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Status;
}

async function daemon({
  gardener,
}: SystemdUser): Promise<{ pid: number; manager: string; uptime_s: number }> {
  const { stdout, stderr } = await gardener('daemon', 'status', '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { pid: number; manager: string; uptime_s: number };
}

async function installed(context: TestContext): Promise<SystemdUser> {
  const systemd = await systemdUser(context);
  expect(await systemd.gardener('service', 'install')).toMatchObject({ code: 0, stderr: '' });
  return systemd;
}

describe('with a real systemd --user', () => {
  test('nothing runs until the first call, which starts the daemon', async (context) => {
    const systemd = await installed(context);
    const { service } = units(systemd.home);
    expect(await status(systemd)).toEqual({
      manager: 'systemd',
      installed: true,
      enabled: true,
      loaded: true,
      running: false,
      pid: null,
      last_exit: null,
      file: service,
      problems: [],
    });
    const socket = join(systemd.home, '.codebase-gardener', 'run', 'registry.sock');
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    expect((await stat(join(socket, '..'))).mode & 0o777).toBe(0o700);
    const { pid, manager } = await daemon(systemd);
    expect(manager).toBe('systemd');
    expect(await status(systemd)).toMatchObject({ running: true, pid, problems: [] });
  });

  test('the daemon comes back after kill -9, and stays down after a good end until it is called', async (context) => {
    const systemd = await installed(context);
    const { pid } = await daemon(systemd);
    process.kill(pid, 'SIGKILL');
    const next = await until(async () => {
      const now = await status(systemd);
      return now.pid !== pid && now.pid;
    }, 'it is back');

    expect((await systemd.gardener('daemon', 'stop')).code).toBe(0);
    await until(async () => !(await status(systemd)).running, 'it has ended');
    expect(await status(systemd)).toMatchObject({ running: false, loaded: true, last_exit: 0, problems: [] });
    const after = await daemon(systemd);
    expect(after.manager).toBe('systemd');
    expect(after.pid).not.toBe(next);
  });

  test('a second install changes nothing, and a third one mends what was changed', async (context) => {
    const systemd = await installed(context);
    const { pid } = await daemon(systemd);
    expect((await systemd.gardener('service', 'install')).stdout).toContain('installed already');
    expect((await daemon(systemd)).pid).toBe(pid);

    const { service } = units(systemd.home);
    const good = await readFile(service, 'utf8');
    await writeFile(service, good.replace('Restart=on-failure', 'Restart=always'));
    expect((await status(systemd)).problems.map(({ check }) => check)).toContain('service.drift');
    expect((await systemd.gardener('service', 'install')).code).toBe(0);
    expect(await readFile(service, 'utf8')).toBe(good);
    expect((await daemon(systemd)).pid).not.toBe(pid);
    expect((await status(systemd)).problems).toEqual([]);
  });

  test('a socket that was stopped is started by the next call', async (context) => {
    const systemd = await installed(context);
    await systemd.execute('systemctl', '--user', 'stop', SOCKET);
    expect(await status(systemd)).toMatchObject({ loaded: false, problems: [{ check: 'service.loaded' }] });
    expect(await systemd.gardener('ls')).toMatchObject({ code: 0 });
    expect((await daemon(systemd)).manager).toBe('systemd');
  });

  test('a disabled service does not keep anybody from the registry', async (context) => {
    const systemd = await installed(context);
    await systemd.execute('systemctl', '--user', 'disable', '--now', SOCKET);
    const { code, stderr } = await systemd.gardener('ls');
    expect(code).toBe(0);
    expect(stderr).toContain('its socket is disabled; try: gardener service install');
    expect((await daemon(systemd)).manager).toBe('spawned');
    expect(await status(systemd)).toMatchObject({ enabled: false });
    expect(await systemd.gardener('service', 'install')).toMatchObject({ code: 0, stderr: '' });
    expect((await daemon(systemd)).manager).toBe('systemd');
  });

  test('a service that cannot start does not keep anybody from the registry', async (context) => {
    const systemd = await installed(context);
    await writeFile(join(systemd.packageDir, 'launchd', 'gardenerd'), '#!/bin/sh\nexit 78\n');
    const { code, stderr } = await systemd.gardener('ls');
    expect(code).toBe(0);
    expect(stderr).toContain('started without its service');
    expect((await daemon(systemd)).manager).toBe('spawned');
    expect((await status(systemd)).problems.map(({ check }) => check)).toContain('service.throttled');
    expect((await systemd.gardener('daemon', 'stop')).code).toBe(0);
  });

  test('uninstalling leaves nothing behind, and may be repeated', async (context) => {
    const systemd = await installed(context);
    const { pid } = await daemon(systemd);
    expect(await systemd.gardener('service', 'uninstall')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: 'removed the service from systemd\n',
    });
    const { socket, service } = units(systemd.home);
    expect([socket, service].filter((file) => existsSync(file))).toEqual([]);
    expect(existsSync(join(systemd.home, '.codebase-gardener', 'run', 'registry.sock'))).toBe(false);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(
      (await systemd.execute('systemctl', '--user', 'list-units', '--all', 'codebase-gardener*')).stdout,
    ).toContain('0 loaded units');
    expect(await systemd.gardener('service', 'uninstall')).toMatchObject({
      code: 0,
      stdout: 'no service is installed\n',
    });
    expect(await status(systemd)).toMatchObject({ installed: false, loaded: false, problems: [] });
  });
});
