import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bundles } from '../client/bundle.ts';
import { builtProgram, commandLine } from '../support/cli.ts';
import { environment } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';

/** A word for a shell. */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

const COMMANDS = ['add', 'ls', 'show', 'use', 'which', 'edit', 'rm', 'retrain', 'status', 'daemon', 'call'];

describe('help', () => {
  test('names every command and the exit codes', async () => {
    const cli = await commandLine();
    const { code, stdout, stderr } = await cli.run(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    expect(stdout).toContain('Exit codes: 0 good, 1 the registry said no, 2 wrong usage, 3 the daemon');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test.each([...COMMANDS, 'daemon logs'])(
    'is there for %s, with the flags that every command takes',
    async (command) => {
      const cli = await commandLine();
      const { code, stdout } = await cli.run([...command.split(' '), '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: gardener ${command}`);
      for (const flag of ['--data-dir', '--socket', '--json', '--no-start']) expect(stdout).toContain(flag);
    },
  );

  test('is shown to who names no command of a group, as wrong usage', async () => {
    const cli = await commandLine();
    const { code, stdout, stderr } = await cli.run(['daemon']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^Usage: gardener/);
  });
});

describe('help that is asked for what there is not', () => {
  test.each([
    [['help', 'nope'], "unknown command 'nope'", 'gardener --help'],
    [['help', 'stats'], "unknown command 'stats'; did you mean status?", 'gardener --help'],
    [['nope', '--help'], "unknown command 'nope'", 'gardener --help'],
    [['help', 'daemon', 'nope'], "unknown command 'nope'", 'gardener daemon --help'],
    [['help', 'ls', 'nope', '--columns'], "unknown command 'nope'", 'gardener ls --help'],
    [['help', 'ls', 'nope'], "unknown command 'nope'", 'gardener ls --help'],
    [['help', 'daemon', 'start', 'nope'], "unknown command 'nope'", 'gardener daemon start --help'],
    [['daemon', 'nope', '-h'], "unknown command 'nope'", 'gardener daemon --help'],
    [['--data-dir', 'x', 'help', 'nope'], "unknown command 'nope'", 'gardener --help'],
    [['--data-dir', 'ls', 'nope', '--help'], "unknown command 'nope'", 'gardener --help'],
    [
      ['--no-start', '--socket=x', '-h', 'daemon', 'nope'],
      "unknown command 'nope'",
      'gardener --socket x daemon --help',
    ],
  ])('%j says so', async (words, message, hint) => {
    const cli = await commandLine();
    expect(await cli.run(words)).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: `gardener: ${message}\ntry: ${hint}\n`,
    });
  });

  test.each([
    [['help']],
    [['help', 'ls']],
    [['help', 'daemon', 'logs']],
    [['help', 'ls', '--status', 'failed']],
    [['help', 'ls', '--columns']],
    [['--data-dir', 'nope', 'help', 'ls', '--columns', 'nope']],
    [['help', 'call']],
    [['ls', 'nope', '--help']],
    [['help', 'help']],
    [['--data-dir', 'nope', 'help', 'ls']],
    [['--data-dir', 'nope', '--help']],
  ])('%j is all right', async (words) => {
    const cli = await commandLine();
    expect(await cli.run(words)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Usage: /),
      stderr: '',
    });
  });
});

test('what programs ask for is a document of JSON, whatever it is', async () => {
  const cli = await commandLine();
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  expect(await cli.json(['--version'])).toEqual({ version: manifest.version });
  const { stdout: script } = await cli.run(['completion', 'bash']);
  expect(await cli.json(['completion', '/bin/bash'])).toEqual({ shell: 'bash', script: script.trimEnd() });
});

test('an answer that cannot be written is told in one line', async (context) => {
  requireTools(context, 'sh');
  if (!existsSync('/dev/full')) context.skip('needs /dev/full');
  const cli = await commandLine();
  const line = `${quoted(process.execPath)} ${quoted(builtProgram('gardener.js'))}`;
  const ended = spawnSync('sh', ['-c', `${line} ls --json > /dev/full`], {
    encoding: 'utf8',
    cwd: cli.home,
    env: environment(cli.home),
  });
  expect(ended.stderr).toBe('gardener: cannot write the answer: the disk is full\n');
  expect(ended.status).toBe(1);
  const daemon = `${quoted(process.execPath)} ${quoted(builtProgram('gardenerd.js'))}`;
  const check = spawnSync('sh', ['-c', `${daemon} --check > /dev/full`], {
    encoding: 'utf8',
    env: environment(cli.home),
  });
  expect(check.stderr).toBe('gardenerd: cannot write the answer: the disk is full\n');
  expect(check.status).toBe(1);
  // Nobody to tell it to.
  expect(
    spawnSync('sh', ['-c', `${line} nope 2> /dev/full`], { env: environment(cli.home) }).status,
  ).not.toBe(0);
});

test('the version is the manifest’s', async () => {
  const cli = await commandLine();
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  expect(await cli.run(['--version'])).toMatchObject({
    code: 0,
    stdout: `${manifest.version}\n`,
    stderr: '',
  });
});

describe('wrong usage ends with 2 and says what is right:', () => {
  test.each([
    [['lss'], "unknown command 'lss'; did you mean ls?", 'gardener --help'],
    [
      ['ls', '--langauge', 'go'],
      "unknown option '--langauge'; did you mean --language?",
      'gardener ls --help',
    ],
    [['daemon', 'stat'], "unknown command 'stat'", 'gardener daemon --help'],
    [['rm'], "missing required argument 'project'", 'gardener rm --help'],
    [
      ['--data-dir', 'daemon', 'rm'],
      "missing required argument 'project'",
      'gardener --data-dir daemon rm --help',
    ],
    [['show', 'a', 'b'], "too many arguments for 'show': it takes 1 and got 2", 'gardener show --help'],
    [
      ['daemon', 'run', '--log-level', 'loud'],
      "option '--log-level <level>' argument 'loud' is invalid: it is one of DEBUG",
      '',
    ],
    [
      ['daemon', 'run', '--idle-timeout', 'soon'],
      "option '--idle-timeout <seconds>' argument 'soon' is invalid: it must be a whole number",
      '',
    ],
    [
      ['train', '--stall', '0', 'a'],
      "option '--stall <seconds>' argument '0' is invalid: it must be a number of seconds, more than 0",
      '',
    ],
    [
      ['daemon', 'restart', '--no-start'],
      'cannot restart the daemon: --no-start forbids it',
      'gardener daemon restart',
    ],
    [
      ['ls', '--status', 'done'],
      "option '--status <status>' argument 'done' is invalid: it is one of",
      'gardener ls --help',
    ],
    [['completion', 'ksh'], "'ksh' is invalid for argument 'shell': it is one of bash, zsh, fish", ''],
    [['ls', 'a\nb', '--c'], "unknown option '--c'", 'gardener ls --help'],
    [['call', 'x', '{"a": }'], 'cannot read the params: line 1, column 7', 'gardener call'],
    [['call', 'x', '7'], 'cannot use the params: they must be a JSON object', 'gardener call'],
    [['show', ''], 'cannot look for a project: its name is empty', ''],
    [['add', ''], 'cannot use an empty path', 'a path; . is the working directory'],
    [['mv', 'web', ''], 'cannot use an empty path', ''],
    [['edit', 'web', '--path', ''], 'cannot use an empty path', ''],
    [['import', ''], 'cannot use an empty path', ''],
    [['export', ''], 'cannot use an empty path', ''],
    [['--data-dir', '', 'ls'], 'cannot use an empty path for --data-dir', '--data-dir <path>'],
    [['ls', '--data-dir='], 'cannot use an empty path for --data-dir', '--data-dir <path>'],
    [['--socket', '', 'ls'], 'cannot use an empty path for --socket', '--socket <path>'],
    [['ls', '--socket', '--no-start'], 'cannot use --no-start for --socket: the path is missing', ''],
    [
      ['ls', '--data-dir', '-x'],
      'cannot use -x for --data-dir: the path is missing',
      '--data-dir <path>; --data-dir ./-x for one that begins with a dash',
    ],
    [['--socket', `/${'x'.repeat(200)}`, 'ls'], 'cannot use socket', ''],
  ])('%j', async (words, message, hint) => {
    const cli = await commandLine();
    const { code, stdout, stderr } = await cli.run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`gardener: ${message}`);
    if (hint) expect(stderr).toContain(`\ntry: ${hint}`);
  });

  test('a variable that is not set leads to no registry of another name', async () => {
    const cli = await commandLine();
    const { code, stdout } = await cli.run(['ls', '--data-dir', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { data: { kind: 'usage' } } });
    expect(existsSync(join(cli.home, '--json'))).toBe(false);
    const env = { CODEBASE_GARDENER_DATA_DIR: '', CODEBASE_GARDENER_SOCKET: '' };
    expect(await cli.run(['ls'], { env })).toMatchObject({ code: 0 });
    expect(existsSync(cli.dataDir)).toBe(true);
  });

  test('for a program as a document too', async () => {
    const cli = await commandLine();
    const { code, stdout } = await cli.run(['lss', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: null, data: { kind: 'usage' } } });
  });
});

