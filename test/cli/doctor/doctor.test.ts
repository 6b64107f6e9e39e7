import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
  copyFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Client, Project } from '../../../client/index.ts';
import { spaceFinding } from '../../../client/cli/doctor/disk.ts';
import {
  daemonFindings,
  issueFindings,
  problemFindings,
  protectedFindings,
} from '../../../client/cli/doctor/registry.ts';
import type { Finding } from '../../../client/cli/doctor/finding.ts';
import { isGone } from '../../../client/cli/daemon/processes.ts';
import { methods } from '../../../src/protocol/methods.ts';
import { BUILD, VERSION } from '../../../src/version.ts';
import { type CommandLine, commandLine } from '../../support/cli.ts';
import { until } from '../../support/until.ts';

interface Report {
  readonly code: number | null;
  readonly findings: readonly Finding[];
  readonly fixed?: readonly string[];
  readonly not_fixed?: readonly string[];
}

async function doctor(cli: CommandLine, ...flags: string[]): Promise<Report> {
  const { code, stdout } = await cli.run(['doctor', '--json', ...flags]);
  return { code, ...(JSON.parse(stdout) as Omit<Report, 'code'>) };
}

/** What is not well, without advice. */
function troubles({ findings }: Report): string[] {
  return findings.filter(({ level }) => level !== 'ok').map(({ check, level }) => `${level} ${check}`);
}

/** A registry with these projects, each with its codebase. */
async function registry(...names: string[]): Promise<CommandLine> {
  const cli = await commandLine();
  for (const name of names) {
    await cli.codebase(`src/${name}`, {});
    await cli.json(['add', `src/${name}`]);
  }
  return cli;
}

async function daemonPid(cli: CommandLine): Promise<number> {
  return ((await cli.json(['daemon', 'status'])) as { pid: number }).pid;
}

/** Ends the daemon so that it cannot clean up. */
async function killDaemon(cli: CommandLine): Promise<void> {
  const pid = await daemonPid(cli);
  process.kill(pid, 'SIGKILL');
  await until(() => isGone(pid), 'the daemon is gone');
}

