/** Which projects of a directory that has moved are in it where it is now: the others must not be pointed at nothing. */
import { join } from 'node:path';
import { RegistryError } from '../../../../src/domain/errors.ts';
import type { Context } from '../../context.ts';
import { isThere } from '../../../codebase/look.ts';
import type { Gone } from '../../../codebase/gone.ts';
import type { Cargo } from './into.ts';
import { operands, plural, printable } from '../../terminal/text.ts';

type Carried = Cargo['projects'][number];

/**
 * The projects that stay where they are registered, as they are not in the directory. None where all of those are gone from
 * there, too: they follow those that they lay with.
 *
 * @param to where the directory is now
 * @param target what mv(1) is to be told for that
 * @throws {RegistryError} `source_path_missing` when none of them is there: nothing was moved yet, or to somewhere else
 */
export async function staying(
  ctx: Context,
  { from, projects }: Cargo,
  { to, target, gone }: { readonly to: string; readonly target: string; readonly gone: Gone },
): Promise<Carried[]> {
  // The directory itself is there, whatever is in it.
  const deep = projects.filter(({ inside }) => inside !== '');
  const missing: Carried[] = [];
  for (const one of deep) if (!(await isThere(join(to, one.inside)))) missing.push(one);
  const left = missing.filter(({ project }) => !gone.ids.has(project.project_id));
  const isNone = deep.length > 0 && missing.length === deep.length;
  // A codebase may have moved without one in it that was gone before.
  if (!isNone || (left.length === 0 && deep.length < projects.length)) return left.length > 0 ? missing : [];
  const [before, after] = [from, to].map((path) => printable(ctx.shortPath(path)));
  const [only, ...more] = missing;
  const what =
    only && more.length === 0
      ? `"${printable(only.project.name)}" is not at ${printable(ctx.shortPath(join(to, only.inside)))}`
      : `none of its ${plural(missing.length, 'project')} is there`;
  const why = left.length > 0 ? ', and gardener mv moves no files' : '';
  ctx.hints = {
    source_path_missing:
      left.length > 0
        ? `mv ${operands(from, target)}, then the same again`
        : `the directory that ${more.length > 0 ? 'they are' : 'it is'} in now`,
  };
  throw new RegistryError(
    'source_path_missing',
    `cannot note that ${before} is at ${after} now: ${what}${why}`,
    { source_path: only ? join(to, only.inside) : to },
  );
}
