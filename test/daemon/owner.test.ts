/** The note of who serves a data directory, while a daemon runs: its own it keeps, before another's it steps down. */
import { execFile } from 'node:child_process';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Daemon } from '../../src/daemon.ts';
import { capturedLog, type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/home.ts';
import type { LineClient } from '../support/lines.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

const OTHERS = '4711 /nonexistent/registry.sock\n';

interface Elsewhere extends RunningDaemon {
  readonly note: string;
  readonly peer: LineClient;
  /** Makes a change, of a name of its own. */
  change(): ReturnType<LineClient['ask']>;
}

/** A daemon whose socket is not in its data directory, so that the note alone tells of it there. */
async function elsewhere(): Promise<Elsewhere> {
  const socket = join(await temporaryDirectory(), 'own.sock');
  const running = await startDaemon({ socket });
  const peer = await running.connect();
  const source_path = await running.codebase('one');
  let count = 0;
  return {
    ...running,
    note: join(running.paths.runDir, 'owner'),
    peer,
    change: () => peer.ask('projects.register', { name: `p${(count += 1)}`, source_path }),
  };
}

describe('a note that is gone is written again', () => {
  test('before the next write, and whoever comes then is refused', async () => {
    const { note, paths, change } = await elsewhere();
    const text = await readFile(note, 'utf8');
    await rm(paths.runDir, { recursive: true });
    expect(await change()).toHaveProperty('result');
    expect(await readFile(note, 'utf8')).toBe(text);
    expect((await stat(paths.runDir)).mode & 0o777).toBe(0o700);
    const { log } = capturedLog();
    await expect(Daemon.start({ dataDir: paths.dataDir, log })).rejects.toThrow(
      `another daemon serves it on ${paths.socket}; use that socket`,
    );
  });

  test('within a few seconds where nobody writes', async () => {
    const { note, paths } = await elsewhere();
    const text = await readFile(note, 'utf8');
    await rm(paths.runDir, { recursive: true });
    expect(await until(() => readFile(note, 'utf8').catch(() => ''), 'the note is back')).toBe(text);
  });

  test('unless that is not possible, as where something else has the place', async () => {
    const { paths, change } = await elsewhere();
    await rm(paths.runDir, { recursive: true });
    await writeFile(paths.runDir, '');
    expect(await change()).toHaveProperty('result');
    await rm(paths.runDir);
    expect(await change()).toHaveProperty('result');
    expect(await readdir(paths.runDir)).toEqual(['owner']);
  });

  test.each([
    ['a pipe', (note: string) => run('mkfifo', [note])],
    ['a directory', (note: string) => mkdir(note)],
    ['a loop of links', (note: string) => symlink(note, note)],
  ])('unless %s has its name: changes go on, and a daemon starts', async (_what, put) => {
    const { note, paths, change, daemon } = await elsewhere();
    await rm(note);
    await put(note);
    expect(await change()).toHaveProperty('result');
    await daemon.stop('to start again');
    await rm(note, { recursive: true, force: true });
    await put(note);
    const { connect } = await startDaemon({ dataDir: paths.dataDir });
    expect(await (await connect()).call('projects.count')).toBe(1);
  });

  test('not where the socket went with it: the daemon ends, and makes nothing anew', async () => {
    const { daemon, paths } = await startDaemon();
    await rm(paths.runDir, { recursive: true });
    expect(await daemon.stopped).toBe('the socket was replaced or removed');
    await expect(stat(paths.runDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('another’s note ends the daemon and stays', () => {
  test.for<[how: string, place: (note: string) => Promise<void>]>([
    [
      'that took its place',
      async (note) => {
        await writeFile(`${note}.new`, OTHERS);
        await rename(`${note}.new`, note);
      },
    ],
    // As earlier versions do; and of the same length, within a tick of the clock.
    [
      'that was written into it',
      async (note) => await writeFile(note, (await readFile(note, 'utf8')).replace(/^\d/, 'x')),
    ],
  ])('%s, before the next write', async ([, place]) => {
    const { daemon, note, paths, peer, change } = await elsewhere();
    await change();
    await place(note);
    const text = await readFile(note, 'utf8');
    const before = await readFile(paths.registryFile, 'utf8');
    expect(await change()).toMatchObject({ error: { data: { kind: 'shutting_down' } } });
    peer.socket.end();
    expect(await daemon.stopped).toBe('another daemon serves the data directory');
    expect(await readFile(note, 'utf8')).toBe(text);
    expect(await readFile(paths.registryFile, 'utf8')).toBe(before);
    expect(await readdir(paths.backupsDir)).toEqual([]);
  });

  test('within a few seconds where nobody writes', async () => {
    const { daemon, note, peer } = await elsewhere();
    peer.socket.end();
    await writeFile(note, OTHERS);
    expect(await daemon.stopped).toBe('another daemon serves the data directory');
    expect(await readFile(note, 'utf8')).toBe(OTHERS);
  });
});

test('a note that was only touched, given another mode or copied back is still its own', async () => {
  const { note, change } = await elsewhere();
  const touches: (() => Promise<unknown>)[] = [
    () => utimes(note, new Date(), new Date(0)),
    () => chmod(note, 0o644),
    async () => {
      const text = await readFile(note);
      await rm(note);
      await writeFile(note, text);
    },
  ];
  for (const touch of touches) {
    await touch();
    expect(await change()).toHaveProperty('result');
  }
});

test('what was staged for a note by a daemon that was killed is removed at the next start', async () => {
  const dataDir = await temporaryDirectory();
  await mkdir(join(dataDir, 'run'), { mode: 0o700 });
  await writeFile(join(dataDir, 'run', 'owner.0123456789ab.staged'), '');
  const { paths } = await startDaemon({ dataDir });
  expect((await readdir(paths.runDir)).toSorted()).toEqual(['owner', 'registry.sock', 'registry.sock.pid']);
});
