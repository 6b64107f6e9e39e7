import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, realpath, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { workingDirectory } from '../../../client/cli/cwd.ts';
import { isGone } from '../../../client/cli/daemon/processes.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';

test('a process is there until it ends', async () => {
  const child = spawn('sleep', ['60']);
  const pid = child.pid ?? 0;
  expect(await isGone(pid)).toBe(false);
  child.kill();
  await once(child, 'exit');
  expect(await isGone(pid)).toBe(true);
});

test("somebody else's process is there", async () => {
  expect(await isGone(1)).toBe(false);
});

test('a process that nobody collects is gone', async (context) => {
  requireTools(context, 'python3');
  // Becomes the parent of one that has ended, and never asks how.
  const source =
    'import os,sys,time\npid=os.fork()\nif pid==0: os._exit(0)\nprint(pid,flush=True)\ntime.sleep(60)';
  const parent = spawn('python3', ['-c', source]);
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  expect(await until(() => isGone(Number(line.toString())), 'the child has ended')).toBe(true);
});

test('the working directory is as the shell has it, when that is true', async () => {
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  const home = await temporaryDirectory();
  const real = join(home, 'real');
  const link = join(home, 'link');
  await mkdir(real);
  await symlink(real, link);
  process.chdir(link);
  expect(workingDirectory({ PWD: link })).toBe(link);
  expect(workingDirectory({})).toBe(await realpath(real));
  expect(workingDirectory({ PWD: 'real' })).toBe(real);
  expect(workingDirectory({ PWD: home })).toBe(real);
  expect(workingDirectory({ PWD: join(home, 'gone') })).toBe(real);
  await rename(link, join(home, 'moved'));
  expect(workingDirectory({ PWD: link })).toBe(real);
});
