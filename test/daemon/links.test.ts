/** A registry on a disk that comes and goes, behind a link, as programs that ask and listen see it. */
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { temporaryDirectory } from '../support/home.ts';
import { fileWith } from '../support/store.ts';
import { until } from '../support/until.ts';

test('a disk that is not mounted yet is waited for, and one that goes is told', async () => {
  const disk = join(await temporaryDirectory(), 'mnt');
  const target = join(disk, 'registry.json');
  const dataDir = await temporaryDirectory();
  const link = join(dataDir, 'registry.json');
  await symlink(target, link);
  const { connect } = await startDaemon({ dataDir });
  const peer = await connect();
  expect(await peer.call('registry.info')).toMatchObject({
    file: link,
    read_only: true,
    problem: { kind: 'dangling_link' },
  });
  await mkdir(disk);
  await writeFile(target, fileWith('mounted'));
  const mounted = async (): Promise<boolean> => (await peer.call('registry.info'))['problem'] === null;
  await until(mounted, 'the file is noticed');
  expect(await peer.call('registry.info')).toMatchObject({ file: target, project_count: 1 });
  await rename(disk, `${disk}.away`);
  const gone = async (): Promise<boolean> => (await peer.call('registry.info'))['read_only'] === true;
  await until(gone, 'the loss is noticed');
  expect(await peer.ask('projects.touch', { project: 'mounted' })).toMatchObject({
    error: { code: 1009, data: { problem: { kind: 'dangling_link' } } },
  });
  await rename(`${disk}.away`, disk);
  await until(mounted, 'the file is noticed again');
  await peer.call('projects.touch', { project: 'mounted' });
});
