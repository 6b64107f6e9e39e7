/** The registry is its user's alone, and a place where that cannot be so is refused. */
import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MAX_SOCKET_PATH_BYTES } from '../../src/paths.ts';
import { Gardenerd, PROGRAM, startGardenerd } from '../faults/support/gardenerd.ts';
import { commandLine } from '../support/cli.ts';
import { temporaryDirectory } from '../support/home.ts';
import { fileWith } from '../support/store.ts';
import { until } from '../support/until.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** Every path below a directory, and itself, with its mode. */
async function modes(directory: string): Promise<Map<string, string>> {
  const names = await readdir(directory, { recursive: true });
  const paths = [directory, ...names.map((name) => join(directory, name))];
  return new Map(
    await Promise.all(
      paths.map(async (path): Promise<[string, string]> => {
        const status = await stat(path);
        return [path, `${status.isDirectory() ? 'd' : '-'}${(status.mode & 0o7777).toString(8)}`];
      }),
    ),
  );
}

/** Runs while new files get whatever mode they are made with. */
async function withoutUmask<T>(run: () => Promise<T>): Promise<T> {
  const before = process.umask(0);
  try {
    return await run();
  } finally {
    process.umask(before);
  }
}

test('everything that is made is its user’s alone, whatever the umask is', async () => {
  const cli = await commandLine();
  await cli.codebase('src/a', { 'a.py': '' });
  await cli.codebase('src/b', { 'b.py': '' });
  await withoutUmask(async () => {
    await cli.json(['add', 'src/a']);
    await cli.json(['add', 'src/b']);
    // An outside edit makes a backup, and the end of the daemon the last good file.
    await writeFile(
      join(cli.dataDir, 'registry.json'),
      '{"version": "1.2", "active_project": null, "projects": {}}',
    );
    await until(
      async () => JSON.stringify(await cli.json(['ls'])) === '{"projects":[]}',
      'the edit is taken',
    );
    await cli.json(['add', 'src/a']);
  });
  const running = await modes(cli.dataDir);
  expect((await cli.run(['daemon', 'stop'])).code).toBe(0);
  const all = new Map([...running, ...(await modes(cli.dataDir))]);
  expect([...all.keys()]).toEqual(
    expect.arrayContaining(
      ['registry.json', 'run/registry.sock', 'logs/registry.log', 'backups/registry-last-good.json'].map(
        (name) => join(cli.dataDir, name),
      ),
    ),
  );
  expect([...all].filter(([, mode]) => mode !== 'd700' && mode !== '-600')).toEqual([]);
});

describe('a run directory', () => {
  async function dataDirectory(mode: number): Promise<{ dataDir: string; run: string }> {
    const dataDir = await temporaryDirectory();
    const run = join(dataDir, 'run');
    await mkdir(run);
    await chmod(run, mode);
    return { dataDir, run };
  }

  test.for(['770', '702', '777', '1777'])(
    'that others can write to (mode %s) is refused, with the remedy',
    async (mode) => {
      const { dataDir, run } = await dataDirectory(Number.parseInt(mode, 8));
      const refused = new Gardenerd(dataDir);
      expect(await refused.ended).toEqual({ code: 1, signal: null });
      expect(refused.stderr).toBe(
        `gardenerd: cannot use ${run} for the socket: others can write to it; run: chmod 700 ${run}\n`,
      );
      expect(await readdir(run)).toEqual([]);
      await chmod(run, 0o700);
      await startGardenerd({ dataDir });
    },
  );

  test('of somebody else is refused', async (context) => {
    if (!isRoot) context.skip('needs root, to give a directory away');
    const { dataDir, run } = await dataDirectory(0o700);
    await chown(run, NOBODY, NOBODY);
    const refused = new Gardenerd(dataDir);
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.stderr).toBe(
      `gardenerd: cannot use ${run} as root: it belongs to user ${NOBODY}, whom files of root would lock out; do the same without sudo, or choose another with --data-dir\n`,
    );
    expect(await readdir(run)).toEqual([]);
  });
});

