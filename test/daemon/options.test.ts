/** The flags of `gardenerd`, the environment, and which of them counts. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MAX_LOG_BYTES, OLD_LOG_FILES, openLog } from '../../src/log.ts';
import { VERSION } from '../../src/version.ts';
import { greet, PROGRAM, startGardenerd } from '../faults/support/gardenerd.ts';
import { environment, temporaryDirectory } from '../support/home.ts';
import { HOSTILE, obeyed } from '../support/hostile.ts';
import { until } from '../support/until.ts';

interface Said {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `gardenerd` where it must end by itself. */
async function gardenerd(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Said> {
  const home = await temporaryDirectory();
  return await new Promise((resolve) => {
    const options = { env: { ...environment(home), ...env }, timeout: 40_000 };
    execFile(process.execPath, [PROGRAM, ...words], options, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

describe('gardenerd', () => {
  test.for(['--help', '-h'])('%s prints what there is, and starts nothing', async (flag) => {
    const { code, stdout, stderr } = await gardenerd([flag]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: gardenerd \[options\]\n/);
    for (const option of ['--data-dir', '--socket', '--idle-timeout', '--log-level', '--version', '--help']) {
      expect(stdout).toContain(`  ${option}`);
    }
  });

  test.for<[what: string, words: string[]]>([
    ['a flag', [`--${HOSTILE}`]],
    ['a word', [HOSTILE]],
    ['a level', ['--log-level', HOSTILE]],
    ['a number', ['--idle-timeout', HOSTILE]],
    ['a directory', ['--data-dir', `/dev/null/${HOSTILE}`]],
    ['a socket', ['--socket', `/${HOSTILE.repeat(9)}`]],
  ])('quotes %s so that a terminal obeys nothing of it', async ([, words]) => {
    const { code, stderr } = await gardenerd(words);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^gardenerd: .+\n(try: gardenerd --help\n)?$/);
    expect(obeyed(stderr, { colours: false })).toBeUndefined();
  });

  test('--version prints the version of the package', async () => {
    expect(await gardenerd(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  test.for<[words: string[], env: NodeJS.ProcessEnv, culprit: string]>([
    [['--verbose'], {}, '--verbose'],
    [['-x'], {}, '-x'],
    [['start'], {}, 'start'],
    [['--data-dir'], {}, '--data-dir'],
    [['--data-dir', ''], {}, 'empty path for --data-dir'],
    [['--socket='], {}, 'empty path for --socket'],
    [['--data-dir', '--check'], {}, '--data-dir'],
    [['--idle-timeout', 'soon'], {}, '"soon"'],
    [['--idle-timeout', '1.5'], {}, '"1.5"'],
    [['--idle-timeout=-1'], {}, '"-1"'],
    [['--idle-timeout', ''], {}, '""'],
    [['--idle-timeout', '9999999999'], {}, 'at most 999999999 seconds, not "9999999999"; 0 is never'],
    [['--log-level', 'loud'], {}, '"loud"'],
    [['--manager', 'cron'], {}, '--manager'],
    [[], { CODEBASE_GARDENER_LOG_LEVEL: 'loud' }, '"loud"'],
  ])('%j with %j is wrong usage', async ([words, env, culprit]) => {
    const { code, stdout, stderr } = await gardenerd(words, env);
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^gardenerd: .+\ntry: gardenerd --help\n$/);
    expect(stderr).toContain(culprit);
  });
});

/** Directories for each way in which a path can be given, and what is to happen with them. */
test.for<[what: string, flag: boolean, variable: boolean, used: 'flag' | 'variable' | 'default']>([
  ['nothing', false, false, 'default'],
  ['the environment', false, true, 'variable'],
  ['a flag', true, false, 'flag'],
  ['a flag and the environment', true, true, 'flag'],
])('data directory and socket are those of %s', async ([, flag, variable, used]) => {
  const home = await temporaryDirectory();
  const dataDir = {
    flag: join(home, 'f'),
    variable: join(home, 'v'),
    default: join(home, '.codebase-gardener'),
  };
  const socket = {
    flag: join(home, 'fs'),
    variable: join(home, 'vs'),
    default: join(dataDir.default, 'run/registry.sock'),
  };
  const env = {
    ...environment(home),
    ...(variable && {
      CODEBASE_GARDENER_DATA_DIR: dataDir.variable,
      CODEBASE_GARDENER_SOCKET: socket.variable,
    }),
  };
  const words = flag ? ['--data-dir', dataDir.flag, '--socket', socket.flag] : [];
  const daemon = spawn(process.execPath, [PROGRAM, ...words], { env, stdio: 'ignore' });
  const ended = once(daemon, 'exit');
  onTestFinished(() => void daemon.kill('SIGKILL'));
  await until(async () => {
    expect(daemon.exitCode).toBeNull();
    return (await greet(socket[used])) === daemon.pid;
  }, `the daemon answers at ${socket[used]}`);
  expect(await readFile(join(dataDir[used], 'logs', 'registry.log'), 'utf8')).toContain(socket[used]);
  daemon.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

test('an empty variable counts as none', async () => {
  const daemon = await startGardenerd({
    env: { CODEBASE_GARDENER_DATA_DIR: '', CODEBASE_GARDENER_SOCKET: '', CODEBASE_GARDENER_LOG_LEVEL: '' },
  });
  expect(await daemon.stop()).toEqual({ code: 0, signal: null });
});

test('more seconds of idleness than a timer of Node can wait are waited', async () => {
  const daemon = await startGardenerd({ args: ['--idle-timeout', '2147484'] });
  // Whoever asks and goes starts the timer; a timer of a millisecond would end the daemon between two of them.
  for (let visit = 0; visit < 5; visit += 1) await daemon.ready();
  expect(daemon.stderr).toBe('');
});

test.for<[flag: string | null, variable: string | null, logs: boolean]>([
  [null, null, true],
  ['error', null, false],
  ['Warning', null, false],
  ['iNFO', null, true],
  [null, 'ERROR', false],
  [null, 'debug', true],
  ['info', 'ERROR', true],
  ['ERROR', 'info', false],
])(
  'with the log level %s and %s in the environment, a start is logged: %s',
  async ([flag, variable, logs]) => {
    const daemon = await startGardenerd({
      args: flag === null ? [] : ['--log-level', flag],
      env: variable === null ? {} : { CODEBASE_GARDENER_LOG_LEVEL: variable },
    });
    await daemon.stop();
    expect((await readFile(daemon.paths.logFile, 'utf8')).includes('"msg":"started"')).toBe(logs);
    expect(daemon.stderr).toBe('');
  },
);

describe('the log', () => {
  test('is renamed when it is full, and three old ones are kept', async () => {
    const file = join(await temporaryDirectory(), 'logs', 'registry.log');
    const log = openLog(file, 'INFO');
    const line = 'x'.repeat(256 * 1024);
    const perFile = Math.ceil(MAX_LOG_BYTES / line.length);
    // Full files 0 to 5; of these, 0 to 2 are too old to be kept.
    for (let number = 0; number <= 5; number += 1) {
      for (let n = 0; n < perFile; n += 1) log.info({ number }, line);
    }
    log.info({ number: 6 }, 'the newest');
    const numbers = async (path: string): Promise<Set<string | undefined>> =>
      new Set(
        (await readFile(path, 'utf8'))
          .split('\n')
          .slice(0, -1)
          .map((text) => /"number":(\d+)/.exec(text)?.[1]),
      );
    expect(await numbers(file)).toContain('6');
    const old = Array.from({ length: OLD_LOG_FILES }, (_, n) => `${file}.${n + 1}`);
    for (const path of old) {
      const { size, mode } = await stat(path);
      expect(size).toBeGreaterThanOrEqual(MAX_LOG_BYTES);
      expect(size).toBeLessThan(MAX_LOG_BYTES + 2 * line.length);
      expect(mode & 0o777).toBe(0o600);
    }
    // The newest old file is the first; no line is lost between them.
    expect((await Promise.all(old.map(numbers))).map((found) => [...found].at(-1))).toEqual(['5', '4', '3']);
    await expect(stat(`${file}.${OLD_LOG_FILES + 1}`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is JSON that everybody can read, whoever is quoted', async () => {
    const file = join(await temporaryDirectory(), 'logs', 'registry.log');
    const half = 'x\ud800';
    openLog(file, 'INFO').info({ [half]: half, err: new Error(half) }, half);
    const text = await readFile(file, 'utf8');
    expect(text).not.toMatch(/\\ud800/i);
    expect(JSON.parse(text)).toMatchObject({
      msg: 'x\ufffd',
      'x\ufffd': 'x\ufffd',
      err: { message: 'x\ufffd' },
    });
  });

  test('that another daemon has filled is renamed by the next one', async () => {
    const dataDir = await temporaryDirectory();
    const file = join(dataDir, 'logs', 'registry.log');
    await mkdir(join(dataDir, 'logs'), { mode: 0o700 });
    const full = Buffer.alloc(MAX_LOG_BYTES, 'x\n');
    await writeFile(file, full);
    const daemon = await startGardenerd({ dataDir });
    await daemon.stop();
    expect((await readFile(`${file}.1`)).subarray(0, full.length).equals(full)).toBe(true);
    expect(await readFile(file, 'utf8')).toContain('"msg":"stopped"');
  });
});
