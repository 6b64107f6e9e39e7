/**
 * Where something lies that was moved by mv(1): when its target is a directory that is there, mv puts things into it. What
 * the person typed says so too seldom, as afterwards the directory is there in either case.
 */
import { basename, join } from 'node:path';
import type { WireProject } from '../../../../src/domain/encoding.ts';
import { isDirectory, statusOf } from '../../../codebase/look.ts';
import { isSameRepository, repositoryAt } from '../../../codebase/repository.ts';

/** What was moved. */
export interface Cargo {
  /** The path that it had. */
  readonly from: string;
  /** Each project in it, and where in it, with a slash; empty for all of it. */
  readonly projects: readonly { readonly project: WireProject; readonly inside: string }[];
}

export interface Resting {
  readonly path: string;
  /** Set where the directory itself may be meant all the same. */
  readonly doubt?: true;
}

/** @param directory where mv(1) was told to move it to */
export async function restingPlace(
  { from, projects }: Cargo,
  directory: string,
  env: NodeJS.ProcessEnv,
): Promise<Resting> {
  const inner = join(directory, basename(from));
  if (from === '/' || !(await isDirectory(inner))) return { path: directory };
  // A directory of projects is known by those that are in it.
  const deep = projects.flatMap(({ inside }) => (inside === '' ? [] : [inside]));
  if (deep.length > 0) {
    const [outer, within] = [await held(directory, deep), await held(inner, deep)];
    if (outer !== within) return { path: outer > within ? directory : inner };
  }
  // A codebase often has a directory of its own name in it: a package in Python, say.
  const known = projects.find(({ inside, project }) => inside === '' && project.repository)?.project;
  if (known) {
    const [outer, within] = [await repositoryAt(directory, env), await repositoryAt(inner, env)];
    const isOuter = isSameRepository(known.repository, outer);
    const isInner = isSameRepository(known.repository, within);
    if (isOuter !== isInner) return { path: isOuter ? directory : inner };
  }
  const [isOuterTop, isInnerTop] = [await isTop(directory), await isTop(inner)];
  if (isOuterTop !== isInnerTop) return { path: isOuterTop ? directory : inner };
  return { path: inner, doubt: true };
}

/** How many of them are there: some may have been left, or have been gone before. */
async function held(directory: string, insides: readonly string[]): Promise<number> {
  let count = 0;
  for (const inside of insides) if (await isDirectory(join(directory, inside))) count++;
  return count;
}

/** Whether a repository begins there. */
async function isTop(directory: string): Promise<boolean> {
  for (const name of ['.git', '.jj', '.hg']) if (await statusOf(join(directory, name))) return true;
  return false;
}
