/**
 * The disk fails while the daemon looks at its file, or writes it, in each of the ways that disks have. Whoever asks is
 * told which, with advice that fits it, and nothing has changed.
 */
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { beforeEach, expect, test, type TestContext } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { Counted } from './support/counted.ts';
import { fileThreads, ONE_THREAD, traced } from './support/strace.ts';

let one: Counted;

beforeEach(async (context: TestContext) => {
  requireTools(context, 'strace');
  one = await Counted.start(await temporaryDirectory(), { env: ONE_THREAD });
});

test.for([
  ['EIO', /disk reports an error \(EIO\)/, /check the disk/],
  ['EBUSY', /in use by the system \(EBUSY\)/, /mount/],
  ['EPERM', /not permitted \(EPERM\)/, /immutable/],
  ['ESTALE', /\(ESTALE\)/, /mounted/],
  ['EMFILE', /as many files open as it may \(EMFILE\)/, /ulimit -n/],
  ['ENFILE', /\(ENFILE\)/, /close other programs/],
] as const)(
  'a look that fails with %s is a problem with that reason, until one succeeds',
  { timeout: 120_000 },
  async ([code, reason, remedy]) => {
    expect((await one.change()).error).toBeUndefined();
    const before = one.count;
    const [, files] = await fileThreads(one.daemon.pid);
    await traced(files, { inject: `openat:error=${code}`, path: one.file }, async () => {
      // Otherwise the status tells that it is the same, and nothing is opened.
      await utimes(one.file, new Date(), new Date(1));
      expect((await one.change()).error).toMatchObject({
        code: 1010,
        message: expect.stringMatching(reason) as string,
        data: {
          kind: 'storage_failed',
          applied: false,
          problem: { kind: 'unreadable_file' },
          suggestions: [expect.stringMatching(remedy)],
        },
      });
      expect(await one.client.call('registry.info')).toMatchObject({
        read_only: true,
        problem: {
          kind: 'unreadable_file',
          message: expect.stringMatching(reason) as string,
          remedy: expect.stringMatching(remedy) as string,
        },
      });
    });
    expect((await one.change()).error).toBeUndefined();
    expect(await one.client.call('registry.info')).toMatchObject({ read_only: false, problem: null });
    expect(await one.agreed('after it')).toBe(one.count);
    expect(one.count).toBe(before + 2);
  },
);

test(
  'an edit that cannot be synced is not taken over, which is told, until it can',
  { timeout: 120_000 },
  async () => {
    expect((await one.change()).error).toBeUndefined();
    const served = async () => (await one.client.call('projects.get', { project: 'one' }))['file_count'];
    const [, files] = await fileThreads(one.daemon.pid);
    await traced(files, { inject: 'fsync:error=EIO', path: one.file }, async () => {
      const text = await readFile(one.file, 'utf8');
      await writeFile(one.file, text.replace('"file_count": 0', '"file_count": 7'));
      expect((await one.change()).error).toMatchObject({
        code: 1010,
        message: expect.stringMatching(/it cannot be made to survive a power cut: .*\(EIO\)/) as string,
        data: { applied: false, problem: { kind: 'blocked_edit' } },
      });
      expect(await served()).toBe(0);
    });
    expect((await one.change()).error).toBeUndefined();
    expect(await served()).toBe(7);
    expect(await one.client.call('registry.info')).toMatchObject({ read_only: false, problem: null });
    expect(await one.agreed('after it')).toBe(one.count);
  },
);

test.for([
  ['EBUSY', /mount its directory/],
  ['EROFS', /can be written/],
  ['EPERM', /immutable/],
  ['EACCES', /permissions/],
  ['EIO', /check the disk/],
  ['ENOSPC', /make room/],
  ['EDQUOT', /quota/],
  ['EINVAL', /another file system/],
  ['ELOOP', /link/],
] as const)(
  'a write that fails with %s is answered with what helps against that',
  { timeout: 120_000 },
  async ([code, remedy]) => {
    const good = one.count;
    const [main] = await fileThreads(one.daemon.pid);
    const { result } = await traced(main, { inject: `rename,renameat,renameat2:error=${code}` }, () =>
      one.change(),
    );
    expect(result.error).toMatchObject({
      code: 1010,
      data: { applied: false, suggestions: [expect.stringMatching(remedy)] },
    });
    expect(await one.agreed(`after ${code}`)).toBe(good);
    expect((await one.change()).error).toBeUndefined();
  },
);
