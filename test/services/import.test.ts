/** Importing another registry, and restoring for a trial, as any client asks for them. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { MAX_IMPORT_BYTES, MAX_LINE_BYTES } from '../../src/protocol/limits.ts';
import { startDaemon } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/home.ts';
import { project, uuid } from '../support/projects.ts';

const run = promisify(execFile);

/** The text of a registry of so many projects. */
function registry(count: number, padding = ''): string {
  const projects = Array.from({ length: count }, (_, n) => project(n + 1, { metadata: { padding } }));
  return JSON.stringify({
    version: '1.2',
    active_project: uuid(1),
    projects: Object.fromEntries(projects.map((one) => [one.project_id, one])),
  });
}

const named = { project_id: uuid(1), name: 'p1' };

describe('registry.import', () => {
  test('takes projects in one change, tells it, and makes their directories', async () => {
    const { connect, paths, log } = await startDaemon();
    const peer = await connect();
    const watcher = await connect();
    await watcher.call('registry.watch');
    const found = { new: [named, { project_id: uuid(2), name: 'p2' }], taken: [], different: [], same: 0 };
    const content = registry(2);
    const trial = await peer.call('registry.import', { content, dry_run: true });
    const told = { ...found, active_project: named };
    expect(trial).toEqual({ ...told, imported: 0 });
    expect(await peer.call('projects.count')).toBe(0);
    expect(await peer.call('registry.import', { content })).toEqual({ ...told, imported: 2 });
    expect(await watcher.next()).toMatchObject({
      params: {
        events: [
          { type: 'registered', project: { name: 'p1' } },
          { type: 'registered', project: { name: 'p2' } },
        ],
      },
    });
    expect((await readdir(paths.projectsDir)).toSorted()).toEqual([uuid(1), uuid(2)]);
    // What was imported is none of them, and what was there before is.
    const kept = (await readdir(paths.backupsDir)).filter((name) => name.includes('import'));
    expect(kept).toEqual([expect.stringMatching(/Z-before-import\.json$/)]);
    expect(log.filter(({ msg }) => msg === 'changed')).toMatchObject([
      { method: 'registry.import', imported: 2 },
    ]);
    // Once is enough, and nobody hears of the second time.
    expect(await peer.call('registry.import', { content })).toMatchObject({ new: [], same: 2, imported: 0 });
    expect(log.filter(({ msg }) => msg === 'changed')).toHaveLength(1);
  });

  test('reads a file that is longer than a request', async () => {
    const { connect } = await startDaemon();
    const peer = await connect();
    const content = registry(300, 'x'.repeat(16_000));
    expect(content.length).toBeGreaterThan(MAX_LINE_BYTES);
    const place = await temporaryDirectory();
    await writeFile(join(place, 'large.json'), content);
    const file = join(place, 'large.json');
    expect(await peer.call('registry.import', { file })).toMatchObject({ imported: 300 });
    expect(await peer.call('projects.count')).toBe(300);
  });

  test.for<[what: string, make: (path: string) => unknown, why: string]>([
    ['is missing', () => undefined, 'there is no such file'],
    ['is a directory', (path) => mkdir(path), 'it is a directory'],
    ['is a pipe that nobody writes into', (path) => run('mkfifo', [path]), 'it is no regular file'],
    ['is a device without an end', (path) => symlink('/dev/zero', path), 'it is no regular file'],
    ['is a link', (path) => symlink('/etc/hostname', path), 'it is no regular file'],
    ['leads to itself', (path) => symlink(path, path), 'it is no regular file'],
    ['is empty', (path) => writeFile(path, ''), 'line 1, column 1: the file is empty'],
    ['is no UTF-8', (path) => writeFile(path, Buffer.from([0x22, 0xff])), 'line 1, column 2: '],
    ['is no JSON', (path) => writeFile(path, '{\n  oops'), 'line 2, column 3: '],
    ['is no registry', (path) => writeFile(path, '[]'), 'the file must hold a JSON object'],
    [
      'has more than anybody may have read',
      (path) => writeFile(path, '').then(() => truncate(path, MAX_IMPORT_BYTES + 1)),
      `has ${MAX_IMPORT_BYTES + 1} bytes, and ${MAX_IMPORT_BYTES} are allowed`,
    ],
    ['is newer', (path) => writeFile(path, '{"version":"9.0"}'), 'it is of a newer version'],
  ])('says that a file %s', async ([, make, why]) => {
    const { connect } = await startDaemon();
    const peer = await connect();
    const file = join(await temporaryDirectory(), 'registry.json');
    await make(file);
    expect(await peer.ask('registry.import', { file })).toMatchObject({
      error: {
        code: -32602,
        data: { issues: [{ path: 'file', message: expect.stringContaining(why) as string }] },
      },
    });
  });

  test('wants one content, and says where that is wrong', async () => {
    const peer = await (await startDaemon()).connect();
    for (const params of [{}, { content: registry(1), file: '/registry.json' }]) {
      expect(await peer.ask('registry.import', params)).toMatchObject({
        error: { code: -32602, data: { issues: [{ path: '', message: 'takes either content or file' }] } },
      });
    }
    const content = '{"projects":\n {"x": 1}}';
    expect(await peer.ask('registry.import', { content })).toMatchObject({
      error: {
        code: -32602,
        data: {
          issues: [{ path: 'content', message: expect.stringMatching(/^line 2, column 8: projects\.x: /) }],
        },
      },
    });
  });
});

