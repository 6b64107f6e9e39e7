/** `gardener mv`: tells the registry that codebases lie elsewhere now. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Client } from '../client.ts';
import type { WireProject } from '../../src/domain/encoding.ts';
import { RegistryError } from '../../src/domain/errors.ts';
import type { Params, Result } from '../../src/protocol/methods.ts';
import { codebaseAt } from './codebase.ts';
import type { Context } from './context.ts';
import { UsageError } from './failures.ts';
import { goneAmong, markedPath } from './gone.ts';
import { restingPlace } from './moved-into.ts';
import { operands, plural, printable, shellWord } from './text.ts';

export interface MoveOptions {
  readonly dryRun?: true;
}

type Moves = Result<'projects.move'>;

/** What was moved: a project, or all at or below a directory; and where it was. */
interface Subject {
  readonly what: Pick<Params<'projects.move'>, 'project' | 'from'>;
  readonly from: string;
}

/** How one names a directory that is there, into which something goes: `work/`, `..`. */
const INTO = /(^|\/)\.{0,2}$/;
/** Projects named in a message. */
const MAX_NAMED = 5;

export async function move(
  ctx: Context,
  text: string,
  directory: string,
  { dryRun: isTrial }: MoveOptions,
): Promise<void> {
  ctx.hints = { project_not_found: 'gardener ls shows where projects are' };
  const target = await codebaseAt(ctx, directory);
  await ctx.withClient(async (client) => {
    const { what, from } = await subject(ctx, client, text, target);
    const trial = await client.projects.move({ ...what, to: target, dry_run: true });
    const gone = await goneAmong(client, trial.projects);
    const projects = trial.projects.map((project) => ({ project, inside: inside(project, target) }));
    const { path: to, doubt } = await restingPlace({ from, projects }, target, ctx.host.env);
    const done = await client.projects.move({ ...what, to, ...(isTrial && { dry_run: true }) });
    if (ctx.json) ctx.printJson({ ...done, ...(isTrial && { dry_run: true }) });
    else await tell(ctx, client, done, isTrial ?? false);
    if (doubt && !INTO.test(directory)) {
      const [path, shown] = [printable(ctx.shortPath(to)), printable(ctx.shortPath(target))];
      ctx.note(`note: taken for moved into ${shown}, as ${path} is there${advice('if not', done, target)}`);
    }
    noteOthers(ctx, done);
    const stays = !gone.silent && projects.some(({ project: { project_id: id } }) => !gone.ids.has(id));
    if (stays) await noteStill(ctx, from, to, isTrial ? '' : advice('to take it back', done, from));
    const ids = new Set(projects.map(({ project: { project_id: id } }) => id));
    if (what.project !== undefined) await noteBelow(ctx, client, { from, to, ids });
  });
}

/** What to type to have a project here instead. */
function advice(why: string, { projects: [project, ...others] }: Moves, directory: string): string {
  if (!project || others.length > 0) return '';
  return `; ${why}: gardener edit --path ${shellWord(directory)} ${operands(project.name)}`;
}

/** What of a project's path comes after the directory that it is in. */
function inside({ source_path: path }: WireProject, directory: string): string {
  return directory === '/' ? (path === '/' ? '' : path) : path.slice(directory.length);
}

async function tell(ctx: Context, client: Client, { projects }: Moves, isTrial: boolean): Promise<void> {
  const gone = isTrial ? undefined : await goneAmong(client, projects);
  for (const { project_id: id, name, source_path: path } of projects) {
    const where = markedPath(printable(ctx.shortPath(path)), gone?.ids.has(id) ?? false);
    ctx.say(
      `${ctx.paint('bold', printable(name))} ${isTrial ? `would be at ${where}` : `is at ${where} now`}`,
    );
  }
}

/** Two projects at one place are allowed, and seldom meant: a path there is refused from then on. */
function noteOthers(ctx: Context, { others = [] }: Moves): void {
  for (const { name, source_path: path } of others.slice(0, MAX_NAMED)) {
    ctx.note(
      `note: "${printable(name)}" is registered at ${printable(ctx.shortPath(path))}, too, where a path no longer tells which of them is meant; if it is not needed: gardener rm ${operands(name)}`,
    );
  }
  if (others.length > MAX_NAMED) ctx.note(`note: and ${others.length - MAX_NAMED} more are where others are`);
}

/** Somebody may think that this moves files. A link that was left there for those who know the old path is well. */
async function noteStill(ctx: Context, from: string, to: string, back: string): Promise<void> {
  const [before, after] = await Promise.all([from, to].map((path) => realpath(path).catch(() => null)));
  if (before === null || before === after) return;
  ctx.note(`note: ${printable(ctx.shortPath(from))} is still there, and gardener mv moves no files${back}`);
}

interface Move {
  readonly from: string;
  readonly to: string;
  /** The projects that have followed. */
  readonly ids: ReadonlySet<string>;
}

/** Whoever names a project moves that one only; others that lay in it have moved, too. */
async function noteBelow(ctx: Context, client: Client, { from, to, ids: followed }: Move): Promise<void> {
  const below = (await movedFrom(client, from, to)).filter(({ project_id: id }) => !followed.has(id));
  const { ids } = await goneAmong(client, below);
  const gone = below.filter(({ project_id: id }) => ids.has(id));
  if (gone.length === 0) return;
  const names = gone.slice(0, MAX_NAMED).map(({ name }) => `"${printable(name)}"`);
  const more = gone.length > MAX_NAMED ? ', …' : '';
  ctx.note(
    `note: ${plural(gone.length, 'other project')} lay in ${printable(ctx.shortPath(from))} and ${gone.length === 1 ? 'is' : 'are'} gone from there: ${names.join(', ')}${more}; to have them follow: gardener mv ${operands(from, to)}`,
  );
}

/**
 * A project by its name or id; anything else is the path that a directory had.
 *
 * @throws {UsageError} for a word that may be either
 */
async function subject(ctx: Context, client: Client, text: string, to: string): Promise<Subject> {
  const reference = ctx.reference(text);
  if (reference.startsWith('/')) return { what: { from: reference }, from: reference };
  let named: WireProject;
  try {
    named = await client.projects.get({ project: reference });
  } catch (error) {
    if (!(error instanceof RegistryError) || error.kind !== 'project_not_found') throw error;
    const path = resolve(ctx.cwd(), text);
    return { what: { from: path }, from: path };
  }
  const path = resolve(ctx.cwd(), text);
  const there = await movedFrom(client, path, to);
  const { name, project_id: id, source_path: from } = named;
  if (there.length === 0 || there.some((project) => project.project_id === id))
    return { what: { project: id }, from };
  const [other] = there;
  const shown = (directory: string): string => printable(ctx.shortPath(directory));
  throw new UsageError(
    `cannot tell what ${printable(text)} means: the project of that name, at ${shown(from)}, or the directory ${shown(path)}, with "${printable(other?.name ?? '')}"`,
    `gardener mv ${operands(`./${text}`, to)}, or gardener mv ${operands(id, to)} for the project "${printable(name)}"`,
  );
}

/** The projects at or below a directory, as they would be when it had moved. */
async function movedFrom(client: Client, from: string, to: string): Promise<WireProject[]> {
  try {
    return (await client.projects.move({ from, to, dry_run: true })).projects;
  } catch (error) {
    if (!(error instanceof RegistryError) || error.kind !== 'project_not_found') throw error;
    return [];
  }
}

/** What to type to have a project follow its codebase. */
export function moveCommand(name: string, directory: string): string {
  return `gardener mv ${operands(name, directory)}`;
}
