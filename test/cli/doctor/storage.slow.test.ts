/** What `gardener doctor` says of the file and its disk: what a start would do, and whether a write goes through. */
import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import { checkWriting } from '../../../client/cli/doctor/writing.ts';
import type { Finding } from '../../../client/cli/doctor/finding.ts';
import { builtProgram, type CommandLine, commandLine } from '../../support/cli.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { asOrdinaryUser, fileWith, withMode } from '../../support/store.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';

const run = promisify(execFile);

async function doctor(cli: CommandLine): Promise<{ code: number | null; findings: readonly Finding[] }> {
  const { code, stdout } = await cli.run(['doctor', '--json']);
  return { code, ...(JSON.parse(stdout) as { findings: readonly Finding[] }) };
}

/** A registry of one project whose daemon has ended. */
async function stopped(): Promise<CommandLine & { readonly file: string }> {
  const cli = await commandLine();
  await cli.codebase('src/api', {});
  await cli.json(['add', 'src/api']);
  await cli.json(['daemon', 'stop']);
  return { ...cli, file: join(cli.dataDir, 'registry.json') };
}

const content = (findings: readonly Finding[]): Finding | undefined =>
  findings.find(({ check }) => check === 'file.content');

describe('without a daemon the doctor says what a start would do, and starts none', () => {
  /** Spoils the registry; gives what the doctor says of it and advises, and whether a daemon starts. */
  const CASES: Record<string, (file: string) => Promise<[message: RegExp, remedy: RegExp, starts: boolean]>> =
    {
      async 'a broken file'(file) {
        await writeFile(file, '{ half');
        return [/is spoilt: line 1, column 3: /, /takes registry-last-good\.json with 1 project$/, true];
      },
      async 'a file that is JSON and no registry'(file) {
        await writeFile(file, fileWith('a', 'b').replace('"name": "b"', '"name": "A"'));
        return [/is spoilt: line \d+.* is taken by/, /takes registry-last-good\.json with 1 project$/, true];
      },
      async 'a broken file without a good backup'(file) {
        await writeFile(file, '{ half');
        await writeFile(join(file, '..', 'backups', 'registry-last-good.json'), '{ half');
        return [/is spoilt/, /begins with an empty registry, as there is no good backup$/, true];
      },
      async 'a broken file, with a content that a daemon left beside it'(file) {
        await writeFile(file, '{ half');
        await writeFile(join(file, '..', 'registry-last-good.json'), fileWith('a', 'b', 'c'));
        return [/is spoilt/, /takes registry-last-good\.json with 3 projects$/, true];
      },
      async 'a link that leads nowhere'(file) {
        await rm(file);
        await symlink('/nonexistent/registry.json', file);
        return [
          /link to \/nonexistent\/.* refuses changes and takes registry-last-good\.json/,
          /mount/,
          true,
        ];
      },
      async 'a directory'(file) {
        await rm(file);
        await mkdir(file);
        return [/^no daemon can start: .* it is a directory \(EISDIR\)/, /move what is in the way/, false];
      },
      async 'a pipe'(file) {
        await rm(file);
        await run('mkfifo', [file]);
        return [/^no daemon can start: .* no regular file/, /move what is in the way/, false];
      },
      async 'a file of 600 MiB'(file) {
        await truncate(file, 600 * 1024 * 1024);
        return [/^no daemon can start: .*629145600 bytes/, /smaller/, false];
      },
    };

  test.for(Object.keys(CASES))('with %s', { timeout: 60_000 }, async (what, context) => {
    if (what === 'a pipe') requireTools(context, 'mkfifo');
    const cli = await stopped();
    const before = await readdir(join(cli.dataDir, 'backups'));
    const [message, remedy, starts] = (await CASES[what]?.(cli.file)) ?? [/^$/, /^$/, true];
    const { code, findings } = await doctor(cli);
    expect(code).toBe(1);
    expect(content(findings)).toEqual({
      check: 'file.content',
      level: 'error',
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(remedy) as string,
    });
    expect((await cli.run(['daemon', 'status'])).code).toBe(3);
    expect(await readdir(join(cli.dataDir, 'backups'))).toEqual(before);
    // And that is what it does.
    expect((await cli.run(['daemon', 'start'])).code === 0).toBe(starts);
    if (!starts) return;
    const { registry } = (await cli.json(['status'])) as { registry: { project_count: number } };
    expect(registry.project_count).toBe(what.includes('without') ? 0 : what.includes('beside') ? 3 : 1);
  });

  test('with a mistake in a note of the daemon’s own it does without that, and keeps the file', async () => {
    const cli = await stopped();
    const document = JSON.parse(await readFile(cli.file, 'utf8')) as { projects: Record<string, object> };
    const [id = ''] = Object.keys(document.projects);
    Object.assign(document.projects[id] as object, { retrain_requested: { at: 'soon', reason: null } });
    await writeFile(cli.file, JSON.stringify(document));
    const { code, findings } = await doctor(cli);
    expect(code).toBe(0);
    expect(content(findings)).toEqual({
      check: 'file.content',
      level: 'warning',
      message: expect.stringMatching(/has what cannot be used: .*retrain_requested\.at/) as string,
      remedy: expect.stringMatching(/^mend it; a daemon that starts does without, and keeps/) as string,
    });
    // And that is what it does, and says until it is done.
    const problem = async (): Promise<string> => {
      const { registry } = (await cli.json(['status'])) as { registry: { problem: { message: string } } };
      return registry.problem.message;
    };
    expect(await problem()).toMatch(
      /served without: .*retrain_requested\.at.* goes to backups\/ with the next change$/,
    );
    await cli.json(['edit', 'api', '--tag', 'x']);
    const kept =
      (await readdir(join(cli.dataDir, 'backups'))).find((name) => name.endsWith('-migration.json')) ?? '';
    expect(await problem()).toMatch(/served without: .*retrain_requested\.at/);
    expect(await problem()).toContain(`; the file as it was is kept as backups/${kept}`);
  });

  test('with a good file and with none at all nothing is wrong', async () => {
    const cli = await stopped();
    const { stdout } = await run(process.execPath, [
      builtProgram('gardenerd.js'),
      '--check',
      '--data-dir',
      cli.dataDir,
    ]);
    expect(JSON.parse(stdout)).toEqual({ kind: 'good', file: cli.file, projects: 1, backup: null });
    await rm(cli.file);
    const { findings } = await doctor(cli);
    expect(content(findings)).toMatchObject({
      level: 'warning',
      remedy: expect.stringContaining('takes registry-last-good.json with 1 project') as string,
    });
  });
});

