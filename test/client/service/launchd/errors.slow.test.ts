/** What the person is told when launchd refuses. */
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { connect } from '../../../../client/index.ts';
import { resolvePaths } from '../../../../src/paths.ts';
import { type Runner, ServiceError } from '../../../../client/service/commands.ts';
import { Launchd } from '../../../../client/service/launchd/launchd.ts';
import { temporaryDirectory } from '../../../support/home.ts';
import { requireTools } from '../../../support/tools.ts';
import { until } from '../../../support/until.ts';
import { execute, standInLaunchd } from './stand-in.ts';

// Dozens of processes, one after another, on a machine that may have other things to do. Milliseconds.
vi.setConfig({ testTimeout: 90_000 });

beforeEach((context) => requireTools(context, 'python3'));

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const PERSON = { uid: 501, env: {}, cgroup: '' };

/** A launchctl that answers each verb with a code. */
function answering(codes: Readonly<Record<string, number>>): { run: Runner; asked: string[] } {
  const asked: string[] = [];
  const run: Runner = (program, args) => {
    asked.push(args.join(' '));
    const code = codes[args[0] ?? ''] ?? 0;
    return Promise.resolve({
      command: [program, ...args].join(' '),
      code,
      output: code === 0 ? '' : `failed: ${code}`,
    });
  };
  return { run, asked };
}

async function agent(
  run: Runner,
  busyMs = 0,
): Promise<{ launchd: Launchd; options: Parameters<Launchd['install']>[0] }> {
  const home = await temporaryDirectory();
  return {
    launchd: new Launchd({ home, run, circumstances: PERSON, busyMs }),
    options: {
      paths: resolvePaths({ dataDir: join(home, 'data') }, {}),
      daemonProgram: join(ROOT, 'dist', 'gardenerd.js'),
      home,
    },
  };
}

const errorOf = (promise: Promise<unknown>): Promise<ServiceError> =>
  promise.then(
    () => {
      throw new Error('it went well');
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(ServiceError);
      return error as ServiceError;
    },
  );

describe('installing', () => {
  test.each([
    [5, 'input/output error', 'launchctl enable gui/501/dev.codebase-gardener.registry; plutil -lint'],
    [36, 'still ending it', 'again in half a minute'],
    [37, 'has it already', 'again in half a minute'],
    [112, 'no session of user 501', 'log in at the screen'],
    [113, 'does not know the service', 'gardener service install'],
    [119, 'disabled', 'Login Items'],
    [125, 'no graphical session', 'launchctl bootstrap user/501'],
    [127, 'no launchctl', '--manager systemd'],
    [64, 'ended with 64', 'launchctl error 64'],
  ])('explains exit code %i of bootstrap', async (code, meaning, remedy) => {
    const { run } = answering({ print: 113, bootstrap: code });
    const { launchd, options } = await agent(run);
    const error = await errorOf(launchd.install(options));
    expect(error.message).toContain('cannot load the service: ');
    expect(error.message).toContain(meaning);
    expect(error.remedy).toContain(remedy);
    expect(error.commands.at(-1)).toMatchObject({
      code,
      command: expect.stringContaining('launchctl bootstrap') as string,
    });
  });

  test('goes on in the background session where there is no graphical one', async () => {
    const launchd = await standInLaunchd({ gui: false });
    const { code, stderr } = await launchd.service('install');
    expect([code, stderr]).toEqual([0, '']);
    expect(await launchd.calls()).toContain(`bootstrap user/${process.getuid?.()} ${launchd.plist}`);
    expect(await launchd.status()).toMatchObject({ loaded: true, running: true, problems: [] });
    await launchd.gardener('daemon', 'stop');
    expect(await launchd.gardener('ls')).toBe('');
    expect((await launchd.service('uninstall')).code).toBe(0);
  });

  test.each([[5], [37]])('tries again while launchd is busy (%i)', async (code) => {
    const launchd = await standInLaunchd({
      fail: [
        ['bootstrap', code],
        ['bootstrap', code],
      ],
    });
    const done = await launchd.service('install');
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect((await launchd.calls()).filter((call) => call.startsWith('bootstrap'))).toHaveLength(3);
  });

  test('shows what was run when it fails, and what to do', async () => {
    const launchd = await standInLaunchd({
      fail: [
        ['bootstrap', 112],
        ['bootstrap', 112],
      ],
    });
    const { code, stderr, stdout } = await launchd.service('install');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(
      `ran: launchctl bootstrap gui/${process.getuid?.()} ${launchd.plist} (exit 112)`,
    );
    expect(stderr).toContain('  Bootstrap failed: 112: Could not find specified domain');
    expect(stderr).toMatch(
      /^gardener: cannot load the service: launchd has no session of user \d+ \(112\)$/m,
    );
    expect(stderr).toMatch(/^try: log in at the screen/m);
  });

  test('says what exit 78 of the job means', async () => {
    const launchd = await standInLaunchd();
    const copy = join(launchd.home, 'package');
    await mkdir(copy);
    for (const part of ['dist', 'launchd', 'package.json'])
      await cp(join(ROOT, part), join(copy, part), { recursive: true });
    await writeFile(join(copy, 'launchd', 'gardenerd'), '#!/bin/sh\nexit 78\n');
    await chmod(join(copy, 'launchd', 'gardenerd'), 0o755);
    const words = [join(copy, 'dist', 'gardener.js'), 'service', 'install', '--manager', 'launchd'];
    const env = { ...launchd.env, HOME: launchd.home };
    const { code, stderr } = await execute(process.execPath, words, env);
    expect(code).toBe(1);
    expect(stderr).toContain('exit 78');
    expect(stderr).toContain('launchd.log says which');
    expect((await launchd.status()).problems).toContainEqual(
      expect.objectContaining({ check: 'service.exit' }),
    );
  });
});

