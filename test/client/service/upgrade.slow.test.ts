/** Two versions on one machine, or two builds of one: the newer one takes over, and nobody notices. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Build } from '../../../src/version.ts';
import { commandLine } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';
import { crowd, type Seen } from './crowd.ts';
import { packageOf } from './packages.ts';
import { execute, standInLaunchd } from './launchd/stand-in.ts';
import { systemdUser } from './systemd/user.ts';

// Dozens of processes, one after another, on a machine that may have other things to do. Milliseconds.
vi.setConfig({ testTimeout: 90_000 });

interface Hello {
  readonly version: string;
  readonly build?: Build;
  readonly pid: number;
}

interface Machine {
  readonly home: string;
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly old: string;
  readonly new: string;
  /** Has the command line of a package say hello. */
  hello(directory: string, ...flags: string[]): Promise<Hello>;
}

async function machine(
  env: NodeJS.ProcessEnv = {},
  { home, dataDir }: { home: string; dataDir: string } | Awaited<ReturnType<typeof commandLine>>,
): Promise<Machine> {
  const all = { ...environment(home), ...env };
  const directories = { old: join(home, 'old'), new: join(home, 'new') };
  await packageOf('0.1.0', directories.old);
  await packageOf('0.2.0', directories.new);
  return {
    home,
    dataDir,
    env: all,
    ...directories,
    async hello(directory, ...flags) {
      const words = [join(directory, 'dist', 'gardener.js'), ...flags, 'call', 'daemon.hello'];
      const { stdout, stderr } = await execute(process.execPath, words, all);
      if (stdout === '') throw new Error(stderr);
      return JSON.parse(stdout) as Hello;
    },
  };
}