describe('with a daemon the doctor says', () => {
  test('that the file cannot be looked at, and does not wait for a pipe', async (context) => {
    requireTools(context, 'mkfifo');
    const cli = await stopped();
    await cli.json(['ls']);
    const good = await readFile(cli.file);
    await rm(cli.file);
    await run('mkfifo', [cli.file]);
    await until(
      async () => (await doctor(cli)).findings.some(({ message }) => message.includes('(EFTYPE)')),
      'the daemon has noticed',
    );
    const { code, findings } = await doctor(cli);
    expect(code).toBe(1);
    expect(content(findings)).toMatchObject({ level: 'error', remedy: 'move what is in the way' });
    expect(findings.find(({ check }) => check === 'registry.problem')).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/^changes are refused: cannot read/) as string,
      remedy: 'move what is in the way',
    });
    const { stdout: status } = await cli.run(['status']);
    expect(status).toContain('it is no regular file (EFTYPE)');
    // Also where nobody looks, as in a script or a mail.
    expect(status).toMatch(/^changes +refused until that is over: move what is in the way$/m);
    const refused = await cli.run(['edit', 'api', '--tag', 'x']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/cannot read .*\(EFTYPE\)\ntry: move what is in the way\n$/);
    await rename(cli.file, `${cli.file}.pipe`);
    await writeFile(cli.file, good);
    await until(async () => (await doctor(cli)).code === 0, 'all is well again');
  });
});

/** Mounts something for this test; without the right to the test is skipped. */
async function mount(context: TestContext, what: readonly string[], where: string): Promise<void> {
  requireTools(context, ['mount', 'umount']);
  if (process.geteuid?.() !== 0) context.skip('needs root to mount');
  const mounted = await run('mount', [...what, where]).then(
    () => true,
    () => false,
  );
  if (!mounted) context.skip('nothing can be mounted here');
  onTestFinished(async () => void (await run('umount', [where])));
}