describe('call', () => {
  test('prints the result as it is, params from the words or from standard input', async () => {
    const cli = await commandLine();
    await cli.codebase('api', {});
    const params = JSON.stringify({ name: 'api', source_path: join(cli.home, 'api') });
    const { code, stdout } = await cli.run(['call', 'projects.register', '-'], { input: `${params}\n` });
    expect(code).toBe(0);
    const project = JSON.parse(stdout) as unknown;
    expect(project).toMatchObject({ name: 'api', language: 'python' });
    const got = await cli.run(['call', 'projects.get', '{"project": "api"}']);
    expect(got.stdout).toBe(`${JSON.stringify(project, null, 2)}\n`);
    expect((await cli.run(['call', 'daemon.ping'])).stdout).toBe('"pong"\n');
  });

  test('tells what the daemon has against it', async () => {
    const cli = await commandLine();
    expect(await cli.run(['call', 'projects.fly', '--json'])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('"code": -32601') as string,
      stderr: expect.stringContaining('try: gardener docs') as string,
    });
    const { code, stdout, stderr } = await cli.run(['call', 'projects.get', '{"projekt": "x"}', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: -32602 } });
    expect(stderr).toMatch(
      /^gardener: cannot use what was given: .*projekt.*\ntry: gardener call --help projects\.get\n$/,
    );
  });
});

