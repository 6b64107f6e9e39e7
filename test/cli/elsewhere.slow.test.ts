/** A daemon behind a socket that was given alone: on another machine, or of another directory. */
import { existsSync } from 'node:fs';
import { chmod, link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Finding } from '../../client/cli/doctor/finding.ts';
import { VERSION } from '../../src/version.ts';
import { type Gardenerd, startGardenerd } from '../faults/support/gardenerd.ts';
import { type CommandLine, commandLine } from '../support/cli.ts';
import { temporaryDirectory } from '../support/home.ts';
import { repository, stand } from '../support/repository.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** A daemon that takes its machine for one of this name, and has a project whose code is gone. */
async function daemonOn(host: string, home: string): Promise<Gardenerd> {
  const preload = join(await temporaryDirectory(), 'preload.cjs');
  const script = `require('node:os').hostname = () => ${JSON.stringify(host)};
    require('node:module').syncBuiltinESMExports();`;
  await writeFile(preload, script);
  const daemon = await startGardenerd({ env: { NODE_OPTIONS: `--require ${preload}`, HOME: home } });
  const peer = await daemon.connect();
  const source_path = join(daemon.paths.dataDir, 'code');
  await mkdir(source_path);
  await peer.call('projects.register', { name: 'there', source_path });
  await rm(source_path, { recursive: true });
  return daemon;
}

/** A home with something that the doctor would mend. */
async function ailing(): Promise<{ cli: CommandLine; ails(): Promise<boolean> }> {
  const cli = await commandLine();
  await mkdir(cli.dataDir);
  await chmod(cli.dataDir, 0o777);
  return { cli, ails: async () => ((await stat(cli.dataDir)).mode & 0o777) === 0o777 };
}