/** Makes a file that not even root can replace, for this test; where that cannot be done the test is skipped. */
async function makeImmutable(context: TestContext, file: string): Promise<() => Promise<void>> {
  requireTools(context, 'chattr');
  const made = await run('chattr', ['+i', file]).then(
    () => true,
    () => false,
  );
  if (!made) context.skip('no file can be made immutable here');
  const release = async (): Promise<void> => void (await run('chattr', ['-i', file]));
  onTestFinished(release);
  return release;
}

describe('with a daemon the doctor says what helps', () => {
  test('where the file is larger than any registry can be', async () => {
    const cli = await stopped();
    await cli.json(['ls']);
    await truncate(cli.file, 600 * 1024 * 1024);
    const { code, findings } = await doctor(cli);
    expect(code).toBe(1);
    expect(content(findings)).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/^cannot read .*: the file is too large$/) as string,
      remedy: 'make it smaller, or put a backup in its place: gardener backups',
    });
    await until(
      async () => (await doctor(cli)).findings.some(({ message }) => message.includes('629145600 bytes')),
      'the daemon has noticed',
    );
    // A limit of the shell would not help.
    expect(JSON.stringify(await doctor(cli))).not.toContain('ulimit');
  });

  test('where a file is in the place of the backups, and looks at everything else', async () => {
    const cli = await stopped();
    await cli.json(['ls']);
    await rm(join(cli.dataDir, 'backups'), { recursive: true });
    await writeFile(join(cli.dataDir, 'backups'), '');
    const { code, findings } = await doctor(cli);
    expect(code).toBe(1);
    const about = (check: string) => findings.find((one) => one.check === check);
    expect(about('backups')).toMatchObject({
      level: 'error',
      message: expect.stringMatching(/^cannot read the backups: /) as string,
      remedy: 'move what is in the way',
    });
    for (const check of ['daemon', 'projects', 'registry.problem'])
      expect(about(check)).toMatchObject({ level: 'ok' });
    const told =
      /^gardener: cannot read the backups: a part of the path is no directory \(ENOTDIR\)\ntry: move what is in the way\n$/;
    expect(await cli.run(['backups'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(told) as string,
    });
    expect(await cli.run(['call', 'registry.restore', '{"name":"registry-last-good.json"}'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(told) as string,
    });
    await rm(join(cli.dataDir, 'backups'));
  });

  test('where the data directory can only be read, which it cannot mend', async (context) => {
    const cli = await stopped();
    await cli.json(['ls']);
    await mount(context, ['--bind', cli.dataDir], cli.dataDir);
    await run('mount', ['-o', 'remount,ro,bind', cli.dataDir]);
    const { code, findings } = await doctor(cli);
    expect(code).toBe(1);
    expect(findings.find(({ check }) => check === 'data.permissions')).toMatchObject({
      level: 'error',
      remedy: 'mount it so that it can be written',
    });
    expect(JSON.stringify(findings)).not.toContain('doctor --fix');
  });
});

describe('what its owner may not use', () => {
  const NOBODY = 65_534;

  test.for([
    ['registry.json', 0o000, 'file.permissions', 0o600],
    ['registry.json', 0o200, 'file.permissions', 0o600],
    ['backups', 0o500, 'backups.permissions', 0o700],
    ['backups', 0o000, 'backups.permissions', 0o700],
    ['.', 0o600, 'data.permissions', 0o700],
    ['.', 0o000, 'data.permissions', 0o700],
  ] as const)('%s, is found and made usable', async ([name, mode, check, after]) => {
    const home = await temporaryDirectory();
    const dataDir = join(home, 'data');
    await mkdir(join(dataDir, 'backups'), { recursive: true, mode: 0o700 });
    await writeFile(join(dataDir, 'registry.json'), fileWith('one'), { mode: 0o600 });
    // Where the project lies, an ordinary user may have no business.
    const dist = join(home, 'dist');
    await cp(dirname(builtProgram('gardener.js')), dist, { recursive: true });
    await writeFile(join(dist, 'package.json'), '{"type":"module"}');
    const own = join(dataDir, name);
    await chmod(own, mode);
    // Permissions do not bind root.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      for (const one of ['.', 'data', 'data/backups', 'data/registry.json'])
        await chown(join(home, one), NOBODY, NOBODY);
    }
    const examine = async (...flags: string[]): Promise<Finding | undefined> => {
      const words = [join(dist, 'gardener.js'), 'doctor', '--json', '--no-start', '--data-dir', dataDir];
      const { stdout } = await run(process.execPath, [...words, ...flags], {
        ...(isRoot && { uid: NOBODY, gid: NOBODY }),
        cwd: '/',
        env: { HOME: home },
      }).catch((refused: { stdout: string }) => refused);
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      return findings.find((one) => one.check === check && one.level !== 'ok');
    };
    expect(await examine()).toMatchObject({
      level: 'error',
      message: expect.stringContaining('permission denied') as string,
      remedy: expect.stringContaining('gardener') as string,
    });
    expect(await examine('--fix')).toBeUndefined();
    expect((await stat(own)).mode & 0o777).toBe(after);
  });
});

