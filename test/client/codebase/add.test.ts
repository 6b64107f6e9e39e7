/** `registry.projects.add`, with a daemon in this process. */
import { mkdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { basename, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Client, connect, type ConnectOptions } from '../../../client/index.ts';
import * as disk from '../../../client/codebase/disk-answer.ts';
import { registerCounted } from '../../../client/codebase/registered.ts';
import { type RunningDaemon, startDaemon } from '../../support/daemon.ts';
import { HELLO, standIn } from '../stand-in.ts';
import { reasonOf } from '../support.ts';

let daemon: RunningDaemon;
let registry: Client;
/** A directory with two files of Python and one that a rule hides. */
let path: string;

async function client(options: ConnectOptions): Promise<Client> {
  const made = await connect({ autoStart: false, ...options });
  onTestFinished(() => made.close());
  return made;
}

beforeEach(async () => {
  daemon = await startDaemon();
  registry = await client({ socket: daemon.paths.socket });
  path = await realpath(await daemon.codebase('Payments'));
  for (const name of ['a.py', 'b.py', 'c.log', '.gitignore'])
    await writeFile(join(path, name), name === '.gitignore' ? '*.log\n.gitignore' : '');
});

describe('a codebase', () => {
  test('is registered with what is found in it', async () => {
    const counted: number[] = [];
    const project = await registry.projects.add(path, {
      tags: ['work'],
      metadata: { team: 'core' },
      onProgress: (files) => counted.push(files),
    });
    expect(project).toMatchObject({
      name: 'Payments',
      source_path: path,
      language: 'python',
      file_count: 2,
      tags: ['work'],
      metadata: { team: 'core' },
      repository: null,
    });
    expect(counted.at(-1)).toBe(2);
    expect(await registry.projects.get({ project: 'payments' })).toEqual(project);
  });

  test.each([
    'a relative path',
    'a URL',
    'the text of a URL',
    'a trailing slash',
    'a link',
    'a link to what is around it',
  ])('that is registered comes back as it is, by %s', async (how) => {
    const project = await registry.projects.add(path, { name: 'pay', language: 'cobol' });
    const links = join(daemon.paths.dataDir, 'links');
    await mkdir(links);
    await symlink(path, join(links, 'other'));
    await symlink(join(path, '..'), join(links, 'src'));
    const spelling = {
      'a relative path': relative(process.cwd(), path),
      'a URL': pathToFileURL(path),
      'the text of a URL': pathToFileURL(path).href,
      'a trailing slash': `${path}/./`,
      'a link': join(links, 'other'),
    }[how];
    const found = await registry.projects.add(spelling ?? join(links, 'src', basename(path)), {
      tags: ['new'],
    });
    expect(found).toEqual(project);
    expect(await registry.projects.count()).toBe(1);
  });

  test('is a second project under another name only, and the active one where that is asked for', async () => {
    const first = await registry.projects.add(path);
    const second = await registry.projects.add(path, { name: 'api' });
    expect(second.project_id).not.toBe(first.project_id);
    const activeNow = async () => (await registry.projects.active()).active_project?.name;
    expect(await activeNow()).toBe('Payments');
    const again = await registry.projects.add(path, { name: 'API', activate: true });
    expect(again).toMatchObject({ project_id: second.project_id, last_used: expect.any(String) as string });
    expect(await activeNow()).toBe('api');
  });

  test('that several add at once, in several ways, is one project', async () => {
    const link = join(daemon.paths.dataDir, 'Payments');
    await symlink(path, link);
    const others = await Promise.all([1, 2, 3, 4].map(() => client({ socket: daemon.paths.socket })));
    const added = await Promise.all(
      others.map((other, at) => other.projects.add(at % 2 ? link : path, { activate: true })),
    );
    expect(new Set(added.map(({ project_id: id }) => id)).size).toBe(1);
    expect(await registry.projects.list()).toMatchObject({ projects: [{ file_count: 2 }] });
  });
});

describe('what cannot be added', () => {
  test.each([
    ['/', 'invalid_name', /^cannot find a name for \/; give one with the path: \{ name: /],
    ['', 'source_path_missing', /^cannot add a project: the path is empty; "\." is the working directory$/],
    [
      '~/src',
      'source_path_missing',
      /: there is no such directory; "~" is a name like any other here: .* is the home/,
    ],
    ['a file', 'source_path_missing', /: it is no directory$/],
    ['/tmp/a\0b', 'source_path_missing', /^cannot add "\/tmp\/a\\u0000b": no path has a NUL character$/],
    [
      'https://host/payments.git',
      'source_path_missing',
      /: the URL names no directory of this machine; give a path$/,
    ],
  ])('is told with its remedy: %j', async (given, kind, message) => {
    const where = given === 'a file' ? join(path, 'a.py') : given;
    expect(await reasonOf(registry.projects.add(where))).toMatchObject({
      kind,
      message: expect.stringMatching(message) as string,
    });
    expect(await registry.projects.count()).toBe(0);
  });

  test.each([
    [{ tags: 'work' }, 'tags'],
    [{ tag: ['work'] }, 'tag'],
    [{ name: 5 }, 'name'],
    [{ metadata: { loss: NaN } }, 'metadata.loss'],
    [null, ''],
  ])('is what comes with %j, of a program without types', async (options, at) => {
    const reason = await reasonOf(registry.projects.add(path, options as object));
    expect(reason).toMatchObject({ name: 'RpcError', code: -32602, issues: [{ path: at }] });
    expect(await registry.projects.count()).toBe(0);
  });

  test('is what another directory has the name of', async () => {
    const { project_id: id } = await registry.projects.add(path);
    const other = join(daemon.paths.dataDir, 'payments');
    await mkdir(other);
    expect(await reasonOf(registry.projects.add(other))).toMatchObject({
      kind: 'project_exists',
      message: `cannot register "payments": the name belongs to ${path}; give another name with the path: { name: '...' }`,
      data: { project: { project_id: id } },
    });
  });

  test('is what lies on a disk that does not answer', async () => {
    const spy = vi.spyOn(disk, 'answers').mockResolvedValue(false);
    onTestFinished(() => spy.mockRestore());
    expect(await reasonOf(registry.projects.add(path))).toMatchObject({
      kind: 'source_path_missing',
      message: `cannot add ${path}: its disk has not answered for 5 s; add it when it does`,
    });
  });

  test('is anything from a working directory that is gone', async () => {
    const gone = vi.spyOn(process, 'cwd').mockImplementation(() => {
      throw Object.assign(new Error('uv_cwd'), { code: 'ENOENT', syscall: 'uv_cwd' });
    });
    onTestFinished(() => gone.mockRestore());
    expect(await reasonOf(registry.projects.add('.'))).toMatchObject({
      kind: 'source_path_missing',
      message: 'cannot add .: the working directory is gone; give an absolute path',
    });
  });
});

test.each(['before', 'while files are counted'])('a signal that is aborted %s ends it', async (when) => {
  const stop = new AbortController();
  const why = new Error('enough');
  if (when === 'before') stop.abort(why);
  const onProgress = (): void => stop.abort(why);
  expect(await reasonOf(registry.projects.add(path, { signal: stop.signal, onProgress }))).toBe(why);
  expect(await registry.projects.count()).toBe(0);
});

test('the number of files stays what somebody else has said meanwhile', async () => {
  const params = { name: 'payments', source_path: path };
  const { project_id: project } = await registry.projects.register(params);
  await registry.projects.update({ project, file_count: 7 });
  expect(await registerCounted(registry, params, 2, true)).toMatchObject({ file_count: 7 });
});

test('what could not be read is told, and the rest counts', async () => {
  const told: string[] = [];
  await rm(join(path, '.gitignore'));
  await mkdir(join(path, '.gitignore'));
  const onWarning = (message: string): void => void told.push(message);
  const { file_count: files } = await registry.projects.add(path, { onWarning });
  expect(files).toBe(3);
  expect(told).toEqual(['hidden files may have been counted: .gitignore is no plain file, and was not read']);
});

test('a daemon on another machine takes the path for one there, which is told', async () => {
  const project = { project_id: 'x', name: 'Payments', source_path: path, file_count: 2 };
  const away = await standIn(({ method }) => {
    if (method === 'daemon.hello') return { ...HELLO, host: `not-${hostname()}`, home: homedir() };
    return method === 'projects.list' ? { projects: [] } : project;
  });
  const told: string[] = [];
  const far = await client({ socket: away.socket, onWarning: (message) => told.push(message) });
  expect(await far.projects.add(path)).toEqual(project);
  expect(told).toEqual([
    `adding ${path}: the daemon is on another machine, or another person's; it takes ${path} for a path there`,
  ]);
  // Its links are none of those here.
  expect(away.received.map(({ method }) => method)).toEqual(['projects.list', 'projects.register']);
});
