/** Opening what is a plain file, and nothing else: whatever is opened notices it. */
import { execFile } from 'node:child_process';
import { mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { NotPlainError, openPlainFile } from '../../src/system/plain-file.ts';
import { readSmallFile, UnfitFile } from '../../src/system/small-file.ts';
import { TrackedFile } from '../../src/store/file/tracked-file.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';

test('a file is read, also behind a link', async () => {
  const place = await temporaryDirectory();
  await writeFile(join(place, 'file'), 'text');
  await symlink('file', join(place, 'link'));
  for (const name of ['file', 'link']) expect(await readSmallFile(join(place, name), 10)).toBe('text');
  expect(await readSmallFile(join(place, 'nothing'), 10)).toBeUndefined();
  await expect(readSmallFile(join(place, 'file'), 3)).rejects.toThrow(UnfitFile);
});

test('a directory, a socket and a device are none', async () => {
  const place = await temporaryDirectory();
  await mkdir(join(place, 'directory'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(place, 'socket'), resolve));
  onTestFinished(() => void server.close());
  for (const path of [join(place, 'directory'), join(place, 'socket'), '/dev/zero']) {
    await expect(openPlainFile(path)).rejects.toThrow(new NotPlainError(path, path.endsWith('directory')));
    await expect(readSmallFile(path, 10)).rejects.toThrow('is no plain file');
  }
});

test('a pipe is not even opened, which would let its writer go on', async (context) => {
  requireTools(context, 'mkfifo');
  const pipe = join(await temporaryDirectory(), 'registry.json');
  await promisify(execFile)('mkfifo', [pipe]);
  let isOpened = false;
  const writer = open(pipe, 'w').then((handle) => {
    isOpened = true;
    return handle;
  });
  try {
    // Many times: nobody knows when the writer has begun to wait.
    for (let attempt = 0; attempt < 100; attempt += 1) {
      await expect(readSmallFile(pipe, 10)).rejects.toThrow('is no plain file');
      await expect(new TrackedFile(pipe).look()).rejects.toMatchObject({ code: 'EFTYPE' });
    }
    expect(isOpened).toBe(false);
  } finally {
    const reader = await open(pipe, 'r');
    await (await writer).close();
    await reader.close();
  }
});
