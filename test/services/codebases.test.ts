/** Codebases that are there, are not, or of which that cannot be told. */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { Issue } from '../../src/domain/issues.ts';
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

test('what is wrong is told of some, and of some kinds, and nothing else is looked for', async () => {
  const { connect, codebase, paths } = await startDaemon();
  const peer = await connect();
  const register = async (name: string): Promise<string> => {
    const source_path = await codebase(name);
    const { project_id: id } = await peer.call('projects.register', { name, source_path });
    await peer.call('projects.set_status', { project: name, status: 'completed' });
    await rm(join(paths.projectsDir, String(id)), { recursive: true });
    return String(id);
  };
  const [there, gone, file] = [await register('there'), await register('gone'), await register('file')];
  for (const name of ['gone', 'file']) await rm(await codebase(name), { recursive: true });
  await writeFile(join(dirname(await codebase('there')), 'file'), '');
  await mkdir(join(paths.projectsDir, 'orphan'));
  const told = async (params: object): Promise<unknown[]> =>
    ((await peer.call('registry.validate', params)) as unknown as { issues: Issue[] }).issues.map(
      ({ code, project_id: id, path }) => [code, id ?? path],
    );
  const codes = ['source_missing', 'source_unreachable'];
  expect(await told({ codes })).toEqual([
    ['source_missing', gone],
    ['source_missing', file],
  ]);
  expect(await told({ codes, projects: [file, there, 'nobody', file] })).toEqual([['source_missing', file]]);
  expect(await told({ projects: [there] })).toEqual([
    ['project_dir_missing', there],
    ['adapter_missing', there],
  ]);
  expect(await told({ codes: ['orphan_dir'] })).toEqual([['orphan_dir', join(paths.projectsDir, 'orphan')]]);
  expect(await told({})).toHaveLength(9);
});
