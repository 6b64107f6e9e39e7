import { readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { LogFile, MAX_LOG_BYTES, OLD_LOG_FILES } from '../src/log-file.ts';
import { temporaryDirectory } from './support/home.ts';

async function logFile(): Promise<{ path: string; log: LogFile }> {
  const path = join(await temporaryDirectory(), 'logs', 'registry.log');
  const log = new LogFile(path);
  return { path, log };
}

test('a log that has grown long becomes an old one, of which three are kept', async () => {
  const { path } = await logFile();
  for (let count = 0; count < OLD_LOG_FILES + 3; count += 1) {
    // A sparse file, which takes no room.
    await truncate(path, MAX_LOG_BYTES);
    new LogFile(path).write(`line ${count}\n`);
  }
  const old = Array.from({ length: OLD_LOG_FILES }, (_, number) => `registry.log.${number + 1}`);
  expect((await readdir(join(path, '..'))).toSorted()).toEqual(['registry.log', ...old]);
  expect(await readFile(path, 'utf8')).toBe('line 5\n');
});

test('a log that somebody deletes is begun anew', async () => {
  const { path, log } = await logFile();
  log.write('lost\n');
  await rm(join(path, '..'), { recursive: true });
  const now = performance.now();
  vi.spyOn(performance, 'now').mockReturnValue(now + 2_000);
  log.write('one\n');
  vi.mocked(performance.now).mockReturnValue(now + 2_500);
  log.write('two\n');
  vi.restoreAllMocks();
  expect(await readFile(path, 'utf8')).toBe('one\ntwo\n');
});

test('a log that was deleted when it has grown long does not go on growing out of sight', async () => {
  const { path } = await logFile();
  await truncate(path, MAX_LOG_BYTES);
  const log = new LogFile(path);
  await rm(path);
  log.write('one\n');
  expect(await readFile(path, 'utf8')).toBe('one\n');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});