describe('registry.restore for a trial', () => {
  test('tells what the change then does, and changes nothing', async () => {
    const { connect, codebase, paths, log } = await startDaemon();
    const peer = await connect();
    const backup = 'registry-20260101T000000.000Z-edit.json';
    await writeFile(join(paths.backupsDir, backup), registry(2));
    const source_path = await codebase('api');
    const { project_id } = await peer.call('projects.register', { name: 'api', source_path });
    const before = await readFile(paths.registryFile, 'utf8');
    for (const params of [{ name: backup, projects: ['p2'] }, { name: backup }]) {
      const trial = await peer.call('registry.restore', { ...params, dry_run: true });
      expect(await readFile(paths.registryFile, 'utf8')).toBe(before);
      expect(trial).toMatchObject({ project_count: 1, active_project: project_id });
      const isAll = !params.projects;
      const gone = { project_id, name: 'api' };
      expect(trial['effect']).toEqual({
        comes_back: isAll
          ? [named, { project_id: uuid(2), name: 'p2' }]
          : [{ project_id: uuid(2), name: 'p2' }],
        goes: isAll ? [gone] : [],
        changes: [],
        stay: 0,
        ...(isAll && { active_project: { from: gone, to: named } }),
      });
      if (!isAll) continue;
      const done = await peer.call('registry.restore', params);
      expect(done).toMatchObject({ project_count: 2, active_project: uuid(1), effect: trial['effect'] });
    }
    const kept = (await readdir(paths.backupsDir)).filter((name) => name.endsWith('-restore.json'));
    expect(kept).toHaveLength(1);
    const told = log.filter(({ msg, method }) => msg === 'changed' && method === 'registry.restore');
    expect(told).toHaveLength(1);
  });

  test('is refused as the change would be', async () => {
    const { connect, codebase, paths } = await startDaemon();
    const peer = await connect();
    const backup = 'registry-20260101T000000.000Z-edit.json';
    await writeFile(join(paths.backupsDir, backup), registry(1));
    await peer.call('projects.register', { name: 'P1', source_path: await codebase('p1') });
    const single = { name: backup, projects: ['p1'], dry_run: true };
    expect(await peer.ask('registry.restore', single)).toMatchObject({
      error: { data: { kind: 'project_exists' } },
    });
    await writeFile(paths.registryFile, 'spoilt');
    for (const method of ['registry.restore', 'registry.import'] as const) {
      const params = method === 'registry.import' ? { content: registry(1), dry_run: true } : single;
      expect(await peer.ask(method, params)).toMatchObject({
        error: { data: { kind: 'registry_read_only' } },
      });
    }
    // The whole content is the way out.
    expect(await peer.call('registry.restore', { name: backup, dry_run: true })).toMatchObject({
      problem: { kind: 'invalid_file' },
      effect: { comes_back: [named] },
    });
    expect(await readFile(paths.registryFile, 'utf8')).toBe('spoilt');
  });
});