/** What a crowd must not have seen, and that each member was served by these versions in this order. */
function expectNoGap(seen: readonly Seen[], versions: readonly string[]): void {
  expect(seen.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  for (const { calls, versions: tags } of seen) {
    expect(calls).toBeGreaterThan(10);
    expect(tags.map((tag) => tag.split(' ')[0])).toEqual(versions);
  }
  expect(new Set(seen.map(({ versions: tags }) => tags.join())).size).toBe(1);
}

describe('an older daemon that a client had started', () => {
  test('is replaced by a newer client, while sixteen others call without pause', async () => {
    const place = await machine({}, await commandLine());
    const others = await crowd(join(place.old, 'dist', 'index.js'), place.dataDir, place.env);
    const before = await place.hello(place.old);
    expect(before.version).toBe('0.1.0');
    const after = await place.hello(place.new);
    expect(after.version).toBe('0.2.0');
    expect(after.pid).not.toBe(before.pid);
    // The older clients are content with it.
    expect(await place.hello(place.old)).toMatchObject(after);
    expectNoGap(await others.finish(), ['0.1.0', '0.2.0']);
  });

  test('is replaced once by many newer clients at once', async () => {
    const place = await machine({}, await commandLine());
    await place.hello(place.old);
    const others = await crowd(join(place.new, 'dist', 'index.js'), place.dataDir, place.env);
    const { version, pid } = await place.hello(place.old);
    expect(version).toBe('0.2.0');
    const seen = await others.finish();
    expect(seen.flatMap(({ errors }) => errors)).toEqual([]);
    expect(new Set(seen.flatMap(({ versions }) => versions))).toEqual(new Set([`0.2.0 ${pid}`]));
  });

  test('is left alone by a client that must not start one', async () => {
    const place = await machine({}, await commandLine());
    const before = await place.hello(place.old);
    expect(await place.hello(place.new, '--no-start')).toMatchObject({ version: '0.1.0', pid: before.pid });
  });

  test('never ends a newer one, however often older clients come', async () => {
    const place = await machine({}, await commandLine());
    const { pid } = await place.hello(place.new);
    const others = await crowd(join(place.old, 'dist', 'index.js'), place.dataDir, place.env);
    for (const directory of [place.old, place.new, place.old]) {
      expect(await place.hello(directory)).toMatchObject({ version: '0.2.0', pid });
    }
    expectNoGap(await others.finish(), ['0.2.0']);
  });
});

describe('of two builds of a version', () => {
  const EARLIER = { id: 'earlier', built_at: '2026-01-04T16:30:00.000Z' };
  const LATER = { id: 'later', built_at: '2026-01-04T16:31:00.000Z' };

  test('the later one takes over, once, however they are used in turn', async () => {
    const place = await machine({}, await commandLine());
    await packageOf('0.1.0', place.old, EARLIER);
    await packageOf('0.1.0', place.new, LATER);
    const others = await crowd(join(place.old, 'dist', 'index.js'), place.dataDir, place.env);
    const before = await place.hello(place.old);
    expect(before.build).toEqual(EARLIER);
    const after = await place.hello(place.new);
    expect(after.build).toEqual(LATER);
    expect(after.pid).not.toBe(before.pid);
    for (const directory of [place.old, place.new, place.old, place.new]) {
      expect(await place.hello(directory)).toMatchObject({ build: LATER, pid: after.pid });
    }
    expectNoGap(await others.finish(), ['0.1.0', '0.1.0']);
    const status = [join(place.old, 'dist', 'gardener.js'), 'status'];
    expect((await execute(process.execPath, status, place.env)).stdout).toContain(
      'version 0.1.0 (another build than this command line)',
    );
  });

  test('the same sources, built again, are the same', async () => {
    const place = await machine({}, await commandLine());
    await packageOf('0.1.0', place.old, EARLIER);
    await packageOf('0.1.0', place.new, { ...LATER, id: EARLIER.id });
    const { pid } = await place.hello(place.old);
    expect(await place.hello(place.new)).toMatchObject({ build: EARLIER, pid });
  });

  test('the one that a package was built into takes over with the next command', async () => {
    const place = await machine({}, await commandLine());
    await packageOf('0.1.0', place.new, EARLIER);
    const before = await place.hello(place.new);
    await packageOf('0.1.0', place.new, LATER);
    const after = await place.hello(place.new);
    expect(after).toMatchObject({ version: before.version, build: LATER });
    expect(after.pid).not.toBe(before.pid);
  });
});

test('a daemon in the foreground belongs to whoever started it', async () => {
  const place = await machine({}, await commandLine());
  const child = spawn(process.execPath, [join(place.old, 'dist', 'gardenerd.js')], {
    env: place.env,
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  await until(
    () =>
      place.hello(place.old, '--no-start').then(
        () => true,
        () => false,
      ),
    'it answers',
  );
  expect(await place.hello(place.new)).toMatchObject({ version: '0.1.0', pid: child.pid });
});

describe('a service of launchd', () => {
  test.each([[[]], [['--on-demand']]])('is restarted when its package was upgraded: %j', async (flags) => {
    const launchd = await standInLaunchd();
    const place = await machine(launchd.env, launchd);
    const service = join(place.home, 'service');
    await packageOf('0.1.0', service);
    const gardener = join(service, 'dist', 'gardener.js');
    const install = [gardener, 'service', 'install', '--manager', 'launchd', ...flags];
    expect(await execute(process.execPath, install, place.env)).toMatchObject({ code: 0, stderr: '' });
    const others = await crowd(join(place.old, 'dist', 'index.js'), place.dataDir, place.env);
    const before = await place.hello(place.old);

    // Not by a newer client alone: launchd would start the same version again, and again.
    expect(await place.hello(place.new)).toMatchObject({ version: '0.1.0', pid: before.pid });

    await packageOf('0.2.0', service);
    const after = await place.hello(place.new);
    expect(after.version).toBe('0.2.0');
    expect((await launchd.status()).pid).toBe(after.pid);
    expectNoGap(await others.finish(), ['0.1.0', '0.2.0']);
  });
});

test('a service of systemd is restarted when its package was upgraded', async (context) => {
  requireTools(context, 'nsenter');
  const systemd = await systemdUser(context);
  await packageOf('0.1.0', systemd.packageDir);
  expect(await systemd.gardener('service', 'install')).toMatchObject({ code: 0, stderr: '' });
  const old = join(systemd.home, 'old');
  await packageOf('0.1.0', old);
  const others = await crowd(
    join(old, 'dist', 'index.js'),
    join(systemd.home, '.codebase-gardener'),
    systemd.env,
    systemd.prefix,
  );
  await packageOf('0.2.0', systemd.packageDir);
  const { stdout } = await systemd.gardener('daemon', 'status', '--json');
  const status = JSON.parse((await systemd.gardener('call', 'daemon.status')).stdout) as Hello & {
    manager: string;
  };
  expect(stdout).not.toBe('');
  expect(status).toMatchObject({ version: '0.2.0', manager: 'systemd' });
  expectNoGap(await others.finish(), ['0.1.0', '0.2.0']);
});
