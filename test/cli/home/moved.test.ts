/** Codebases that have moved are found by their history, near where they were; nothing else is looked at, or for long. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test, type TestContext } from 'vitest';
import { findMoved } from '../../../client/cli/home/moved.ts';
import { repositoryAt } from '../../../client/codebase/repository.ts';
import { toWire, type WireProject } from '../../../src/domain/encoding.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { project as projectOf } from '../../support/projects.ts';
import { type Repository, repository, stand } from '../../support/repository.ts';
import { requireTools } from '../../support/tools.ts';

/** Long: what is found is not to depend on how busy the machine is. Milliseconds. */
const PATIENT = 60_000;

interface Scene {
  readonly home: string;
  readonly code: Repository;
  /** A project at this place. */
  project(path: string, repository?: WireProject['repository']): WireProject;
  /** A project of the repository that was at `src/fastidx`, and is nowhere yet. */
  readonly gone: WireProject;
  /** Where it is found when it lies at a place and there are other projects. */
  foundAt(path: string, others?: readonly WireProject[]): Promise<string | undefined>;
}

async function scene(context: TestContext): Promise<Scene> {
  requireTools(context, 'git');
  const home = await temporaryDirectory();
  const code = await repository(home, 'hidden/code');
  await code.git('remote', 'add', 'origin', 'git@example.org:ada/fastidx.git');
  await mkdir(join(home, 'src'));
  let count = 0;
  const project: Scene['project'] = (path, of = null) =>
    toWire(projectOf((count += 1), { source_path: join(home, path), repository: of }));
  const gone = project('src/fastidx', await repositoryAt(code.root, code.env));
  return {
    home,
    code,
    project,
    gone,
    async foundAt(path, others = []) {
      const place = join(home, path);
      await mkdir(dirname(place), { recursive: true });
      await rename(code.root, place);
      const found = await findMoved([gone], [gone, ...others], code.env, PATIENT);
      await rename(place, code.root);
      return found.get(gone.project_id)?.slice(home.length + 1);
    },
  };
}

test('it is found beside its old place, a level below or above that, and beside other projects', async (context) => {
  const { home, project, foundAt } = await scene(context);
  expect(await foundAt('src/other')).toBe('src/other');
  expect(await foundAt('src/moved/fastidx2')).toBe('src/moved/fastidx2');
  expect(await foundAt('fastidx')).toBe('fastidx');
  expect(await foundAt('src/a/b/fastidx')).toBeUndefined();
  expect(await foundAt('far/fastidx')).toBeUndefined();
  expect(await foundAt('far/fastidx', [project('far/web')])).toBe('far/fastidx');
  // The directory around it may be gone as well.
  await rm(join(home, 'src'), { recursive: true });
  expect(await foundAt('code/fastidx')).toBe('code/fastidx');
});

test('what is hidden, behind a link, or another project is none', async (context) => {
  const { home, code, gone, project, foundAt } = await scene(context);
  await symlink(code.root, join(home, 'src/link'));
  await symlink(dirname(code.root), join(home, 'src/links'));
  expect(await findMoved([gone], [gone], code.env, PATIENT)).toEqual(new Map());
  expect(await foundAt('src/.cache/fastidx')).toBeUndefined();
  expect(await foundAt('elsewhere/code')).toBeUndefined();
  expect(await foundAt('src/other', [project('src/other')])).toBeUndefined();
});

test('another history, or another remote, is another repository', async (context) => {
  const { home, code, gone, project, foundAt } = await scene(context);
  const other = await repository(join(home, 'src'), 'fastidx2');
  await other.git('commit', '-q', '--amend', '-m', 'another one');
  const search = (one: WireProject) => findMoved([one], [one], code.env, PATIENT);
  expect(await search(gone)).toEqual(new Map());
  await code.git('remote', 'set-url', 'origin', 'https://example.org/fork/fastidx');
  expect(await foundAt('src/fork')).toBeUndefined();
  // In a shallow clone only the remote tells.
  const shallow = project('src/shallow', { root_commit: null, remote: 'example.org/ada/fastidx' });
  await other.git('remote', 'add', 'origin', 'https://ada@Example.org/ada/fastidx.git');
  expect([...(await search(shallow)).values()]).toEqual([other.root]);
});

test('of several projects in one repository only the one that had its name is meant', async (context) => {
  const { home, code, gone, project } = await scene(context);
  const api = project('src/fastidx/api', gone.repository);
  await rename(code.root, join(home, 'src/monorepo'));
  expect(await findMoved([gone, api], [gone, api], code.env, PATIENT)).toEqual(new Map());
  await mkdir(join(home, 'src/moved'));
  await rename(join(home, 'src/monorepo'), join(home, 'src/moved/fastidx'));
  expect(await findMoved([gone, api], [gone, api], code.env, PATIENT)).toEqual(
    new Map([[gone.project_id, join(home, 'src/moved/fastidx')]]),
  );
});

test('git is not asked where the settings tell that it is another, nor waited for where it does not answer', async (context) => {
  const { home, code, gone } = await scene(context);
  const silent = await stand(code, `touch "${code.witness}"; exec sleep 600`);
  await code.git('remote', 'set-url', 'origin', 'git@example.org:ada/other.git');
  await rename(code.root, join(home, 'src/other'));
  expect(await findMoved([gone], [gone], silent, PATIENT)).toEqual(new Map());
  expect(existsSync(code.witness)).toBe(false);
  await rename(join(home, 'src/other'), code.root);
  await code.git('remote', 'remove', 'origin');
  await rename(code.root, join(home, 'src/other'));
  const begun = performance.now();
  expect(await findMoved([gone], [gone], silent, 500)).toEqual(new Map());
  expect(performance.now() - begun).toBeLessThan(PATIENT);
  expect(existsSync(code.witness)).toBe(true);
});
