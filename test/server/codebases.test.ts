/** Codebases that are there, are not, or of which that cannot be told. */
import { chmod } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';
import { asOrdinaryUser } from '../support/store.ts';

test('one that may not be looked at is registered, and whether it is there cannot be told', async () => {
  const { connect, codebase, paths } = await startDaemon();
  const peer = await connect();
  const path = await codebase('shut/a');
  const shut = dirname(path);
  const { dataDir, projectsDir, registryFile, runDir, backupsDir } = paths;
  await peer.call('projects.register', { name: 'a', source_path: path });
  await chmod(shut, 0);
  const ours = [dataDir, projectsDir, registryFile, runDir, join(runDir, 'owner'), backupsDir, shut];
  const { issues } = await asOrdinaryUser(ours, async () => {
    await peer.call('projects.register', { name: 'b', source_path: join(shut, 'b') });
    return await peer.call('registry.validate');
  });
  await chmod(shut, 0o700);
  const told = (name: string) => ({
    code: 'source_unreachable',
    path: join(shut, name),
    message: `whether the source path of "${name}" is there cannot be told: permission denied`,
    fixable: false,
  });
  expect(issues).toMatchObject([told('a'), told('b')]);
  expect((await peer.call('registry.validate'))['issues']).toMatchObject([
    { code: 'source_missing', path: join(shut, 'b') },
  ]);
});