describe('a disabled service', () => {
  test('is told, does not keep anybody from the registry, and is enabled by the next install', async () => {
    const launchd = await standInLaunchd();
    await launchd.service('install');
    await launchd.gardener('daemon', 'stop');
    await launchd.launchctl('disable', launchd.target);
    await launchd.logInAgain();
    expect(await launchd.status()).toMatchObject({
      enabled: false,
      loaded: false,
      problems: [{ check: 'service.disabled' }],
    });
    const { code, stderr } = await launchd.run(['ls']);
    expect(code).toBe(0);
    expect(stderr).toContain(
      'started without its service: its service is disabled; try: gardener service install',
    );
    const { manager } = JSON.parse(await launchd.gardener('daemon', 'status', '--json')) as {
      manager: string;
    };
    expect(manager).toBe('spawned');
    expect((await launchd.service('install')).code).toBe(0);
    await until(async () => (await launchd.status()).running, 'the service runs');
    expect((await launchd.status()).problems).toEqual([]);
  });
});

test('a service that ends with 78 does not keep anybody from the registry', async () => {
  const launchd = await standInLaunchd();
  await launchd.service('install');
  await launchd.gardener('daemon', 'stop');
  const text = await readFile(launchd.plist, 'utf8');
  await writeFile(
    launchd.plist,
    text.replace(/(<key>ProgramArguments<\/key>\s*<array>\s*<string>)[^<]*/, '$1/nonexistent'),
  );
  await launchd.logInAgain();
  const { code, stderr } = await launchd.run(['ls']);
  expect(code).toBe(0);
  expect(stderr).toContain('its service ends with exit code 78; try: gardener service status');
  expect((await launchd.status()).problems.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['service.program', 'service.exit']),
  );
});

test('a service on demand that cannot start is named as the reason when nobody answers', async () => {
  const launchd = await standInLaunchd();
  await launchd.service('install', '--on-demand');
  const text = await readFile(launchd.plist, 'utf8');
  await writeFile(
    launchd.plist,
    text.replace(/(<key>ProgramArguments<\/key>\s*<array>\s*<string>)[^<]*/, '$1/nonexistent'),
  );
  await launchd.logInAgain();
  for (const [name, value] of Object.entries({ ...launchd.env, HOME: launchd.home })) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(
    connect({ dataDir: launchd.dataDir, deadlines: { hello: 500, start: 500 } }),
  ).rejects.toMatchObject({
    reason: 'start_failed',
    message: 'cannot start the daemon: its service ends with exit code 78; try: gardener service status',
  });
});

test('a throttled service is told as one', async () => {
  const launchd = await standInLaunchd({ scale: 10 });
  await launchd.service('install');
  const { pid } = await launchd.status();
  process.kill(pid ?? 0, 'SIGKILL');
  await until(async () => !(await launchd.status()).running, 'it was killed');
  expect((await launchd.status()).problems).toMatchObject([{ check: 'service.throttled' }]);
});

describe('what is refused', () => {
  test.each(['install', 'uninstall', 'restart'] as const)(
    '%s as root for somebody else',
    async (operation) => {
      const { run, asked } = answering({});
      const { options } = await agent(run);
      const launchd = new Launchd({
        home: options.home,
        run,
        circumstances: { uid: 0, env: { SUDO_UID: '501', SUDO_USER: 'ada' }, cgroup: '' },
      });
      const error = await errorOf(operation === 'install' ? launchd.install(options) : launchd[operation]());
      expect(error.message).toContain('the service of user ada as root');
      expect(error.remedy).toBe('the same without sudo');
      expect(asked).toEqual([]);
    },
  );

  test.each(['uninstall', 'restart'] as const)('%s from inside the service', async (operation) => {
    const { run, asked } = answering({});
    const inside = { ...PERSON, env: { XPC_SERVICE_NAME: 'dev.codebase-gardener.registry' } };
    const { options } = await agent(run);
    const launchd = new Launchd({ home: options.home, run, circumstances: inside });
    expect((await errorOf(launchd[operation]())).message).toContain('from inside itself');
    expect(asked).toEqual([]);
  });

  test('installing something else from inside the service', async () => {
    const { run, asked } = answering({});
    const inside = { ...PERSON, env: { XPC_SERVICE_NAME: 'dev.codebase-gardener.registry' } };
    const { options } = await agent(run);
    const launchd = new Launchd({ home: options.home, run, circumstances: inside });
    expect((await errorOf(launchd.install(options))).message).toContain('from inside itself');
    expect(asked).toEqual(['print gui/501/dev.codebase-gardener.registry']);
    await expect(readFile(join(dirname(options.paths.dataDir), 'Library'), 'utf8')).rejects.toThrow('ENOENT');
  });
});

test('restarting what is not loaded says what to do', async () => {
  const { run } = answering({ print: 113, kickstart: 113 });
  const { launchd } = await agent(run);
  const error = await errorOf(launchd.restart());
  expect(error).toMatchObject({
    remedy: 'gardener service install',
    message: expect.stringContaining('113') as string,
  });
});
