import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { resolvePaths, MAX_SOCKET_PATH_BYTES } from '../../src/paths.ts';
import { environment, temporaryDirectory } from './home.ts';
import { requireTools } from './tools.ts';
import { until } from './until.ts';

describe('temporaryDirectory', () => {
  test('each is new and private', async () => {
    const [one, other] = [await temporaryDirectory(), await temporaryDirectory()];
    expect(one).not.toBe(other);
    expect((await stat(one)).mode & 0o777).toBe(0o700);
  });

  test('a socket fits into it', async () => {
    const dataDir = join(await temporaryDirectory(), '.codebase-gardener');
    const { socket } = resolvePaths({ dataDir }, {});
    expect(socket).toBe(join(dataDir, 'run', 'registry.sock'));
    expect(Buffer.byteLength(socket)).toBeLessThanOrEqual(MAX_SOCKET_PATH_BYTES - 20);
  });
});

describe('the environment', () => {
  test("of a test has no home and nothing of the person's registry", async () => {
    const { dataDir } = resolvePaths();
    expect(Object.keys(process.env).filter((name) => name.startsWith('CODEBASE_GARDENER_'))).toEqual([]);
    await expect(mkdir(dataDir, { recursive: true })).rejects.toThrow(/ENOTDIR|EEXIST/);
  });

  test('of a process has the home it is given', () => {
    vi.stubEnv('CODEBASE_GARDENER_SOCKET', '/run/registry.sock');
    expect(environment('/home/ada')).toEqual({
      PATH: process.env['PATH'],
      LANG: process.env['LANG'],
      HOME: '/home/ada',
    });
    vi.unstubAllEnvs();
  });
});

describe('until', () => {
  test('gives what the condition gave once that is true', async () => {
    const answers = [undefined, 0, 'there'];
    expect(await until(() => answers.shift(), 'it is there')).toBe('there');
    expect(answers).toEqual([]);
  });

  test('a condition that never holds ends with its words', async () => {
    await expect(until(() => false, 'pigs fly', 20)).rejects.toThrow('waited 20 ms in vain until pigs fly');
  });

  test('what a condition throws is not waited over', async () => {
    const broken = () => Promise.reject(new Error('no such pig'));
    await expect(until(broken, 'pigs fly')).rejects.toThrow('no such pig');
  });
});

describe('requireTools', () => {
  /** A PATH with one program on it and one file that is none. */
  async function path(): Promise<string> {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'tool'), '#!/bin/sh\n');
    await chmod(join(directory, 'tool'), 0o755);
    await writeFile(join(directory, 'text'), 'no program\n');
    await mkdir(join(directory, 'directory'));
    return `/nowhere::${directory}`;
  }

  /** What becomes of a test that needs these tools. */
  function outcome(names: string | readonly string[], env: NodeJS.ProcessEnv): string {
    class Skipped extends Error {}
    const skip = (note?: string): never => {
      throw new Skipped(note);
    };
    try {
      requireTools({ skip }, names, env);
      return 'runs';
    } catch (error) {
      const { message } = error as Error;
      return error instanceof Skipped ? `is skipped: ${message}` : `fails: ${message}`;
    }
  }

  test('a test whose programs are there runs', async () => {
    const PATH = await path();
    expect(outcome('tool', { PATH })).toBe('runs');
    expect(outcome(['tool', '/bin/sh'], { PATH, REQUIRE_TOOLS: '1' })).toBe('runs');
  });

  test('a test whose programs are missing is skipped and says so', async () => {
    const PATH = await path();
    expect(outcome(['tool', 'text', '/bin/no-such-shell', 'directory'], { PATH })).toBe(
      'is skipped: needs text and /bin/no-such-shell and directory, which this machine does not have',
    );
    expect(outcome('sh', {})).toMatch(/^is skipped/);
  });

  test('with REQUIRE_TOOLS=1 it fails instead', async () => {
    expect(outcome('text', { PATH: await path(), REQUIRE_TOOLS: '1' })).toBe(
      'fails: needs text, which this machine does not have; install it, or unset REQUIRE_TOOLS',
    );
  });
});
