/** What a trainer prints, written to its file and read from it meanwhile. */
import { mkdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { KeptLog } from '../../../client/cli/logs/kept-log.ts';
import {
  HEAD_BYTES,
  MAX_FILE_BYTES,
  MAX_LOG_BYTES,
  NOTE_BYTES,
  TAIL_BYTES,
} from '../../../client/cli/logs/layout.ts';
import { TrainerLog } from '../../../client/cli/logs/trainer-log.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { until } from '../../support/until.ts';

const MIB = 1024 * 1024;

async function begun(directory?: string): Promise<{ log: KeptLog; path: string; told: string[] }> {
  const output = directory ?? (await temporaryDirectory());
  const told: string[] = [];
  const log = await KeptLog.begin(output, (why) => told.push(why));
  return { log, path: join(output, 'trainer.log'), told };
}

/** Bytes of a line. */
const LINE = 256;

/** Lines with their numbers. */
function numbered(from: number, bytes: number): Buffer {
  const lines = Array.from(
    { length: bytes / LINE },
    (_, at) => `${String(from + at).padStart(LINE - 1, '0')}\n`,
  );
  return Buffer.from(lines.join(''));
}

async function readAll(log: TrainerLog): Promise<string> {
  let text = '';
  for await (const bytes of log.read()) text += bytes.toString('latin1');
  return text;
}

describe('a log', () => {
  test('is what was printed, and of the user alone', async () => {
    const { log, path, told } = await begun();
    log.push(Buffer.from('one\n'));
    log.push(Buffer.from([0xff, 0x00, 0x1b]));
    await log.end();
    expect(await readFile(path)).toEqual(Buffer.from([...Buffer.from('one\n'), 0xff, 0x00, 0x1b]));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(told).toEqual([]);
  });

  test('is whole up to its greatest length', async () => {
    const { log, path } = await begun();
    const all = numbered(0, MAX_LOG_BYTES);
    log.push(all);
    await log.end();
    expect((await readFile(path)).equals(all)).toBe(true);
  });

  test.each([
    ['by a little', MAX_LOG_BYTES + LINE],
    ['several times', 50 * MIB],
  ])('that is too long %s loses its middle, and says how much', async (_what, bytes) => {
    const { log, path, told } = await begun();
    const longest = { whileWritten: 0 };
    for (let at = 0; at < bytes; at += MIB) {
      log.push(numbered(at / LINE, Math.min(MIB, bytes - at)));
      await turn();
      longest.whileWritten = Math.max(longest.whileWritten, (await stat(path)).size);
    }
    await log.end();
    const kept = await readFile(path);
    const all = numbered(0, bytes);
    expect(kept.length).toBe(MAX_LOG_BYTES);
    expect(kept.subarray(0, HEAD_BYTES).equals(all.subarray(0, HEAD_BYTES))).toBe(true);
    expect(kept.subarray(-TAIL_BYTES).equals(all.subarray(-TAIL_BYTES))).toBe(true);
    expect(
      kept
        .subarray(HEAD_BYTES, HEAD_BYTES + NOTE_BYTES)
        .toString()
        .trim(),
    ).toBe(`[gardener: ${bytes - HEAD_BYTES - TAIL_BYTES} bytes are left out here]`);
    expect(longest.whileWritten).toBeLessThanOrEqual(MAX_FILE_BYTES);
    expect(told).toEqual([]);
  });

  test('keeps the end, and no more, of what comes faster than the disk takes it', async () => {
    const { log, path, told } = await begun();
    const all = numbered(0, 30 * MIB);
    // Nothing is written before this turn is over.
    for (let at = 0; at < all.length; at += 65_536) log.push(all.subarray(at, at + 65_536));
    await log.end();
    const kept = await readFile(path);
    expect(kept.length).toBe(MAX_LOG_BYTES);
    expect(kept.subarray(0, HEAD_BYTES).equals(all.subarray(0, HEAD_BYTES))).toBe(true);
    expect(kept.subarray(-TAIL_BYTES).equals(all.subarray(-TAIL_BYTES))).toBe(true);
    expect(told).toEqual([]);
  });

  test.each([
    ['a link', (path: string) => symlink(`${path}.other`, path)],
    [
      'a link to a file',
      async (path: string) => {
        await writeFile(`${path}.other`, 'theirs');
        await symlink(`${path}.other`, path);
      },
    ],
    ['a pipe', (path: string) => promisify(execFile)('mkfifo', [path])],
    ['a file', (path: string) => writeFile(path, 'theirs')],
    ['a directory', (path: string) => mkdir(path)],
  ])('is not written where there is %s', async (_what, make) => {
    const output = await temporaryDirectory();
    await make(join(output, 'trainer.log'));
    const { log, path, told } = await begun(output);
    log.push(Buffer.from('one\n'));
    await log.end();
    expect(told).toEqual(['something of that name is there']);
    expect(await readFile(`${path}.other`, 'utf8').catch(() => 'theirs')).toBe('theirs');
  });

  test('is missing where there is no directory for it', async () => {
    const { log, told } = await begun(join(await temporaryDirectory(), 'gone'));
    log.push(Buffer.from('one\n'));
    await log.end();
    expect(told).toEqual(['there is no such file']);
  });

  test.each([
    ['removed', (path: string) => rm(path)],
    ['moved', (path: string) => rename(path, `${path}.old`)],
    [
      'replaced',
      async (path: string) => {
        await rm(path);
        await symlink('/etc/hostname', path);
      },
    ],
  ])('that is %s meanwhile is told to be incomplete', async (_what, change) => {
    const { log, path, told } = await begun();
    log.push(Buffer.from('one\n'));
    await change(path);
    log.push(Buffer.from('two\n'));
    await log.end();
    expect(told).toEqual(['it was moved or removed']);
  });

  test('that somebody empties meanwhile costs nothing but what was in it', async () => {
    const { log, path } = await begun();
    log.push(numbered(0, 6 * MIB));
    await until(async () => (await stat(path)).size === 6 * MIB, 'it is written');
    await truncate(path);
    log.push(numbered(0, 14 * MIB));
    await log.end();
    expect((await stat(path)).size).toBeLessThanOrEqual(MAX_FILE_BYTES);
  });
});

describe('a reader', () => {
  test('sees what is printed as it is, and where something was left out before it came', async () => {
    const { log, path } = await begun();
    const reader = await TrainerLog.open(path);
    const over = new AbortController();
    let seen = '';
    const followed = (async () => {
      for await (const bytes of reader.follow(over.signal)) seen += bytes.toString('latin1');
    })();
    log.push(Buffer.from('half a li'));
    await until(() => seen === 'half a li', 'half a line is seen');
    log.push(Buffer.from('ne____\n'));
    for (let at = 1; at < 60; at += 1) {
      log.push(numbered((at * MIB) / LINE, MIB));
      if (at % 7 === 0) await until(() => seen.includes(String((at * MIB) / LINE)), 'it keeps up');
    }
    await log.end();
    over.abort();
    await followed;
    await reader.close();
    const lines = seen.split('\n').slice(1);
    const notes = lines.flatMap((line) => /^\[gardener: (\d+) bytes are left out here\] *$/.exec(line) ?? []);
    const numbers = lines.filter((line) => /^\d{255}$/.test(line)).map(Number);
    expect(numbers.at(-1)).toBe((60 * MIB) / LINE - 1);
    expect(numbers.every((number, at) => number > (numbers[at - 1] ?? 0))).toBe(true);
    // Halves of lines stand where something was left out, and nothing else does.
    expect(lines.filter((line) => !/^(\d{1,255}|\[gardener: .*\] *|)$/.test(line))).toEqual([]);
    const left = notes.filter((_, at) => at % 2 === 1).reduce((sum, bytes) => sum + Number(bytes), 0);
    expect(seen.length - (notes.length / 2) * NOTE_BYTES + left).toBe(16 + 59 * MIB);
  });

  test('reads a log that is over from both its ends', async () => {
    const { log, path } = await begun();
    log.push(numbered(0, 12 * MIB));
    await log.end();
    const reader = await TrainerLog.open(path);
    const text = await readAll(reader);
    await reader.close();
    expect(text.replaceAll(/\[[^\]]*\] */g, '').length).toBe(MAX_LOG_BYTES - NOTE_BYTES + 2);
    expect(text).toContain(`[gardener: ${4 * MIB + NOTE_BYTES} bytes are left out here]`);
    expect(text.endsWith(numbered((12 * MIB) / LINE - 1, LINE).toString())).toBe(true);
  });

  test('follows no link', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'secret'), 'secret');
    await symlink('secret', join(directory, 'trainer.log'));
    await expect(TrainerLog.open(join(directory, 'trainer.log'))).rejects.toThrow('no regular file');
  });
});