describe('a data directory', () => {
  /** A data directory with a link in it that somebody else has planted, and the file to which that leads. */
  async function planted(mode: number): Promise<{ dataDir: string; precious: string }> {
    const dataDir = join(await temporaryDirectory(), 'data');
    await mkdir(join(dataDir, 'logs'), { recursive: true });
    await mkdir(join(dataDir, 'run'), { mode: 0o700 });
    const precious = join(dirname(dataDir), 'precious');
    await writeFile(precious, 'keep me');
    for (const name of ['registry.json.staged', 'logs/registry.log', 'logs/daemon-start.log', 'run/owner'])
      await symlink(precious, join(dataDir, name));
    await chmod(dataDir, mode);
    return { dataDir, precious };
  }

  test.for(['775', '757', '777', '1777'])(
    'that others can write to (mode %s) is refused before anything in it is touched, with the remedy',
    async (mode) => {
      const { dataDir, precious } = await planted(Number.parseInt(mode, 8));
      const link = `${dataDir} link`;
      await symlink(dataDir, link);
      for (const data of [dataDir, link]) {
        const refused = new Gardenerd(data);
        expect(await refused.ended).toEqual({ code: 1, signal: null });
        expect(refused.stderr).toBe(
          `gardenerd: cannot use ${data} for the data: others can write to it; run: chmod go-w ${data === link ? `'${link}'` : data}\n`,
        );
      }
      expect(await readFile(precious, 'utf8')).toBe('keep me');
      expect((await readdir(dataDir, { recursive: true })).toSorted()).toEqual([
        'logs',
        'logs/daemon-start.log',
        'logs/registry.log',
        'registry.json.staged',
        'run',
        'run/owner',
      ]);
    },
  );

  test('that others can write to is refused by a client that would start a daemon, and mended by the doctor', async () => {
    const { dataDir, precious } = await planted(0o777);
    const cli = await commandLine();
    const gardener = (...words: string[]) => cli.run(['--data-dir', dataDir, ...words]);
    expect(await gardener('ls')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(
        `cannot start the daemon: cannot use ${dataDir} for the data: others can write to it; run: chmod go-w ${dataDir}`,
      ) as string,
    });
    expect(await readFile(precious, 'utf8')).toBe('keep me');
    await rm(join(dataDir, 'logs'), { recursive: true });
    onTestFinished(async () => void (await gardener('daemon', 'stop')));
    expect((await gardener('doctor', '--fix')).stdout).toContain('chmod 755');
    expect((await stat(dataDir)).mode & 0o777).toBe(0o755);
    expect(await gardener('ls')).toMatchObject({ code: 0 });
  });

  test('that others can only read is used', async () => {
    const dataDir = await temporaryDirectory();
    await chmod(dataDir, 0o755);
    const peer = await (await startGardenerd({ dataDir })).connect();
    expect(await peer.call('daemon.status')).toMatchObject({ data_dir: dataDir });
  });

  test('of somebody else is refused', async (context) => {
    if (!isRoot) context.skip('needs root, to give a directory away');
    const dataDir = await temporaryDirectory();
    await chown(dataDir, NOBODY, NOBODY);
    const refused = new Gardenerd(dataDir);
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.stderr).toBe(
      `gardenerd: cannot use ${dataDir} as root: it belongs to user ${NOBODY}, whom files of root would lock out; do the same without sudo, or choose another with --data-dir\n`,
    );
    expect(await readdir(dataDir)).toEqual([]);
  });
});

