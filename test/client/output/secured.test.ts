import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { secured } from '../../../client/output/secured.ts';
import { outputOf } from '../../../src/domain/training/output.ts';
import { temporaryDirectory } from '../../support/home.ts';

test('the lease is kept while files are synced, once a second', async () => {
  const output = outputOf(await temporaryDirectory(), 7);
  await mkdir(output.directory, { recursive: true });
  const files = ['a', 'b', 'c', 'd'];
  for (const name of files) await writeFile(join(output.directory, name), 'x');
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 250));
  onTestFinished(() => clock.mockRestore());
  const alive = vi.fn();
  const tell = vi.fn();
  expect(await secured({ token: 7 }, output, { alive, tell })).toEqual({ token: 7 });
  expect(tell).not.toHaveBeenCalled();
  // Four files and three directories.
  expect(alive).toHaveBeenCalledTimes(1);
});