describe('a real write', () => {
  async function place(): Promise<{ registryFile: string; backupsDir: string; home: string }> {
    const home = await temporaryDirectory();
    const backupsDir = join(home, 'backups');
    await mkdir(backupsDir);
    return { home, backupsDir, registryFile: join(home, 'registry.json') };
  }
  const same = (path: string): string => path;

  test('goes through beside the file, behind its link, and in the backups, and leaves nothing', async () => {
    const paths = await place();
    const elsewhere = await temporaryDirectory();
    await writeFile(join(elsewhere, 'r.json'), '{}');
    await symlink(join(elsewhere, 'r.json'), paths.registryFile);
    expect(await checkWriting(paths, same)).toMatchObject([{ check: 'writing', level: 'ok' }]);
    expect(await readdir(paths.backupsDir)).toEqual([]);
    expect(await readdir(elsewhere)).toEqual(['r.json']);
  });

  test('is refused where there is no permission, and that is an error for each place', async () => {
    const paths = await place();
    await asOrdinaryUser([paths.home, paths.backupsDir], () =>
      withMode(paths.backupsDir, 0o500, () =>
        withMode(paths.home, 0o500, async () => {
          const findings = await checkWriting(paths, same);
          expect(findings).toMatchObject([
            { check: 'writing.file', level: 'error' },
            { check: 'writing.backups', level: 'error' },
          ]);
          expect(findings[0]?.message).toContain('permission denied');
        }),
      ),
    );
  });

  test('fails where something else is in the place of the backups', async () => {
    const paths = await place();
    await rm(paths.backupsDir, { recursive: true });
    await writeFile(paths.backupsDir, '');
    expect(await checkWriting(paths, same)).toMatchObject([
      { check: 'writing.backups', level: 'error', remedy: 'move what is in the way' },
    ]);
  });

  test('finds a disk that can only be read', async (context) => {
    const paths = await place();
    await mount(context, ['-t', 'tmpfs', '-o', 'ro,size=64k', 'none'], paths.backupsDir);
    expect(await checkWriting(paths, same)).toMatchObject([
      { check: 'writing.backups', message: expect.stringContaining('the disk can only be read') as string },
    ]);
  });

  test('finds a file that is mounted by itself, though it is of the same disk', async (context) => {
    const paths = await place();
    // The list of what is mounted has another way to write a space.
    const registryFile = join(paths.home, 'my registry.json');
    const other = join(paths.home, 'other.json');
    await writeFile(registryFile, '{}');
    await writeFile(other, '{}');
    await mount(context, ['--bind', other], registryFile);
    expect(await checkWriting({ ...paths, registryFile }, same)).toMatchObject([
      { check: 'writing.file', level: 'error', remedy: 'mount its directory' },
    ]);
  });

  test('finds a file that is immutable, and leaves one as it is that can only be read', async (context) => {
    const paths = await place();
    await writeFile(paths.registryFile, '{}', { mode: 0o400 });
    expect(await checkWriting(paths, same)).toMatchObject([{ check: 'writing', level: 'ok' }]);
    await makeImmutable(context, paths.registryFile);
    expect(await checkWriting(paths, same)).toMatchObject([
      {
        check: 'writing.file',
        level: 'error',
        message: `${paths.registryFile} cannot be replaced: not permitted`,
        remedy: expect.stringContaining('lsattr') as string,
      },
    ]);
  });
});

test('a change that could not be written is told by the daemon, and by the doctor, until one can', async (context) => {
  const cli = await stopped();
  await cli.json(['ls']);
  const release = await makeImmutable(context, cli.file);
  expect((await cli.run(['edit', 'api', '--tag', 'x'])).code).toBe(1);
  const { code, findings } = await doctor(cli);
  expect(code).toBe(1);
  expect(findings.find(({ check }) => check === 'registry.problem')).toEqual({
    check: 'registry.problem',
    level: 'error',
    message: `cannot write ${cli.file}: not permitted (EPERM); the next change tries again`,
    remedy: expect.stringContaining('lsattr') as string,
  });
  const { stdout: status } = await cli.run(['status']);
  expect(status).toMatch(/^problem +cannot write .*\(EPERM\)/m);
  expect(status).toMatch(/^try +see whether the file is immutable/m);
  await release();
  await cli.json(['edit', 'api', '--tag', 'x']);
  expect((await doctor(cli)).code).toBe(0);
});