async function doctor(cli: CommandLine, { paths }: Gardenerd): Promise<readonly Finding[]> {
  const env = { CODEBASE_GARDENER_SOCKET: paths.socket };
  const { stdout } = await cli.run(['doctor', '--fix', '--json'], { env });
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

const HERE = /^(data|file|run|writing|leftovers|disk|watching|service)\b/;

test.for([
  ['another name', 'build7', '/home/ada', 'that daemon is on another machine, build7; '],
  ['another home', hostname(), '/home/bob', "another person's: its home is /home/bob; "],
])(
  'doctor tells a machine of %s, and neither looks at files here nor mends them',
  async ([, host, home, said]) => {
    const { cli, ails } = await ailing();
    const daemon = await daemonOn(String(host), String(home));
    const findings = await doctor(cli, daemon);
    expect(findings[0]).toMatchObject({ check: 'daemon.elsewhere', level: 'warning' });
    expect(findings[0]?.message).toContain(said);
    expect(findings.filter(({ check }) => HERE.test(check))).toEqual([]);
    expect(await ails()).toBe(true);
    // What that daemon says of its own is told, and to be mended there.
    expect(findings.find(({ check }) => check === 'projects.source_missing')?.remedy).toMatch(
      /^there: gardener edit there /,
    );
  },
);

test('doctor tells a daemon of this machine that serves another directory, and how to look at that', async () => {
  const { cli, ails } = await ailing();
  const daemon = await daemonOn(hostname(), cli.home);
  const { dataDir, socket } = daemon.paths;
  const [first, ...others] = await doctor(cli, daemon);
  expect(first).toMatchObject({
    check: 'daemon.elsewhere',
    message: expect.stringContaining(`that daemon is serving ${dataDir}; `) as string,
    remedy: `gardener doctor --data-dir ${dataDir} --socket ${socket}`,
  });
  expect(others.filter(({ check }) => HERE.test(check))).toEqual([]);
  expect(await ails()).toBe(true);
  const { stdout } = await cli.run(['doctor', '--json', '--data-dir', dataDir, '--socket', socket]);
  const checks = (JSON.parse(stdout) as { findings: Finding[] }).findings.map(({ check }) => check);
  expect(checks).toContain('file.content');
  expect(checks).not.toContain('daemon.elsewhere');
});

test('add says that the path is one of another machine', async () => {
  const cli = await commandLine();
  const path = await cli.codebase('src/payments', { 'a.ts': '' });
  const daemon = await daemonOn('build7', cli.home);
  const env = { CODEBASE_GARDENER_SOCKET: daemon.paths.socket };
  expect(await cli.run(['add', 'src/payments'], { env })).toMatchObject({
    code: 0,
    stderr: `warning: the daemon is on another machine, build7; it takes ${path} for a path there\n`,
  });
  expect(await cli.run(['add', 'src/payments'])).toMatchObject({ code: 0, stderr: '' });
});

describe('over a socket that leads to another machine', () => {
  const PLACE = 'the daemon is on another machine, build7';

  async function forwarded(): Promise<{
    cli: CommandLine;
    daemon: Gardenerd;
    run: CommandLine['run'];
  }> {
    const cli = await commandLine();
    // Something here that would be an answer, and a wrong one.
    await cli.codebase('src/here', { 'a.ts': '' });
    await cli.json(['add', 'src/here']);
    await cli.json(['daemon', 'stop']);
    const daemon = await daemonOn('build7', cli.home);
    const env = { CODEBASE_GARDENER_SOCKET: daemon.paths.socket };
    return { cli, daemon, run: (words) => cli.run(words, { env }) };
  }

  test('the log here is not shown for the one there', async () => {
    const { run } = await forwarded();
    for (const words of [
      ['daemon', 'logs'],
      ['daemon', 'logs', '-f'],
      ['daemon', 'logs', '--json'],
    ]) {
      const { code, stderr, stdout } = await run(words);
      expect(stderr).toBe(`gardener: cannot show the log: ${PLACE}\ntry: gardener daemon logs there\n`);
      expect(code).toBe(1);
      expect(stdout).not.toContain('started');
    }
  });

  test('nor is what a trainer printed here, for a project there', async () => {
    const { run } = await forwarded();
    for (const words of [
      ['logs', 'there'],
      ['logs', '-f', 'there'],
      ['logs', 'there', '--training', '5'],
    ]) {
      const { code, stderr, stdout } = await run(words);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe(
        `gardener: cannot show what a trainer printed: ${PLACE}\ntry: gardener logs there\n`,
      );
    }
  });

  test('nor where nobody answers, and nobody knows whose socket it is', async () => {
    const { cli, daemon, run } = await forwarded();
    await daemon.stop();
    const { code, stdout, stderr } = await run(['daemon', 'logs']);
    expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('cannot tell which log is meant: no daemon answers on ');
    const own = await cli.run(['daemon', 'logs']);
    expect(own.stdout).toContain('started');
  });

  test('no file is imported into a directory of the same name here', async () => {
    const { cli, daemon, run } = await forwarded();
    await cli.run(['export', 'mine.json']);
    const before = await readdir(daemon.paths.dataDir, { recursive: true });
    const { code, stderr } = await run(['import', 'mine.json']);
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot import ~/mine.json: ${PLACE}`);
    expect(await readdir(daemon.paths.dataDir, { recursive: true })).toEqual(before);
  });

  test('files are not counted here for a project there, and a path is said to be one there', async () => {
    const { run } = await forwarded();
    expect(await run(['edit', 'there', '--rescan'])).toMatchObject({
      code: 1,
      stderr: `gardener: cannot count the files of there: ${PLACE}\ntry: the same there\n`,
    });
    for (const words of [
      ['edit', 'there', '--path', 'src/here'],
      ['mv', 'there', 'src/here'],
    ]) {
      expect((await run(words)).stderr).toContain(`warning: ${PLACE}; it takes `);
    }
  });

  test('a trainer is told that the paths are those of another machine, and by that one that it left no adapter', async () => {
    const { run } = await forwarded();
    const { code, stderr } = await run(['train', 'there', '--', 'true']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^gardener: .*; the paths of there are paths there\ngardener: there is trained, and there is no adapter: .*\n$/,
      ) as string,
    });
  });

  test('what a trainer runs finds nothing beside the socket that was given alone', async () => {
    const { cli, daemon } = await forwarded();
    const words = ['--socket', daemon.paths.socket, 'train', 'there', '--', 'sh', '-c'];
    const env = { CODEBASE_GARDENER_DATA_DIR: cli.dataDir };
    const { stdout } = await cli.run([...words, 'env | grep ^CODEBASE_GARDENER_ | sort'], { env });
    expect(stdout).toMatch(/^CODEBASE_GARDENER_PROJECT=.*\nCODEBASE_GARDENER_SOCKET=.*\n$/);
  });

  test('status says so', async () => {
    const { run } = await forwarded();
    for (const words of [['status'], ['daemon', 'status']])
      expect((await run(words)).stdout).toMatch(/^which is +on another machine, build7$/m);
    expect((await run(['daemon', 'stop'])).stdout).toMatch(
      /^stopped the daemon, on another machine, build7: /,
    );
  });

  test('no service is installed for it', async () => {
    const { cli, run } = await forwarded();
    const { code, stderr } = await run(['service', 'install']);
    expect(code).toBe(2);
    expect(stderr).toContain('cannot install a service for a socket that was given without a data directory');
    expect(await readdir(cli.home, { recursive: true })).not.toContain('.config');
  });
});

/** A way to a daemon that says of itself what it would say on a machine of the same name, homes and directories. */
function twin(daemon: Gardenerd): Promise<string> {
  return tunnel(daemon, { [`"socket":"${daemon.paths.socket}"`]: '"socket":"/nonexistent/there.sock"' });
}

/** Somebody who forwards to a daemon, and puts other words in the place of some of its own. */
async function tunnel({ paths }: Gardenerd, said: Readonly<Record<string, string>>): Promise<string> {
  const path = join(await temporaryDirectory(), 'tunnel.sock');
  const server = createServer((near) => {
    const far = createConnection(paths.socket);
    near.pipe(far);
    far.on('data', (data: Buffer) =>
      near.write(
        Object.entries(said).reduce((text, [old, other]) => text.replaceAll(old, other), data.toString()),
      ),
    );
    far.on('close', () => near.destroy());
    near.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return path;
}

test('a machine of the same name, home and data directory is known by what it has not left here', async () => {
  const cli = await commandLine();
  const daemon = await startGardenerd({ dataDir: cli.dataDir, env: { HOME: cli.home } });
  const peer = await daemon.connect();
  await cli.codebase('src/web', {});
  await peer.call('projects.register', { name: 'web', source_path: join(cli.home, 'src/web') });
  const place = ['--data-dir', cli.dataDir, '--socket', await twin(daemon)];
  const logged = await cli.run([...place, 'daemon', 'logs']);
  expect(logged).toMatchObject({ code: 1, stdout: '' });
  expect(logged.stderr).toContain('cannot show the log: the daemon is on another machine: what it has noted');
  await peer.call('registry.info');
  await until(async () => (await cli.run(['backups'])).stdout.includes('last-good'), 'there is a backup');
  // Of its backups it says itself what they would change.
  await cli.run(['export', 'mine.json']);
  const imported = await cli.run([...place, 'import', 'mine.json']);
  expect(imported.stderr).toContain('cannot import ~/mine.json: the daemon is on another machine');
  const restored = await cli.run([...place, 'restore', 'last-good', '--dry-run']);
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('  stays       1 project\n') });
  expect(await cli.run([...place, 'daemon', 'status'])).toMatchObject({ code: 0 });
  // The daemon itself, by its own socket and by a link to it.
  expect((await cli.run(['daemon', 'logs'])).stdout).toContain('started');
  expect(await cli.run(['restore', 'last-good', '--dry-run'])).toMatchObject({ code: 0 });
});

test('the log of the daemon that answers is shown, whichever data it serves', async () => {
  const cli = await commandLine();
  const daemon = await startGardenerd({ env: { HOME: cli.home } });
  const { dataDir, logFile, socket } = daemon.paths;
  const { stdout, code } = await cli.run(['--socket', socket, 'daemon', 'logs', '--json']);
  expect(code).toBe(0);
  expect(stdout).toBe(await readFile(logFile, 'utf8'));
  expect(stdout).toContain(dataDir);
});

/** What a daemon says that an earlier client has started. */
const OLDER = {
  [`"version":"${VERSION}"`]: '"version":"0.0.1"',
  '"manager":"foreground"': '"manager":"spawned"',
};

describe('a profile names a data directory, and the environment a socket', () => {
  const OPEN = 0o666;

  /** The end of a tunnel that is gone, and whatever is done with it and a data directory that is not there. */
  async function deadEnd(): Promise<{
    cli: CommandLine;
    path: string;
    env: NodeJS.ProcessEnv;
    status(): Promise<{ ino: number; mode: number }>;
  }> {
    const cli = await commandLine();
    const path = join(await temporaryDirectory(), 'tunnel.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`${path}.first`, resolve));
    await link(`${path}.first`, path);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await chmod(path, OPEN);
    return {
      cli,
      path,
      env: { CODEBASE_GARDENER_SOCKET: path },
      async status() {
        const { ino, mode } = await stat(path);
        return { ino, mode: mode & 0o777 };
      },
    };
  }

  test.for<[what: string, host: string, lead: (daemon: Gardenerd) => Promise<string>, where: string]>([
    ['another machine', 'build7', (daemon) => tunnel(daemon, OLDER), 'on another machine, build7'],
    [
      'a machine of the same name',
      hostname(),
      (daemon) =>
        tunnel(daemon, {
          ...OLDER,
          [`"socket":"${daemon.paths.socket}"`]: '"socket":"/nonexistent/there.sock"',
        }),
      'on another machine: what it has noted',
    ],
    [
      'another machine that shares the directory of the socket',
      'build7',
      async (daemon) => {
        const path = await tunnel(daemon, OLDER);
        await writeFile(`${path}.pid`, `${daemon.pid}\n`);
        return path;
      },
      'on another machine, build7',
    ],
    [
      'this machine that serves other data',
      hostname(),
      async (daemon) => {
        const path = await tunnel(daemon, OLDER);
        await writeFile(`${path}.pid`, `${daemon.pid}\n`);
        return path;
      },
      'serving ',
    ],
  ])('an older daemon of %s is used, and neither replaced nor ended', async ([, host, lead, where]) => {
    const cli = await commandLine();
    const daemon = await daemonOn(host, cli.home);
    const env = {
      CODEBASE_GARDENER_DATA_DIR: cli.dataDir,
      CODEBASE_GARDENER_SOCKET: await lead(daemon),
    };
    expect(await cli.json(['ls'], { env })).toMatchObject({ projects: [{ name: 'there' }] });
    const restarted = await cli.run(['daemon', 'restart'], { env });
    expect(restarted).toMatchObject({ code: 1, stdout: '' });
    expect(restarted.stderr).toContain(`cannot restart the daemon: the daemon is ${where}`);
    const installed = await cli.run(['service', 'install'], { env });
    expect(installed.stderr).toContain('cannot install a service');
    expect(installed.code).not.toBe(0);
    const named = ['--data-dir', env.CODEBASE_GARDENER_DATA_DIR, '--socket', env.CODEBASE_GARDENER_SOCKET];
    for (const words of [
      ['daemon', 'restart'],
      ['service', 'install'],
    ])
      expect((await cli.run([...named, ...words])).stderr).toContain(`: the daemon is ${where}`);
    expect(await cli.json([...named, 'daemon', 'status'])).toMatchObject({ pid: daemon.pid });
    expect(daemon.isRunning).toBe(true);
    expect(await readdir(cli.home)).toEqual([]);
  });

  test('doctor leaves the end of a tunnel alone, and starts nothing in its place', async () => {
    const { cli, env, status } = await deadEnd();
    const before = await status();
    await mkdir(cli.dataDir, { mode: 0o700 });
    const { stdout, code } = await cli.run(['doctor', '--fix', '--yes', '--json'], {
      env: { ...env, CODEBASE_GARDENER_DATA_DIR: cli.dataDir },
    });
    const { findings, fixed } = JSON.parse(stdout) as { findings: Finding[]; fixed: string[] };
    expect({ code, fixed }).toEqual({ code: 1, fixed: [] });
    expect(findings.find(({ check }) => check === 'daemon')?.message).toContain(
      'it may be the end of a tunnel',
    );
    expect(await status()).toEqual(before);
    expect(await readdir(cli.dataDir)).toEqual([]);
  });

  test('no service is installed in the place of the end of a tunnel', async () => {
    const { cli, env, path } = await deadEnd();
    const { code, stderr } = await cli.run(['service', 'install'], {
      env: { ...env, CODEBASE_GARDENER_DATA_DIR: cli.dataDir },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('a socket that no daemon has left');
    expect(stderr).toContain(`try: gardener service install --data-dir ${cli.dataDir} --socket ${path}\n`);
    expect(await readdir(cli.home)).toEqual([]);
  });

  test('doctor looks at nothing here for a socket that is given alone and dead', async () => {
    const { cli, env, status } = await deadEnd();
    const before = await status();
    await mkdir(cli.dataDir);
    await chmod(cli.dataDir, 0o777);
    const { stdout } = await cli.run(['doctor', '--fix', '--yes', '--json'], { env });
    const { findings, fixed } = JSON.parse(stdout) as { findings: Finding[]; fixed: string[] };
    expect(fixed).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(['daemon', 'projects']);
    expect(await status()).toEqual(before);
    expect((await stat(cli.dataDir)).mode & 0o777).toBe(0o777);
  });
});

test.for([
  ['given alone', false],
  ['given together with the data directory of a profile', true],
])('a tunnel whose daemon has ended, %s, is told soon, and no log here is named', async ([, both]) => {
  const cli = await commandLine();
  const path = join(await temporaryDirectory(), 'tunnel.sock');
  const server = createServer((near) => near.destroy());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  const profile = both ? { CODEBASE_GARDENER_DATA_DIR: cli.dataDir } : {};
  const { code, stderr } = await cli.run(['ls'], { env: { ...profile, CODEBASE_GARDENER_SOCKET: path } });
  expect(code).toBe(3);
  expect(stderr).toContain(`whoever listens on ${path} closed every connection for 2 s, as a tunnel does`);
  expect(stderr).toContain('start the daemon there\n');
  expect(stderr).not.toContain('.log');
});

test('git is not asked about the codebases of another machine', async (context) => {
  requireTools(context, 'git');
  const cli = await commandLine();
  const { root, git, ...it } = await repository(cli.home, 'web');
  const daemon = await daemonOn('build7', cli.home);
  const peer = await daemon.connect();
  await peer.call('projects.register', { name: 'web', source_path: root });
  const source = { commit: await git('rev-parse', 'HEAD'), dirty: false };
  const { token } = await peer.call('training.begin', { project: 'web', source });
  await peer.call('training.complete', { project: 'web', token });
  const env = {
    PATH: (await stand({ ...it, root, git }, `touch ${it.witness}; exec sleep 1000`))['PATH'],
    CODEBASE_GARDENER_SOCKET: daemon.paths.socket,
  };
  const shown = { trained_from: source, ahead: null };
  expect(await cli.json(['ls', 'web'], { env })).toMatchObject({ projects: [shown] });
  expect(await cli.json(['which', 'web'], { env })).toMatchObject({ project: shown });
  const { stdout } = await cli.run(['train', 'web', '--json', '--', 'true'], { env });
  expect(JSON.parse(stdout)).toMatchObject({ project: { trained_from: null } });
  for (const words of ['ls --stale', 'retrain --stale']) {
    const { code, stderr } = await cli.run(words.split(' '), { env });
    expect(code).toBe(1);
    expect(stderr).toContain(
      'cannot tell which projects are behind their code: the daemon is on another machine',
    );
    expect(stderr).toMatch(new RegExp(`^try: gardener .*${words.split(' ')[0]} .*--stale there$`, 'm'));
  }
  expect(existsSync(it.witness)).toBe(false);
});
