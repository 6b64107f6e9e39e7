/** What finding a project asks the disk, and what is said of a path when the disk does not answer. */
import { mkdir, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RegistryError } from '../../../src/domain/errors.ts';
import type { Ask } from '../../../src/services/places/disk.ts';
import { Places } from '../../../src/services/places/places.ts';
import { NoAnswerError } from '../../../src/services/lane.ts';
import { Turns } from '../../../src/system/turns.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { project, registryOf } from '../../support/projects.ts';

const ASKER = {};

/** Places of one project, at this path. */
function places(sourcePath: string, ask: Ask): Places {
  const registry = registryOf(project(1, { source_path: sourcePath }));
  return new Places(() => registry, ask, new Turns());
}

/** How many questions it takes to find what a path means. */
async function cost(path: string): Promise<number> {
  let asked = 0;
  const ask: Ask = (question) => {
    asked += 1;
    return question().catch(() => null);
  };
  expect(await places('/', ask).findAt(path, ASKER)).toBe(undefined);
  return asked;
}

test('a path of which nothing is there takes four questions, whatever its length', async () => {
  expect(await cost('/not-there')).toBeLessThanOrEqual(4);
  expect(await cost(`/not-there${'/a'.repeat(2_000)}`)).toBeLessThanOrEqual(4);
});

test('a deep path takes few more than a short one', async () => {
  const top = await realpath(await temporaryDirectory());
  const deep = `${top}${'/a'.repeat(400)}`;
  await mkdir(deep, { recursive: true });
  expect(await cost(`${deep}${'/b'.repeat(1_000)}`)).toBeLessThan(20);
});

test('where the disk does not answer, a path means what is written, and never nothing', async () => {
  const silent = places('/mnt/gone/code', () => Promise.reject(new NoAnswerError(true)));
  expect(await silent.find('/mnt/gone/code/src', ASKER)).toMatchObject({ by: 'cwd' });
  const refusals = [silent.find('/mnt/gone/wt', ASKER), silent.findAt('/mnt/gone/wt', ASKER)];
  for (const refusal of refusals) {
    const error: unknown = await refusal.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({
      kind: 'project_not_found',
      message:
        'cannot tell which project /mnt/gone/wt belongs to: its disk does not answer; name the project',
    });
  }
});

test('a change does not go by where a project’s path once led, when its disk does not tell any more', async () => {
  const top = await realpath(await temporaryDirectory());
  await mkdir(join(top, 'real'));
  await symlink(join(top, 'real'), join(top, 'link'));
  let left = Number.POSITIVE_INFINITY;
  const ask: Ask = (question) => {
    left -= 1;
    return left < 0 ? Promise.reject(new NoAnswerError(true)) : question().catch(() => null);
  };
  const found = places(join(top, 'link'), ask);
  const id = (await found.find(join(top, 'real'), ASKER))?.project.project_id;
  expect(id).toBeDefined();
  for (const look of [found.findAt.bind(found), found.findToChange.bind(found)]) {
    left = Number.POSITIVE_INFINITY;
    expect((await look(join(top, 'real'), ASKER))?.project.project_id).toBe(id);
    // The path itself is told, and the project's is not.
    left = 1;
    const error: unknown = await look(join(top, 'real'), ASKER).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'project_not_found',
      message: `cannot tell which project ${join(top, 'real')} belongs to: the disk of "p1" does not answer; name the project`,
    });
    left = 1;
    expect((await look(join(top, 'link'), ASKER))?.project.project_id).toBe(id);
    // What lies in it may be another project's, behind links and in worktrees.
    left = 0;
    expect((await found.find(join(top, 'link', 'src'), ASKER))?.project.project_id).toBe(id);
    await expect(look(join(top, 'link', 'src'), ASKER)).rejects.toMatchObject({ kind: 'project_not_found' });
    expect((await look(join(top, 'link'), ASKER))?.project.project_id).toBe(id);
  }
});