test('what is no file in the place of the schema is told where the registry file names that', async () => {
  const cli = await stopped();
  const place = join(cli.dataDir, 'registry.schema.json');
  await rm(place, { force: true });
  await mkdir(place);
  const schema = async (): Promise<readonly Finding[]> =>
    (await doctor(cli)).findings.filter(({ check }) => check === 'file.schema');
  expect(await schema()).toEqual([
    {
      check: 'file.schema',
      level: 'warning',
      message: expect.stringMatching(/registry\.schema\.json is no regular file: /) as string,
      remedy: `move it: mv ${place} ${place}.old`,
    },
  ]);
  const registry = JSON.parse(await readFile(cli.file, 'utf8')) as object;
  await writeFile(cli.file, JSON.stringify({ ...registry, $schema: 'https://example.org/mine.json' }));
  expect(await schema()).toEqual([]);
});

describe('a content that was left beside the file', () => {
  const beside = (findings: readonly Finding[]): Finding | undefined =>
    findings.find(({ check }) => check === 'file.beside');

  test('is told when its daemon is stopped, and by the doctor, until a start has taken it up', async () => {
    const cli = await commandLine();
    await cli.codebase('src/api', {});
    await cli.json(['add', 'src/api']);
    // The copy of this change is not made before ten seconds are over.
    const backups = join(cli.dataDir, 'backups');
    await rm(backups, { recursive: true });
    await writeFile(backups, 'in the way');
    await writeFile(join(cli.dataDir, 'registry.json'), '{ half');
    await cli.run(['call', 'registry.reload']);
    const left = join(cli.dataDir, 'registry-last-good.json');
    const stopped = await cli.run(['daemon', 'stop', '--json']);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ stopped: true, left });
    expect(stopped.stderr).toContain(
      'it was left at ~/.codebase-gardener/registry-last-good.json, and the next start takes it up',
    );
    const { findings } = await doctor(cli);
    expect(beside(findings)).toMatchObject({
      level: 'warning',
      message: expect.stringMatching(/holds 1 project: it was left there/) as string,
      remedy: 'gardener daemon start, then gardener backups',
    });
    expect(content(findings)?.remedy).toMatch(/takes registry-last-good\.json with 1 project$/);
    await rm(backups);
    expect(await cli.json(['ls'])).toMatchObject({ projects: [{ name: 'api' }] });
    expect(beside((await doctor(cli)).findings)).toBeUndefined();
    expect(JSON.parse((await cli.run(['daemon', 'stop', '--json'])).stdout)).not.toHaveProperty('left');
  });

  test('is what a start takes where the file is gone', async () => {
    const { file, dataDir, ...cli } = await stopped();
    await rm(file);
    await rm(join(dataDir, 'backups'), { recursive: true });
    await writeFile(join(dataDir, 'registry-last-good.json'), fileWith('a', 'b', 'c'));
    expect(content((await doctor({ dataDir, ...cli })).findings)).toMatchObject({
      message: expect.stringMatching(/is gone$/) as string,
      remedy: 'gardener ls: a daemon that starts takes registry-last-good.json with 3 projects',
    });
  });

  test('or put there by hand is told while a daemon runs, and what is none of a registry as that', async () => {
    const { dataDir, ...cli } = await commandLine();
    await cli.json(['daemon', 'start']);
    const path = join(dataDir, 'registry-last-good.json');
    await writeFile(path, fileWith('a'));
    const examined = async () => beside((await doctor({ dataDir, ...cli })).findings);
    expect(await examined()).toMatchObject({ remedy: 'gardener daemon restart, then gardener backups' });
    await writeFile(path, 'my notes');
    expect(await examined()).toMatchObject({
      level: 'warning',
      message: expect.stringMatching(/cannot be read as a registry .*: it is left alone$/) as string,
      remedy: expect.stringMatching(/mv .*registry-last-good\.json /) as string,
    });
  });
});
