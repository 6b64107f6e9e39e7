/** What whoever tells that codebases have moved should know beside where they are now. */
import { realpath } from 'node:fs/promises';
import type { Client } from '../../../client.ts';
import type { WireProject } from '../../../../src/domain/encoding.ts';
import type { Result } from '../../../../src/protocol/methods.ts';
import { isThere } from '../../../codebase/look.ts';
import type { Context } from '../../context.ts';
import { ifRefused } from '../../errors.ts';
import { goneAmong } from '../../../codebase/gone.ts';
import { operands, plural, printable, shellWord } from '../../terminal/text.ts';

export type Moves = Result<'projects.move'>;

/** Projects named in a message. */
const MAX_NAMED = 5;

/** What to type to have a project here instead; nothing where there are several. */
export function elseHere(why: string, { projects: [project, ...others] }: Moves, directory: string): string {
  if (!project || others.length > 0) return '';
  return `; ${why}: gardener edit --path ${shellWord(directory)} ${operands(project.name)}`;
}

/** Two projects at one place are allowed, and seldom meant: a path there is refused from then on. */
export function noteOthers(ctx: Context, { others = [] }: Moves): void {
  for (const { name, source_path: path } of others.slice(0, MAX_NAMED)) {
    ctx.note(
      `note: "${printable(name)}" is registered at ${printable(ctx.shortPath(path))}, too, where a path no longer tells which of them is meant; if it is not needed: gardener rm ${operands(name)}`,
    );
  }
  if (others.length > MAX_NAMED) ctx.note(`note: and ${others.length - MAX_NAMED} more are where others are`);
}

/** Those that were not moved with the others. */
export function noteLeft(
  ctx: Context,
  from: string,
  to: string,
  left: readonly { readonly name: string }[],
): void {
  if (left.length === 0) return;
  const names = left.slice(0, MAX_NAMED).map(({ name }) => `"${printable(name)}"`);
  const more = left.length > MAX_NAMED ? ', …' : '';
  const [stay, are] = left.length === 1 ? ['stays', 'it is'] : ['stay', 'they are'];
  const [before, after] = [from, to].map((path) => printable(ctx.shortPath(path)));
  ctx.note(
    `note: ${plural(left.length, 'project')} ${stay} registered in ${before}, as ${are} not in ${after}: ${names.join(', ')}${more}`,
  );
}

/** Somebody may think that this moves files. A link that was left there for those who know the old path is well. */
export async function noteStill(ctx: Context, from: string, to: string, back: string): Promise<void> {
  const [before, after] = await Promise.all([from, to].map((path) => realpath(path).catch(() => null)));
  if (before === null || before === after) return;
  ctx.note(`note: ${printable(ctx.shortPath(from))} is still there, and gardener mv moves no files${back}`);
}

/** Whoever names a project moves that one only; others that lay in it have moved, too. */
export async function noteBelow(
  ctx: Context,
  client: Client,
  { from, to, followed }: { from: string; to: string; followed: readonly WireProject[] },
): Promise<void> {
  // It has been there before: nothing in it has moved.
  if (from === to) return;
  const ids = new Set(followed.map(({ project_id: id }) => id));
  const below = (await movedFrom(client, from, to)).filter(({ project_id: id }) => !ids.has(id));
  const missing = await goneAmong(client, below);
  const arrived = await Promise.all(below.map(({ source_path: path }) => isThere(path)));
  const gone = below.filter(({ project_id: id }, at) => missing.ids.has(id) && arrived[at]);
  if (gone.length === 0) return;
  const names = gone.slice(0, MAX_NAMED).map(({ name }) => `"${printable(name)}"`);
  const more = gone.length > MAX_NAMED ? ', …' : '';
  const are = gone.length === 1 ? 'is' : 'are';
  ctx.note(
    `note: ${plural(gone.length, 'other project')} lay in ${printable(ctx.shortPath(from))} and ${are} gone from there: ${names.join(', ')}${more}; to have them follow: gardener mv ${operands(from, to)}`,
  );
}

/** The projects at or below a directory, as they would be when it had moved. */
export async function movedFrom(client: Client, from: string, to: string): Promise<WireProject[]> {
  const trial = client.projects.move({ from, to, dry_run: true });
  return (await trial.catch(ifRefused('project_not_found', { projects: [] }))).projects;
}
