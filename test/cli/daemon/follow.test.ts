import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { appendFile, mkdir, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { followLines, readLines } from '../../../client/cli/daemon/follow.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { until } from '../../support/until.ts';

/** Follows a file until the test has seen enough. */
async function following(
  path: string,
  last: number,
  test: (seen: readonly string[]) => Promise<void>,
): Promise<void> {
  const ending = new AbortController();
  const seen: string[] = [];
  const followed = (async () => {
    for await (const lines of followLines(path, last, ending.signal)) seen.push(...lines);
  })();
  try {
    await test(seen);
  } finally {
    ending.abort();
    await followed;
  }
}

test('a file is read as complete lines', async () => {
  const path = join(await temporaryDirectory(), 'log');
  expect(await readLines(path)).toEqual([]);
  await writeFile(path, 'one\nzwei\n日本\nunfin');
  expect(await readLines(path)).toEqual(['one', 'zwei', '日本']);
});

test('following gives the last lines first, then what is written', async () => {
  const path = join(await temporaryDirectory(), 'log');
  await writeFile(path, 'one\ntwo\nthree\n');
  await following(path, 2, async (seen) => {
    await until(() => seen.length === 2, 'the last lines are there');
    await appendFile(path, 'fo');
    await appendFile(path, 'ur\n');
    await until(() => seen.length === 3, 'the new line is there');
    expect(seen).toEqual(['two', 'three', 'four']);
  });
});

test('following goes on with the file that takes its place, after reading the old one to its end', async () => {
  const path = join(await temporaryDirectory(), 'log');
  await writeFile(path, 'one\n');
  await following(path, 10, async (seen) => {
    await until(() => seen.length === 1, 'the first line is there');
    await appendFile(path, 'two\n');
    await rename(path, `${path}.1`);
    await writeFile(path, 'three\n');
    await until(() => seen.length === 3, 'the lines of both files are there');
    await rename(`${path}.1`, `${path}.2`);
    await rename(path, `${path}.1`);
    await writeFile(path, 'four\n');
    await appendFile(path, 'five\n');
    await until(() => seen.length === 5, 'the lines of the third file are there');
    expect(seen).toEqual(['one', 'two', 'three', 'four', 'five']);
  });
});

test('following misses nothing of a file that is renamed several times at once', async () => {
  const path = join(await temporaryDirectory(), 'log');
  await writeFile(path, 'one\n');
  await following(path, 10, async (seen) => {
    await until(() => seen.length === 1, 'the first line is there');
    appendFileSync(path, 'two\n');
    for (const line of ['three', 'four', 'five']) {
      for (const number of [2, 1]) {
        if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
      }
      renameSync(path, `${path}.1`);
      writeFileSync(path, `${line}\n`);
    }
    await until(() => seen.length >= 5, 'all lines are there');
    expect(seen).toEqual(['one', 'two', 'three', 'four', 'five']);
  });
});

test('following a file that is cut begins again at its start', async () => {
  const path = join(await temporaryDirectory(), 'log');
  await writeFile(path, 'one\ntwo\n');
  await following(path, 10, async (seen) => {
    await until(() => seen.length === 2, 'the first lines are there');
    await truncate(path);
    await appendFile(path, 'new\n');
    await until(() => seen.length === 3, 'the new line is there');
    expect(seen).toEqual(['one', 'two', 'new']);
  });
});

test('following waits for a file, and for the directory it will be in', async () => {
  const directory = join(await temporaryDirectory(), 'logs');
  await following(join(directory, 'log'), 10, async (seen) => {
    await mkdir(directory);
    await writeFile(join(directory, 'log'), 'first\n');
    await until(() => seen.length === 1, 'the first line is there');
    expect(seen).toEqual(['first']);
  });
});