describe('a directory below the data directory', () => {
  const OWN = ['logs', 'backups', 'projects', 'trash', 'undo'];

  async function loose(): Promise<string> {
    const dataDir = await temporaryDirectory();
    for (const name of OWN) {
      await mkdir(join(dataDir, name));
      await chmod(join(dataDir, name), 0o777);
    }
    return dataDir;
  }

  async function modesIn(dataDir: string): Promise<number[]> {
    return await Promise.all(OWN.map(async (name) => (await stat(join(dataDir, name))).mode & 0o777));
  }

  test('that others can write to is made private at a start, which is told', async () => {
    const dataDir = await loose();
    const { paths } = await startGardenerd({ dataDir });
    await until(async () => (await modesIn(dataDir)).every((mode) => mode === 0o700), 'they are private');
    const told = async () =>
      (await readFile(paths.logFile, 'utf8')).split('made a directory private').length - 1;
    await until(async () => (await told()) === OWN.length, 'it is told of each');
  });

  test('that others can only read stays as it is', async () => {
    const dataDir = await loose();
    for (const name of OWN) await chmod(join(dataDir, name), 0o755);
    await startGardenerd({ dataDir });
    expect(await modesIn(dataDir)).toEqual(OWN.map(() => 0o755));
  });

  test('that others can write to is found by the doctor, and mended', async () => {
    const dataDir = await loose();
    const cli = await commandLine();
    const doctor = (...words: string[]) => cli.run(['--data-dir', dataDir, '--no-start', 'doctor', ...words]);
    const found = await doctor();
    expect(found.code).toBe(1);
    for (const name of OWN) expect(found.stdout).toContain(`others can write to ${join(dataDir, name)}, `);
    await doctor('--fix');
    expect(await modesIn(dataDir)).toEqual(OWN.map(() => 0o700));
  });

  test('of somebody else is refused', async (context) => {
    if (!isRoot) context.skip('needs root, to give a directory away');
    const dataDir = await loose();
    const backups = join(dataDir, 'backups');
    await chown(backups, NOBODY, NOBODY);
    const refused = new Gardenerd(dataDir);
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.stderr).toContain(`cannot use ${backups} as root: it belongs to user ${NOBODY}, `);
  });

  test('has no backup that somebody else has put there', async (context) => {
    if (!isRoot) context.skip('needs root, to give a file away');
    const dataDir = await loose();
    const planted = join(dataDir, 'backups', 'registry-last-good.json');
    await writeFile(planted, fileWith('theirs'));
    await chown(planted, NOBODY, NOBODY);
    const peer = await (await startGardenerd({ dataDir })).connect();
    expect(await peer.call('projects.count')).toBe(0);
  });
});

describe('what has the name of a file of the daemon’s own and is none', () => {
  const gardener = async (dataDir: string, ...words: string[]) =>
    await (await commandLine()).run(['--data-dir', dataDir, ...words]);

  /** A data directory with such a thing in it, and the file to which a link leads. */
  async function withA(name: string, make: 'pipe' | 'link'): Promise<{ dataDir: string; precious: string }> {
    const dataDir = await temporaryDirectory();
    const path = join(dataDir, name);
    const precious = join(await temporaryDirectory(), 'precious');
    await writeFile(precious, 'keep me');
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    if (make === 'link') await symlink(precious, path);
    else await promisify(execFile)('mkfifo', [path]);
    return { dataDir, precious };
  }

  test.for(['link', 'pipe'] as const)('a %s for the log is refused, with what to do', async (make) => {
    const { dataDir, precious } = await withA('logs/registry.log', make);
    const refused = new Gardenerd(dataDir);
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.stderr).toMatch(/^gardenerd: cannot start: .*registry\.log is .*; move it away\n$/);
    expect(await readFile(precious, 'utf8')).toBe('keep me');
    const { stdout } = await gardener(dataDir, '--no-start', 'doctor');
    expect(stdout).toContain('logs/registry.log is no regular file');
    expect(await gardener(dataDir, 'daemon', 'logs')).toMatchObject(
      make === 'link'
        ? { code: 0 }
        : { code: 1, stderr: expect.stringContaining('no regular file') as string },
    );
  });

  test.for(['link', 'pipe'] as const)('a %s for the log of starts is told at once', async (make) => {
    const { dataDir, precious } = await withA('logs/daemon-start.log', make);
    const { code, stderr } = await gardener(dataDir, 'ls');
    expect(code).toBe(3);
    expect(stderr).toMatch(/daemon-start\.log is .*; move it away\n/);
    expect(await readFile(precious, 'utf8')).toBe('keep me');
  });

  test.for(['registry-last-good.json', 'trash/some.left', 'run/registry.sock.pid'])(
    'a pipe for %s keeps nobody from starting, changing and ending',
    async (name) => {
      const { dataDir } = await withA(name, 'pipe');
      if (name === 'registry-last-good.json') {
        const { stdout } = await gardener(dataDir, '--no-start', 'doctor');
        expect(stdout).toContain('registry-last-good.json is no regular file');
      }
      const daemon = await startGardenerd({ dataDir });
      const peer = await daemon.connect();
      await peer.call('projects.register', { name: 'a', source_path: dataDir });
      await peer.call('projects.remove', { project: 'a' });
      expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    },
  );

  test('a link for what an earlier daemon left is not followed', async () => {
    const { dataDir, precious } = await withA('registry-last-good.json', 'link');
    await writeFile(precious, fileWith('theirs'));
    const peer = await (await startGardenerd({ dataDir })).connect();
    expect(await peer.call('projects.count')).toBe(0);
  });
});

