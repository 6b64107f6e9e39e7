/** How much an output holds: what cannot be told is not nothing. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Lane } from '../../src/services/lane.ts';
import { bytesIn } from '../../src/services/outputs/measure.ts';
import { temporaryDirectory } from '../support/home.ts';

const sizeOf = (directory: string) => bytesIn(directory, 'trainer.log', new Lane());

/** Makes a directory whose own path is as long as one may be, so that no file in it can be asked for. */
const DEEP = `
  const { mkdirSync, writeFileSync } = require('node:fs');
  const most = process.platform === 'darwin' ? 1_024 : 4_096;
  let length = process.cwd().length;
  for (const end = most - 20; length < end; ) {
    const name = 'd'.repeat(Math.min(200, end - length));
    mkdirSync(name);
    process.chdir(name);
    length += 1 + name.length;
  }
  writeFileSync('f'.repeat(100), 'x');
`;

test('is 0 of what is missing or has only a log, and the bytes of all that is in it', async () => {
  const directory = join(await temporaryDirectory(), 'output');
  expect(await sizeOf(directory)).toBe(0);
  await mkdir(join(directory, 'vectors'), { recursive: true });
  await writeFile(join(directory, 'trainer.log'), 'log');
  expect(await sizeOf(directory)).toBe(0);
  await writeFile(join(directory, 'vectors', 'one'), '12345');
  expect(await sizeOf(directory)).toBe(5);
});

test('is not known where something cannot be looked at', async () => {
  const directory = await temporaryDirectory();
  onTestFinished(() => void execFileSync('rm', ['-rf', join(directory, 'output')]));
  await mkdir(join(directory, 'output'));
  execFileSync(process.execPath, ['-e', DEEP], { cwd: join(directory, 'output') });
  expect(await sizeOf(join(directory, 'output'))).toBeNull();
  await writeFile(join(directory, 'file'), '');
  expect(await sizeOf(join(directory, 'file'))).toBeNull();
});
