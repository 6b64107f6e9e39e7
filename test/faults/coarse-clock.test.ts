/**
 * A file system whose clock ticks: what is written within one tick, and has the same size, has the same status. An
 * edit in place right after the daemon's own write must be noticed all the same.
 */
import { open, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { servedContent } from './support/content.ts';
import { Counted } from './support/counted.ts';
import { PrivateMount } from './support/mounts.ts';

const ROUNDS = 200;

test('an edit in the tick of the last write, of the same size, is not overwritten', async (context) => {
  // Simple, and without the finer times that Linux has on others since 6.13.
  const mount = await PrivateMount.make(context, 'ramfs', 'mode=700');
  const one = await Counted.start(mount.place, { mount });
  await one.client.call('projects.update', { project: 'one', metadata: { mark: 1_000 } });
  for (let mark = 1_001; mark < 1_000 + ROUNDS; mark += 1) {
    expect((await one.change()).error).toBeUndefined();
    await overwrite(one.file, `"mark": ${mark - 1}`, `"mark": ${mark}`);
    expect((await one.change()).error).toBeUndefined();
    const { projects } = await servedContent(one.client);
    expect(projects[0]?.metadata).toEqual({ count: one.count, mark });
  }
  await one.agreed('after the last edit');
});

/** Replaces a text by another of the same length, without making the file anew. */
async function overwrite(file: string, before: string, after: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const at = (await readFile(file)).indexOf(before);
    if (at === -1) throw new Error(`${file} has no ${before}`);
    await handle.write(after, at);
  } finally {
    await handle.close();
  }
}