describe('root in the home of another user', () => {
  /** What is there, and whose it is. */
  async function owners(directory: string): Promise<[string, number][]> {
    const names = await readdir(directory, { recursive: true });
    return await Promise.all(
      names.toSorted().map(async (name): Promise<[string, number]> => {
        return [name, (await lstat(join(directory, name))).uid];
      }),
    );
  }

  test.for(['no data directory', 'a data directory'])(
    'with %s is refused, and makes nothing',
    async (there, context) => {
      if (!isRoot) context.skip('needs root, to give a directory away');
      const cli = await commandLine();
      await cli.codebase('src/web', { 'a.py': '' });
      if (there === 'a data directory') await mkdir(cli.dataDir, { mode: 0o700 });
      for (const name of ['.', ...(await readdir(cli.home, { recursive: true }))])
        await chown(join(cli.home, name), NOBODY, NOBODY);
      const before = await owners(cli.home);
      for (const words of [
        ['add', 'src/web'],
        ['ls'],
        ['doctor', '--fix'],
        ['daemon', 'run'],
        ['daemon', 'start'],
      ]) {
        const { code, stderr } = await cli.run(words);
        expect(stderr).toContain('as root: ');
        expect(stderr).toContain('the same without sudo');
        expect(code).not.toBe(0);
      }
      expect(await owners(cli.home)).toEqual(before);
      // The services are in the home, wherever the data are.
      const elsewhere = join(await temporaryDirectory(), 'data');
      for (const what of ['install', 'uninstall'])
        expect(await cli.run(['--data-dir', elsewhere, 'service', what])).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('the same without sudo') as string,
        });
      expect(await owners(cli.home)).toEqual(before);
      // A place of root's own, by a flag, whatever HOME is.
      const own = join(await temporaryDirectory(), 'data');
      expect(await cli.run(['--data-dir', own, 'add', 'src/web'])).toMatchObject({ code: 0 });
      expect(await cli.run(['--data-dir', own, 'daemon', 'stop'])).toMatchObject({ code: 0 });
      // Not "stop", which the end of the test is about to ask for.
      await chown(cli.home, 0, 0);
      await rm(cli.dataDir, { recursive: true, force: true });
    },
  );

  /** What leads out of a data directory of root's own, and what that would write there. */
  test.for<[what: string, lead: (own: string, their: string) => Promise<readonly string[] | void>]>([
    [
      'a link to the registry',
      async (own, their) => {
        await writeFile(
          join(their, 'registry.json'),
          '{"version":"1.2","active_project":null,"projects":{}}',
        );
        await symlink(join(their, 'registry.json'), join(own, 'registry.json'));
      },
    ],
    ['a link to no registry yet', (own, their) => symlink(join(their, 'r.json'), join(own, 'registry.json'))],
    [
      'a relative link behind a link',
      async (own, their) => {
        await symlink(join(basename(their), 'r.json'), join(own, '..', 'second'));
        await symlink('../second', join(own, 'registry.json'));
      },
    ],
    ['a link to the backups', (own, their) => symlink(their, join(own, 'backups'))],
    ['a link to what can be taken back', (own, their) => symlink(their, join(own, 'undo'))],
    ['a link to the logs', (own, their) => symlink(their, join(own, 'logs'))],
    [
      'a link to the log',
      async (own, their) => {
        await mkdir(join(own, 'logs'));
        await symlink(join(their, 'a.log'), join(own, 'logs/registry.log'));
      },
    ],
    [
      'a link to the run directory',
      async (own, their) => {
        await symlink(their, join(own, 'run'));
        return ['--socket', join(own, 'a.sock')];
      },
    ],
    ['a socket', (_own, their) => Promise.resolve(['--socket', join(their, 'a.sock')])],
    ['a socket below', (_own, their) => Promise.resolve(['--socket', join(their, 'new/a.sock')])],
  ])('is refused where %s leads there from a directory of its own', async ([, lead], context) => {
    if (!isRoot) context.skip('needs root, to give a directory away');
    const place = await temporaryDirectory();
    const [own, their] = [join(place, 'own'), join(place, 'their')];
    await mkdir(own);
    await mkdir(their);
    const words = (await lead(own, their)) ?? [];
    for (const name of ['.', ...(await readdir(their))]) await chown(join(their, name), NOBODY, NOBODY);
    const before = [await owners(their), await owners(own)];
    const refused = new Gardenerd(own, { args: words });
    expect(await refused.ended, refused.stderr).toEqual({ code: 1, signal: null });
    expect(refused.stderr).toMatch(
      new RegExp(`^gardenerd: cannot use ${place}/\\S+ .*as root: .*belongs to user ${NOBODY}`),
    );
    expect(refused.stderr).toContain('; do the same without sudo, or choose another with --');
    // Nor does the command line write its own log there first.
    const cli = await commandLine();
    const listed = await cli.run(['--data-dir', own, ...words, 'ls']);
    expect(listed).toMatchObject({ code: 3, stdout: '' });
    expect(listed.stderr).toContain('the same without sudo');
    expect([await owners(their), await owners(own)]).toEqual(before);
  });

  test('and who was locked out is told how to get the file back', async (context) => {
    if (!isRoot) context.skip('needs root, to take a file away');
    const home = await temporaryDirectory();
    const dataDir = join(home, 'data');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'registry.json'), '{}', { mode: 0o600 });
    await chown(dataDir, NOBODY, NOBODY);
    const { code, stderr } = await endsForOrdinaryUser(home, dataDir);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `it belongs to user 0 and not to you: sudo chown ${NOBODY} ${dataDir}/registry.json, unless it is meant to be theirs, or choose`,
    );
  });

  test('is not told to remove the socket that somebody uses', async (context) => {
    if (!isRoot) context.skip('needs root, to give a directory away');
    const cli = await commandLine();
    const run = join(cli.home, 'run');
    await mkdir(run, { mode: 0o700 });
    await chown(run, NOBODY, NOBODY);
    const { code, stderr } = await cli.run(['--socket', join(run, 'a.sock'), 'ls']);
    expect(code).toBe(3);
    expect(stderr).toBe(
      `gardener: cannot use ~/run as root: it belongs to user ${NOBODY}; do the same without sudo\n`,
    );
  });
});