test('nobody sees a stack, nor what Node calls it, when the data directory is a file', async () => {
  const cli = await commandLine();
  await writeFile(join(cli.home, 'file'), '');
  const { code, stderr } = await cli.run(['--data-dir', 'file', 'ls']);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(
    /^gardener: cannot use the data directory ~\/file: it is no directory; choose another one with --data-dir /,
  );
  expect(stderr).not.toMatch(/^\s+at |ENOTDIR/m);
});

describe('what is missing or empty is said to be, in', () => {
  test('a call', async () => {
    const cli = await commandLine();
    await cli.codebase('api', {});
    expect((await cli.run(['call', 'projects.get', '{}'])).stderr).toMatch(/^[^\n]*: project: is missing\n/);
    await cli.run(['add', 'api']);
    expect((await cli.run(['edit', 'api', '--language', ''])).stderr).toMatch(/: language: is empty\n/);
    expect((await cli.run(['add', 'nowhere'])).stderr).toMatch(/\ntry: a directory that exists\n$/);
  });

  test('the registry file', async () => {
    const cli = await commandLine();
    await mkdir(cli.dataDir, { mode: 0o700 });
    await writeFile(join(cli.dataDir, 'registry.json'), '{"version": "1.2", "projects": {"x": {}}}');
    expect((await cli.run(['status'])).stdout).toMatch(
      /^problem .*: projects\.x\.name: is missing \(line 1/m,
    );
  });
});

test('advice for a socket that was given alone is no command that is refused', async () => {
  const cli = await commandLine();
  const { code, stdout } = await cli.run(['--socket', join(cli.home, 'none.sock'), 'doctor']);
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /no daemon listens on .*\n +try: to start the daemon where it is to run, or here with --data-dir/,
  );
});

describe('an export that cannot be written says where it can', () => {
  test('where it is a directory, or there is none', async () => {
    const cli = await commandLine();
    const directory = await cli.codebase('there', {});
    const { code, stderr } = await cli.run(['export', 'there']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `gardener: cannot export to ~/there: it is a directory\ntry: gardener export ${directory}/registry.json\n`,
    });
    expect((await cli.run(['export', `${directory}/registry.json`])).code).toBe(0);
    expect((await cli.run(['export', 'nowhere/x'])).stderr).toMatch(/: there is no such directory\n$/);
  });
});

test('a problem with the registry file is seen in status', async () => {
  const cli = await commandLine();
  await mkdir(cli.dataDir, { recursive: true });
  await writeFile(join(cli.dataDir, 'registry.json'), '{"version": "9.0", "projects": {}}');
  const { code, stdout } = await cli.run(['status']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^problem +\S/m);
  expect(stdout).toMatch(/^changes +refused until you upgrade Codebase Gardener$/m);
  await cli.codebase('api', {});
  expect(await cli.run(['add', 'api'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('try: gardener status') as string,
  });
});

describe('the bundle', () => {
  const built = bundles({ program: 'client/cli/main.ts' });

  // The validator is in what serves agents, and only there: test/package/agents-bundle.test.ts.
  test('brings neither the log nor the daemon with it', () => {
    const { modules } = built.program;
    const heavy =
      /\/node_modules\/(pino|chokidar|proper-lockfile|string-width)\/|\/src\/(store|server|daemon|log|main)/;
    expect(modules.length).toBeGreaterThan(30);
    expect(modules.filter((id) => heavy.test(id))).toEqual([]);
  });
});