/** What a daemon leaves that is killed between binding its socket and giving it its name. */
async function unusedSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}-`, resolve));
  await rename(`${path}-`, path);
  await new Promise((resolve) => server.close(resolve));
}

const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
const HOUR_AGO = new Date(Date.now() - 3_600_000);

describe('gardener doctor', () => {
  test('finds nothing wrong where nothing is, and says what it looked at', async () => {
    const cli = await registry('api');
    const { code, stdout, stderr } = await cli.run(['doctor']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ok {7}~\/\.codebase-gardener is yours$/m);
    expect(stdout).toMatch(/\n\nall is well\n$/);
    const report = await doctor(cli);
    expect(troubles(report)).toEqual([]);
    expect(report.findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'data.permissions',
        'file.permissions',
        'run.permissions',
        'file.content',
        'writing',
        'leftovers',
        'disk.space',
        'watching',
        'daemon',
        'daemon.version',
        'registry.problem',
        'projects',
        'backups',
        'service',
      ]),
    );
  });

  test('on a machine where nothing was ever done finds nothing wrong either', async () => {
    const cli = await commandLine();
    const report = await doctor(cli);
    expect(troubles(report)).toEqual([]);
    expect(report.findings).toContainEqual(
      expect.objectContaining({ check: 'backups', message: 'no backups yet' }),
    );
  });

  test('looks at what it can when no daemon runs and none may be started, and says what it could not', async () => {
    const cli = await registry('api');
    await cli.json(['daemon', 'stop']);
    const report = await doctor(cli, '--no-start');
    expect({ code: report.code, troubles: troubles(report) }).toEqual({
      code: 0,
      troubles: ['warning projects'],
    });
    expect(report.findings).toContainEqual({
      check: 'projects',
      level: 'warning',
      message:
        'the projects, the backups and the daemon were not looked at: no daemon runs, and --no-start forbids to start one',
    });
    expect((await cli.run(['daemon', 'status'])).code).toBe(3);
  });

  test('does not hang with a daemon that hangs', async () => {
    const cli = await registry('api');
    const pid = await daemonPid(cli);
    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(pid, 'SIGCONT'));
    const report = await doctor(cli);
    expect({ code: report.code, troubles: troubles(report) }).toEqual({
      code: 1,
      troubles: ['error daemon', 'warning projects'],
    });
    const { message } = report.findings.find(({ check }) => check === 'daemon') ?? {};
    expect(message).toContain(`process ${pid}`);
    process.kill(pid, 'SIGCONT');
  });

  test('finds a socket that nobody listens on, and removes it', async () => {
    const cli = await registry('api');
    await killDaemon(cli);
    expect(troubles(await doctor(cli, '--no-start'))).toEqual([
      'warning socket.leftover',
      'warning projects',
    ]);
    const { fixed } = await doctor(cli, '--no-start', '--fix');
    expect(fixed).toEqual([expect.stringContaining('removed ~/.codebase-gardener/run/registry.sock')]);
    expect(troubles(await doctor(cli, '--no-start'))).toEqual(['warning projects']);
    expect(troubles(await doctor(cli))).toEqual([]);
  });

  test('finds open doors, and closes them', async () => {
    const cli = await registry('api');
    const { dataDir } = cli;
    await writeFile(join(dataDir, 'backups', 'registry-20260101T000000.000Z-edit.json'), '{"projects": {}}');
    await chmod(dataDir, 0o777);
    await chmod(join(dataDir, 'run'), 0o755);
    await chmod(join(dataDir, 'run', 'registry.sock'), 0o666);
    await chmod(join(dataDir, 'registry.json'), 0o644);
    await chmod(join(dataDir, 'backups', 'registry-20260101T000000.000Z-edit.json'), 0o644);
    const found = await doctor(cli);
    expect({ code: found.code, troubles: troubles(found) }).toEqual({
      code: 1,
      troubles: [
        'error data.permissions',
        'warning file.permissions',
        'warning run.permissions',
        'warning socket.permissions',
        'warning backups.permissions',
      ],
    });
    const treated = await doctor(cli, '--fix');
    expect({ code: treated.code, troubles: troubles(treated), not_fixed: treated.not_fixed }).toEqual({
      code: 0,
      troubles: [],
      not_fixed: [],
    });
    const modes = await Promise.all(
      ['', 'run', 'run/registry.sock', 'registry.json'].map((name) => mode(join(dataDir, name))),
    );
    expect(modes).toEqual(['755', '700', '600', '600']);
  });

  test('lets a daemon start again that a door left open has kept from it', async () => {
    const cli = await registry('api');
    await cli.json(['daemon', 'stop']);
    await chmod(join(cli.dataDir, 'run'), 0o777);
    const found = await doctor(cli);
    expect(found.code).toBe(1);
    expect(troubles(found)).toEqual(['error run.permissions', 'error daemon', 'warning projects']);
    expect(troubles(await doctor(cli, '--fix'))).toEqual([]);
  });

  test('leaves a directory alone that is not the registry’s own', async () => {
    const cli = await commandLine();
    await mkdir(join(cli.home, 'shared'));
    await chmod(join(cli.home, 'shared'), 0o777);
    const socket = join(cli.home, 'shared', 's');
    const place = ['--data-dir', cli.dataDir, '--socket', socket];
    const { findings, fixed } = await doctor(cli, '--no-start', '--fix', ...place);
    expect(fixed).toEqual([]);
    expect(findings.find(({ check }) => check === 'run.permissions')).toMatchObject({
      level: 'error',
      remedy: 'another one: --socket, or CODEBASE_GARDENER_SOCKET',
    });
  });

  test('tells a directory that has the name of the note of the process id, and removes an empty one', async () => {
    const cli = await registry('api');
    const note = join(cli.dataDir, 'run', 'registry.sock.pid');
    await killDaemon(cli);
    await rm(note);
    await mkdir(join(note, 'precious'), { recursive: true });
    const full = await doctor(cli, '--fix', '--yes');
    expect({ code: full.code, troubles: troubles(full), not_fixed: full.not_fixed }).toEqual({
      code: 0,
      troubles: ['warning leftovers.note'],
      not_fixed: [],
    });
    expect(await readdir(note)).toEqual(['precious']);
    await rm(join(note, 'precious'), { recursive: true });
    expect(troubles(await doctor(cli))).toEqual(['warning leftovers.note']);
    const empty = await doctor(cli, '--fix');
    expect(empty.fixed).toEqual(['removed ~/.codebase-gardener/run/registry.sock.pid']);
    expect(troubles(empty)).toEqual([]);
  });

  test('finds what killed processes left, and removes it only when it is old', async () => {
    const cli = await registry('api');
    await cli.json(['daemon', 'stop']);
    const old = [
      'registry.json.staged',
      'registry.json.staged.123',
      'registry.json.0123456789ab.staged',
      'registry.json.0123456789ab.staged.123',
      'run/owner.0123456789ab.staged',
      'backups/registry-last-good.json.staged',
      'backups/registry-19700101T000000.000Z-17-import.json',
    ];
    const young = ['registry.json.staged.456'];
    const theirs = ['theirs.json.staged', 'run/.cafe'];
    for (const name of [...old, ...young, ...theirs]) await writeFile(join(cli.dataDir, name), '');
    const socket = join(cli.dataDir, 'run', '.0123abcd');
    await unusedSocket(socket);
    const locks = ['run/registry.sock.lock', 'run/owner.lock'];
    for (const name of locks) await mkdir(join(cli.dataDir, name));
    for (const name of [...old, ...theirs, 'run/.0123abcd', ...locks]) {
      await utimes(join(cli.dataDir, name), HOUR_AGO, HOUR_AGO);
    }
    const found = await doctor(cli, '--no-start');
    expect(found.findings.find(({ check }) => check === 'leftovers')?.message).toMatch(
      /^killed processes left 10 files behind: /,
    );
    expect(troubles(await doctor(cli, '--no-start', '--fix'))).toEqual(['warning projects']);
    const left = await Promise.all(
      [...old, ...locks, 'run/.0123abcd', ...young, ...theirs].map((name) =>
        stat(join(cli.dataDir, name)).then(
          () => name,
          () => '',
        ),
      ),
    );
    expect(left.filter(Boolean)).toEqual([...young, ...theirs]);
  });

  test('leaves a directory that has the name of a temporary file, which is in nobody’s way', async () => {
    const cli = await registry('api');
    const inTheWay = join(cli.dataDir, 'registry.json.staged');
    await mkdir(inTheWay);
    await writeFile(join(inTheWay, 'precious'), '');
    await utimes(inTheWay, HOUR_AGO, HOUR_AGO);
    const report = await doctor(cli, '--fix');
    expect({ fixed: report.fixed, troubles: troubles(report) }).toEqual({ fixed: [], troubles: [] });
    expect((await cli.run(['use', 'api'])).code).toBe(0);
    expect(await stat(join(inTheWay, 'precious'))).toBeDefined();
  });

  test('finds a lock of the future, and leaves what only has the name of one', async () => {
    const cli = await registry('api');
    await cli.json(['daemon', 'stop']);
    const run = join(cli.dataDir, 'run');
    const lock = join(run, 'owner.lock');
    await mkdir(lock);
    const nextYear = new Date(Date.now() + 365 * 86_400_000);
    await utimes(lock, nextYear, nextYear);
    const inTheWay = join(run, 'registry.sock.lock');
    await mkdir(join(inTheWay, 'precious'), { recursive: true });
    await utimes(inTheWay, HOUR_AGO, HOUR_AGO);
    const { findings, fixed } = await doctor(cli, '--no-start', '--fix');
    expect(fixed).toEqual(['removed ~/.codebase-gardener/run/owner.lock']);
    expect(findings.find(({ level }) => level === 'error')).toMatchObject({
      check: 'leftovers.in_the_way',
      message:
        'no daemon can start: something that is no lock is in the way at ~/.codebase-gardener/run/registry.sock.lock',
      remedy: `move it: mv ${inTheWay} ${inTheWay}.old`,
    });
    expect(await stat(join(inTheWay, 'precious'))).toBeDefined();
  });

  test('tells where a file is spoilt, and starts no daemon that would set it aside', async () => {
    const cli = await registry('api');
    await cli.json(['daemon', 'stop']);
    const file = join(cli.dataDir, 'registry.json');
    await writeFile(file, '{ "version": "1.2",\n  oops');
    const report = await doctor(cli, '--fix');
    expect({ code: report.code, troubles: troubles(report) }).toEqual({
      code: 1,
      troubles: ['error file.content', 'warning projects'],
    });
    expect(report.findings.find(({ check }) => check === 'file.content')?.message).toContain(
      'line 2, column 3',
    );
    expect(await readFile(file, 'utf8')).toContain('oops');
  });

  test('tells what a daemon has against the file', async () => {
    const cli = await registry('api');
    await writeFile(join(cli.dataDir, 'registry.json'), '{ "version": "1.2",\n  oops');
    const refused = async () => troubles(await doctor(cli)).includes('error registry.problem');
    await until(refused, 'the daemon has noticed');
  });

  test('tells that a file is gone that there are backups of', async () => {
    const cli = await registry('api');
    await cli.json(['daemon', 'stop']);
    await rm(join(cli.dataDir, 'registry.json'));
    expect(troubles(await doctor(cli, '--no-start'))).toEqual(['warning file.content', 'warning projects']);
    expect(troubles(await doctor(cli))).toEqual(['warning file.content', 'warning registry.problem']);
  });

  test('compares the registry with the disk, repairs what can be, and deletes nothing', async () => {
    const cli = await registry('api', 'web', 'cli');
    const projects = join(cli.dataDir, 'projects');
    await cli.run(['train', 'api', '--', 'true']);
    await rm(join(cli.home, 'src', 'web'), { recursive: true });
    const { project_id: id } = (await cli.json(['show', 'cli'])) as Project;
    await rm(join(projects, id), { recursive: true });
    await mkdir(join(projects, 'nobody'));
    await cli.json(['call', 'projects.set_status', '{"project":"web","status":"training"}']);
    const found = await doctor(cli);
    expect({ code: found.code, troubles: troubles(found).toSorted() }).toEqual({
      code: 0,
      troubles: [
        'warning projects.adapter_missing',
        'warning projects.orphan_dir',
        'warning projects.project_dir_missing',
        'warning projects.source_missing',
        'warning projects.training_stale',
      ],
    });
    expect(found.findings.every(({ level, remedy }) => level === 'ok' || remedy !== undefined)).toBe(true);
    // Nobody is there to agree to a change of the registry.
    const unasked = await doctor(cli, '--fix');
    expect(unasked).toMatchObject({
      code: 0,
      fixed: ['made the directories of 1 project'],
      not_agreed: ['mark 1 abandoned training as failed'],
    });
    expect(await cli.json(['show', 'web'])).toMatchObject({ training_status: 'training' });
    const treated = await doctor(cli, '--fix', '--yes');
    expect(treated.fixed).toEqual(['marked 1 abandoned training as failed']);
    expect(troubles(treated).toSorted()).toEqual([
      'warning projects.adapter_missing',
      'warning projects.orphan_dir',
      'warning projects.source_missing',
    ]);
    expect(await cli.json(['show', 'web'])).toMatchObject({ training_status: 'failed' });
    // Its trainer ended well, and left none.
    expect(await cli.json(['show', 'api'])).toMatchObject({
      training_status: 'completed',
      retrain_requested: null,
    });
    expect(await mode(join(projects, 'nobody'))).toMatch(/^7/);
  });

  test('says which backup has the projects that an edit took out, and not those that were removed', async () => {
    const cli = await registry('api', 'web', 'my cli');
    const file = join(cli.dataDir, 'registry.json');
    const document = JSON.parse(await readFile(file, 'utf8')) as { projects: Record<string, Project> };
    for (const [id, { name }] of Object.entries(document.projects)) {
      if (name === 'web' || name === 'my cli') delete document.projects[id];
    }
    await writeFile(file, JSON.stringify(document));
    const report = await until(async () => {
      const now = await doctor(cli);
      return troubles(now).includes('warning backups.dropped') && now;
    }, 'it is noticed');
    await cli.json(['rm', '--yes', 'api']);
    const finding = (await doctor(cli)).findings.find(({ check }) => check === 'backups.dropped');
    expect(troubles(report)).toEqual(['warning backups.dropped']);
    expect(finding?.message).toBe(
      'an edit of the file took out 2 projects that it had just now: web, my cli',
    );
    const [, command = ''] =
      /: gardener (restore \S+-edit) --project web --project 'my cli'$/.exec(finding?.remedy ?? '') ?? [];
    await cli.json([...command.split(' '), '--project', 'web', '--project', 'my cli', '--yes']);
    expect(troubles(await doctor(cli))).toEqual([]);
  });

  test('does not take a removal that left the files for an edit, and still sees an edit after it', async () => {
    const cli = await registry('api', 'web');
    const file = join(cli.dataDir, 'registry.json');
    // As after ten quiet seconds.
    const lastGood = join(cli.dataDir, 'backups', 'registry-last-good.json');
    await copyFile(file, lastGood);
    await cli.json(['rm', '--yes', '--keep-files', 'api']);
    const report = await doctor(cli);
    expect(report.findings.find(({ check }) => check === 'backups.dropped')).toBeUndefined();
    const document = JSON.parse(await readFile(file, 'utf8')) as { projects: Record<string, Project> };
    await writeFile(file, JSON.stringify({ ...document, projects: {} }));
    const finding = await until(
      async () => (await doctor(cli)).findings.find(({ check }) => check === 'backups.dropped'),
      'the edit is noticed',
    );
    expect(finding.message).toBe('an edit of the file took out 1 project that it had just now: web');
  });

  test('says what is in the way of the socket', async () => {
    const cli = await registry();
    await mkdir(join(cli.dataDir, 'run'), { recursive: true, mode: 0o700 });
    await writeFile(join(cli.dataDir, 'run', 'registry.sock'), '');
    const report = await doctor(cli);
    expect({ code: report.code, troubles: troubles(report) }).toEqual({
      code: 1,
      troubles: ['error socket.permissions', 'error daemon', 'warning projects'],
    });
    await rm(join(cli.dataDir, 'run', 'registry.sock'));
  });

  test('is not deceived by somebody else who listens there', async () => {
    const cli = await commandLine();
    const socket = join(cli.home, 'other.sock');
    const server = createServer((peer) => peer.on('error', () => undefined).end('hello\n')).listen(socket);
    onTestFinished(() => void server.close());
    await until(() => server.listening, 'it listens');
    const report = await doctor(cli, '--socket', socket);
    expect(report.code).toBe(1);
    expect(troubles(report)).toContain('error daemon');
  });
});

describe('what is found', () => {
  const STATUS = methods['daemon.status'].example.result;
  const INFO = methods['registry.info'].example.result;
  const levels = (findings: readonly Finding[]) => findings.map(({ check, level }) => `${level} ${check}`);

  test('of a daemon of another version or build is to start it again', () => {
    const same = { ...STATUS, version: VERSION, build: BUILD };
    expect(levels(daemonFindings(same))).toEqual(['ok daemon', 'ok daemon.version']);
    const build = { id: 'another', built_at: '2026-01-04T16:30:00.000Z' };
    expect(daemonFindings({ ...same, build })[1]).toMatchObject({
      level: 'warning',
      message: `the daemon is another build of version ${VERSION} than this command line`,
      remedy: 'gardener daemon restart',
    });
    const [, old] = daemonFindings({ ...STATUS, version: '0.0.1' });
    expect(old).toMatchObject({ level: 'warning', remedy: 'gardener daemon restart' });
    const [, own] = daemonFindings({ ...STATUS, version: '0.0.1', manager: 'foreground' });
    expect(own?.remedy).toBe('start it again');
  });

  test.each([
    [{ kind: 'newer_version', message: 'of version 2.0' }, true, 'warning'],
    [{ kind: 'invalid_file', message: 'a comma is missing', line: 2, column: 3 }, true, 'error'],
    [{ kind: 'recovered', message: 'restored 3 projects' }, false, 'warning'],
  ] as const)('of the problem %j is what it means', (problem, read_only, level) => {
    const [finding] = problemFindings({
      ...INFO,
      read_only,
      problem: { since: '2026-01-05T08:00:00.000Z', ...problem },
    });
    expect(finding).toMatchObject({ level, message: expect.stringContaining(problem.message) });
  });

  test.each([
    [{ bavail: 1_000_000n }, 0, 'ok'],
    [{ bavail: 20_000n }, 0, 'warning'],
    [{ bavail: 2_000n }, 0, 'error'],
    [{ bavail: 1_000_000n }, 2_000_000_000, 'error'],
    [{ bavail: 1_000_000n, ffree: 10n }, 0, 'error'],
    [{ bavail: 1_000_000n, files: 0n, ffree: 0n }, 0, 'ok'],
  ])('of a disk with %o and a file of %d bytes is %s', (disk, size, level) => {
    expect(spaceFinding({ bsize: 4096n, files: 1000n, ffree: 1000n, ...disk }, size).level).toBe(level);
  });

  test('of an adapter that is gone is a change of the registry to be agreed to, and of one that never was is none', () => {
    const issue = { code: 'adapter_missing', project_id: 'p', path: '/p/a', message: 'gone' } as const;
    const unasked = {} as Client;
    const [lost, never] = issueFindings(
      unasked,
      [
        { ...issue, fixable: true },
        { ...issue, fixable: false, remedy: 'gardener retrain api' },
      ],
      [],
      new Set(),
    );
    expect(lost?.fix).toMatchObject({ does: 'mark 1 project for retraining', about: ['gone'] });
    expect(never).toMatchObject({ remedy: 'gardener retrain api' });
    expect(never).not.toHaveProperty('fix');
  });

  test('of folders that macOS protects is told where it matters', () => {
    const projects = [
      { name: 'api', source_path: '/Users/ada/Documents/api' },
      { name: 'web', source_path: '/Users/ada/src/web' },
    ];
    const look = (manager: typeof STATUS.manager, platform: NodeJS.Platform) =>
      protectedFindings(projects, { manager }, { home: '/Users/ada', platform });
    expect(look('spawned', 'darwin')).toEqual([]);
    expect(look('launchd', 'linux')).toEqual([]);
    const [finding] = look('launchd', 'darwin');
    expect(finding?.message).toMatch(/the folders of 1 project from background programs: api;/);
  });
});