describe('a path for the socket', () => {
  /** A path of so many bytes, in a directory that is there. */
  async function pathOf(bytes: number): Promise<string> {
    const directory = await temporaryDirectory();
    return join(directory, 's'.repeat(bytes - directory.length - 1));
  }

  test('of as many bytes as the system takes is used', async () => {
    const socket = await pathOf(MAX_SOCKET_PATH_BYTES);
    const daemon = new Gardenerd(await temporaryDirectory(), { args: ['--socket', socket] });
    await until(async () => {
      if (!daemon.isRunning) throw new Error(daemon.stderr);
      return await stat(socket).then(
        (status) => status.isSocket(),
        () => false,
      );
    }, 'the socket is there');
  });

  test.for<[how: string, by: (socket: string) => { args?: string[]; env?: NodeJS.ProcessEnv }]>([
    ['a flag', (socket) => ({ args: ['--socket', socket] })],
    ['the environment', (socket) => ({ env: { CODEBASE_GARDENER_SOCKET: socket } })],
  ])('that is longer is refused when %s gives it', async ([, by]) => {
    const socket = await pathOf(MAX_SOCKET_PATH_BYTES + 1);
    const daemon = new Gardenerd(await temporaryDirectory(), by(socket));
    expect(await daemon.ended).toEqual({ code: 1, signal: null });
    expect(daemon.stderr).toBe(
      `gardenerd: cannot use socket ${socket}: the path has 104 bytes and the system takes at most 103; give a shorter one\n`,
    );
  });

  test.for(['XDG_RUNTIME_DIR', 'TMPDIR'])(
    'that a long data directory makes too long is replaced by one in %s',
    async (name) => {
      const cli = await commandLine();
      const base = await temporaryDirectory();
      const dataDir = join(cli.home, 'd'.repeat(100));
      const options = { env: { [name]: base } };
      const gardener = (...words: string[]) => cli.json(['--data-dir', dataDir, ...words], options);
      onTestFinished(async () => void (await gardener('daemon', 'stop')));
      await cli.codebase('src/a', {});
      await gardener('add', 'src/a');
      expect(await gardener('ls')).toMatchObject({ projects: [{ name: 'a' }] });
      const directory = join(base, `codebase-gardener-${process.getuid?.()}`);
      expect(await gardener('daemon', 'status')).toMatchObject({
        data_dir: dataDir,
        socket: expect.stringMatching(new RegExp(`^${directory}/[0-9a-f]{16}\\.sock$`)),
      });
      expect((await stat(directory)).mode & 0o777).toBe(0o700);
    },
  );
});

