/** What happens to a project's own directory where disks are mounted around it or in it. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import type { Issue } from '../../src/domain/issues.ts';
import { type RunningDaemon, startDaemon } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/home.ts';
import type { LineClient } from '../support/lines.ts';
import { requireTools } from '../support/tools.ts';
import { makeOlder, thrownAway } from '../support/trash.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);

let running: RunningDaemon;
let peer: LineClient;

beforeEach(async () => {
  running = await startDaemon();
  peer = await running.connect();
});

/** Mounts something as `mount` is told to; gone with the test. */
async function mounted(
  context: TestContext,
  words: readonly string[],
  place: string,
): Promise<(where: string) => Promise<void>> {
  requireTools(context, ['mount', 'umount']);
  if (process.geteuid?.() !== 0) context.skip('needs root to mount');
  await mkdir(place, { recursive: true, mode: 0o700 });
  const done = await run('mount', [...words, place]).then(
    () => true,
    () => false,
  );
  if (!done) context.skip('nothing can be mounted here');
  let is = true;
  // Where it is then: it may have been moved with the directory around it.
  const unmount = async (where: string): Promise<void> => {
    if (is) await run('umount', [where]);
    is = false;
  };
  onTestFinished(async () => {
    const table = await readFile('/proc/self/mountinfo', 'utf8');
    const left = table.split('\n').map((line) => line.split(' ')[4] ?? '');
    for (const where of left.filter((one) => one.startsWith(running.paths.dataDir))) await unmount(where);
  });
  return unmount;
}

const TMPFS = ['-t', 'tmpfs', '-o', 'mode=700,size=1m', 'none'];

async function trained(name: string): Promise<{ id: string; own: string }> {
  const source_path = await running.codebase(name);
  const project = await peer.call('projects.register', { name, source_path });
  const own = join(running.paths.projectsDir, String(project['project_id']));
  await writeFile(join(own, 'lora_adapter.bin'), 'weights');
  return { id: String(project['project_id']), own };
}

async function issues(): Promise<Issue[]> {
  return ((await peer.call('registry.validate')) as unknown as { issues: Issue[] }).issues;
}

describe('where projects/ is on a disk of its own, a removed project', () => {
  test('is kept on that disk', async (context) => {
    const { projectsDir } = running.paths;
    await mounted(context, TMPFS, projectsDir);
    const { id } = await trained('a');
    expect(await peer.call('projects.remove', { project: 'a' })).toEqual({
      project_id: id,
      active_project: null,
    });
    expect(await readdir(projectsDir)).toEqual(['.trash']);
    const [name = ''] = await thrownAway(join(projectsDir, '.trash'));
    expect(await readFile(join(projectsDir, '.trash', name, 'lora_adapter.bin'), 'utf8')).toBe('weights');
    expect(await issues()).toEqual([]);
  });

  test('is deleted there when it has been kept for long enough', async (context) => {
    const { projectsDir, dataDir } = running.paths;
    await mounted(context, TMPFS, projectsDir);
    const { id } = await trained('a');
    await running.daemon.stop('test');
    const trash = join(projectsDir, '.trash');
    await mkdir(join(trash, `${id}-0a1b2c3d`, 'v'), { recursive: true });
    await mkdir(join(trash, 'mine'));
    await makeOlder(trash);
    running = await startDaemon({ dataDir });
    await until(async () => (await readdir(trash)).join() === 'mine', 'it is deleted');
  });
});

describe('a disk that is mounted in what is removed', () => {
  test.for([
    ['of its own', TMPFS],
    ['that is a directory of the same disk', undefined],
  ] as const)('%s keeps what is on it, and is named', async ([, words], context) => {
    const { own } = await trained('a');
    const precious = await temporaryDirectory();
    const unmount = await mounted(context, words ?? ['--bind', precious], join(own, 'm'));
    await writeFile(join(own, 'm', 'v'), 'kept');
    expect(await peer.call('projects.remove', { project: 'a' })).toMatchObject({
      left: [{ path: own, reason: 'another disk is mounted there' }],
    });
    expect(await readFile(join(own, 'm', 'v'), 'utf8')).toBe('kept');
    expect(await issues()).toEqual([
      {
        code: 'left_behind',
        path: own,
        message: `${own} was removed from the registry and could not be deleted: another disk is mounted at ${own}/m`,
        fixable: false,
        remedy: `umount ${own}/m, then gardener doctor --fix; what is on that disk stays`,
      },
    ]);
    await unmount(join(own, 'm'));
    expect(await issues()).toMatchObject([{ path: own, fixable: true }]);
    expect(await peer.call('registry.repair')).toMatchObject({ fixed: [{ path: own }], remaining: [] });
    expect(await thrownAway(running.paths.trashDir)).toHaveLength(1);
    if (!words) expect(await readdir(precious)).toEqual(['v']);
  });

  test('after it was moved keeps what is on it when it is due, is named, and a repair goes on', async (context) => {
    const { id } = await trained('a');
    const { trashDir, dataDir } = running.paths;
    await peer.call('projects.remove', { project: id });
    await running.daemon.stop('test');
    const [name = ''] = await thrownAway(trashDir);
    const unmount = await mounted(context, TMPFS, join(trashDir, name, 'm'));
    await writeFile(join(trashDir, name, 'm', 'v'), 'kept');
    await makeOlder(trashDir);
    running = await startDaemon({ dataDir });
    peer = await running.connect();
    const path = join(trashDir, `${name}.deleting`);
    const left = {
      code: 'left_behind',
      path,
      remedy: expect.stringMatching(`^umount ${path}/m, `) as string,
    };
    await until(async () => (await issues()).length > 0, 'it could not be deleted');
    expect(await issues()).toMatchObject([left]);
    expect(await readFile(join(path, 'm', 'v'), 'utf8')).toBe('kept');
    await unmount(join(path, 'm'));
    expect(await peer.call('registry.repair')).toMatchObject({ fixed: [{ path }], remaining: [] });
    expect(await thrownAway(trashDir)).toEqual([]);
  });

  test('at the directory itself is named as well', async (context) => {
    const { own } = await trained('a');
    await mounted(context, TMPFS, own);
    await writeFile(join(own, 'v'), 'kept');
    expect(await peer.call('projects.remove', { project: 'a' })).toMatchObject({
      left: [{ path: own, reason: 'another disk is mounted there' }],
    });
    expect(await issues()).toMatchObject([
      { path: own, fixable: false, remedy: expect.stringMatching(`^umount ${own}, `) },
    ]);
    expect(await readFile(join(own, 'v'), 'utf8')).toBe('kept');
  });
});
