import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { SyncError, syncOutput } from '../../../client/output/sync.ts';
import { temporaryDirectory } from '../../support/home.ts';

let own: string;
let output: string;
beforeEach(async () => {
  own = await temporaryDirectory();
  output = join(own, 'trainings/7');
  await mkdir(output, { recursive: true });
});

/** What is synced from now on, by its path in the project's own directory; one may fail. */
async function syncs(failing?: { path: string; code: string }) {
  const handle = await open(own);
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const seen: string[] = [];
  const counts = { now: 0, most: 0 };

  const { sync } = prototype;
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    const path = relative(own, readlinkSync(`/proc/self/fd/${this.fd}`));
    if (path === failing?.path) throw Object.assign(new Error(failing.code), { code: failing.code });
    counts.most = Math.max(counts.most, (counts.now += 1));
    await sync.call(this);
    counts.now -= 1;
    seen.push(path);
  });
  onTestFinished(() => spy.mockRestore());
  return { seen, counts };
}

const news = () => {
  const refused: string[] = [];
  return { synced: vi.fn(), refused: (path: string) => void refused.push(path), told: refused };
};

// Which file a descriptor is open for is told by /proc.
describe.runIf(process.platform === 'linux')('an output', () => {
  test('is synced with all that is in it, and what it is in up to the project', async () => {
    await mkdir(join(output, 'lora_adapter.bin/checkpoint'), { recursive: true });
    await writeFile(join(output, 'lora_adapter.bin/checkpoint/weights'), 'x');
    await writeFile(join(output, 'context.json'), '{}');
    const { seen } = await syncs();
    const all = [
      '',
      'trainings',
      'trainings/7',
      'trainings/7/context.json',
      'trainings/7/lora_adapter.bin',
      'trainings/7/lora_adapter.bin/checkpoint',
      'trainings/7/lora_adapter.bin/checkpoint/weights',
    ];
    const heard = news();
    await syncOutput(output, heard);
    expect(seen.toSorted()).toEqual(all);
    expect(heard.synced).toHaveBeenCalledTimes(all.length);
  });

  test('of many files is synced some at a time', async () => {
    const names = Array.from({ length: 300 }, (_, number) => `part-${number}`);
    await Promise.all(names.map((name) => writeFile(join(output, name), name)));
    const { seen, counts } = await syncs();
    await syncOutput(output, news());
    expect(seen).toHaveLength(303);
    expect(counts.most).toBeGreaterThan(1);
    expect(counts.most).toBeLessThanOrEqual(8);
  });

  test('is synced without what is neither file nor directory, and not through links', async () => {
    const elsewhere = await temporaryDirectory();
    await writeFile(join(elsewhere, 'file'), '');
    await symlink(elsewhere, join(output, 'vector_store'));
    await symlink(join(elsewhere, 'file'), join(output, 'context.json'));
    await symlink('/nowhere', join(output, 'lora_adapter.bin'));
    execFileSync('mkfifo', [join(output, 'pipe')]);
    const { seen } = await syncs();
    await syncOutput(output, news());
    expect(seen.toSorted()).toEqual(['', 'trainings', 'trainings/7']);
  });

  test.each(['link', 'file', 'nothing'])('that is a %s by now is left to the daemon', async (what) => {
    const elsewhere = await temporaryDirectory();
    await writeFile(join(elsewhere, 'file'), '');
    await rm(output, { recursive: true });
    if (what === 'link') await symlink(elsewhere, output);
    if (what === 'file') await writeFile(output, '');
    const { seen } = await syncs();
    await syncOutput(output, news());
    expect(seen.toSorted()).toEqual(['', 'trainings']);
  });

  test('that the disk does not take says so, and of which file', async () => {
    await writeFile(join(output, 'weights'), 'x');
    await syncs({ path: 'trainings/7/weights', code: 'ENOSPC' });
    const error: unknown = await syncOutput(output, news()).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(SyncError);
    expect(error).toMatchObject({
      message: `cannot write ${join(output, 'weights')} to the disk`,
      cause: { code: 'ENOSPC' },
    });
  });

  test.skipIf(process.getuid?.() === 0)('tells what may not be opened, and syncs the rest', async () => {
    await mkdir(join(output, 'shut'));
    await writeFile(join(output, 'secret'), 'x');
    await chmod(join(output, 'secret'), 0o000);
    await chmod(join(output, 'shut'), 0o000);
    onTestFinished(() => chmod(join(output, 'shut'), 0o700));
    const { seen } = await syncs();
    const heard = news();
    await syncOutput(output, heard);
    expect(heard.told.toSorted()).toEqual([join(output, 'secret'), join(output, 'shut')]);
    expect(seen.toSorted()).toEqual(['', 'trainings', 'trainings/7']);
  });
});