/** Runs the daemon with the rights of an ordinary user, whom a directory is given; the daemon must end by itself. */
async function endsForOrdinaryUser(
  home: string,
  dataDir: string,
): Promise<{ code: unknown; stderr: string }> {
  const ids = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  // Where the project lies, an ordinary user may have no business.
  const dist = join(home, 'dist');
  await cp(dirname(PROGRAM), dist, { recursive: true });
  await writeFile(join(dist, 'package.json'), '{"type":"module"}');
  if (isRoot) await chown(home, NOBODY, NOBODY);
  return await new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(dist, basename(PROGRAM)), '--data-dir', dataDir],
      { ...ids, cwd: '/', env: { HOME: home }, timeout: 40_000 },
      (error, _stdout, stderr) => resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

describe('a data directory that cannot be used ends the daemon with one line', () => {
  test.for<[what: string, prepare: (dataDir: string) => Promise<unknown>, culprit: string]>([
    ['below a file', (dataDir) => writeFile(dataDir, ''), 'run'],
    [
      'that cannot be written to',
      async (dataDir) => {
        await mkdir(dataDir, { mode: 0o500 });
        if (isRoot) await chown(dataDir, NOBODY, NOBODY);
      },
      'run',
    ],
    [
      'whose registry file cannot be read',
      async (dataDir) => {
        await mkdir(dataDir);
        await writeFile(join(dataDir, 'registry.json'), '{}', { mode: 0 });
        if (isRoot) await chown(dataDir, NOBODY, NOBODY);
      },
      'registry.json',
    ],
  ])('%s', async ([, prepare, culprit]) => {
    const home = await temporaryDirectory();
    const dataDir = join(home, 'data');
    await prepare(dataDir);
    const { code, stderr } = await endsForOrdinaryUser(home, dataDir);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/^gardenerd: cannot start: .*(permission denied|not a directory).*\n$/);
    expect(stderr).toContain(join(dataDir, culprit));
    expect(stderr).toContain('--data-dir');
    if (culprit !== 'run') expect(await readdir(join(dataDir, 'run'))).toEqual([]);
  });
});
