/** `gardener mv`: tells the registry that codebases lie elsewhere now. */
import type { Client } from '../../../client.ts';
import type { WireProject } from '../../../../src/domain/encoding.ts';
import type { Params } from '../../../../src/protocol/methods.ts';
import { confirm } from '../../terminal/ask.ts';
import { codebaseAt } from '../../codebase/codebase.ts';
import { defineCommand } from '../../command.ts';
import type { Context } from '../../context.ts';
import { elsewhere, warnElsewhere } from '../../elsewhere.ts';
import { EXIT, ifRefused, UsageError } from '../../errors.ts';
import { goneAmong } from '../../../codebase/gone.ts';
import { markedPath } from '../gone.ts';
import { elseHere, movedFrom, type Moves, noteBelow, noteLeft, noteOthers, noteStill } from './notes.ts';
import { staying } from './arrived.ts';
import { restingPlace } from './into.ts';
import { operands, printable } from '../../terminal/text.ts';

/** What was moved: a project, or all at or below a directory; and where it was. */
interface Subject {
  readonly what: Pick<Params<'projects.move'>, 'project' | 'from'>;
  readonly from: string;
}

/** How one names a directory that is there, into which something goes: `work/`, `..`. */
const INTO = /(^|\/)\.{0,2}$/;

export default defineCommand({
  description:
    'Tells the registry that a codebase lies elsewhere now, or all those at or below a directory that has moved. Moves no files. Takes what mv took: of a directory into which something was moved, what is in it is meant.',
  takes: {
    '<project-or-directory>': 'the project, or the path that the directory had',
    '<directory>': 'where it is now, or is in now',
    '--dry-run': 'show what would change, and change nothing',
  },
  examples: {
    'gardener mv website ~/work/website': 'it lies there now',
    'gardener mv ~/src ~/work': 'and so do all that were below',
    'gardener mv ~/src ~/work --dry-run': 'who would follow',
  },
  document: {
    '...projects.move': 'those that follow, and those that do not',
    'stays?': 'those that are not in the directory where it is now, each with project_id and name',
    'dry_run?': 'true where nothing was changed',
  },
  async action(ctx, { projectOrDirectory: text, directory, dryRun: isTrial }) {
    ctx.hints = { project_not_found: 'gardener ls shows where projects are' };
    const target = await codebaseAt(ctx, directory);
    await ctx.withClient(async (client) => {
      const place = await elsewhere(ctx, client.hello);
      warnElsewhere(ctx, place, target);
      const { what, from } = await subject(ctx, client, text, target);
      const trial = await client.projects.move({ ...what, to: target, dry_run: true });
      const gone = await goneAmong(client, trial.projects);
      const projects = trial.projects.map((project) => ({ project, inside: inside(project, target) }));
      const { path: to, doubt } = await restingPlace({ from, projects }, target, ctx.host.env);
      // What is in a directory of another machine is not to be seen here.
      const isSeen = place?.directory !== null;
      const left = isSeen ? await staying(ctx, { from, projects }, { to, target, gone }) : [];
      if (doubt && !INTO.test(directory) && !(await isInside(ctx, trial, { to, target, isTrial }))) {
        ctx.exitCode = EXIT.refused;
        return;
      }
      const leftIds = new Set(left.map(({ project }) => project.project_id));
      const done = await follow(client, { ...what, to, ...(isTrial && { dry_run: true }) }, leftIds);
      const stays = left.map(({ project: { project_id, name } }) => ({ project_id, name }));
      if (ctx.json)
        ctx.printJson({ ...done, ...(left.length > 0 && { stays }), ...(isTrial && { dry_run: true }) });
      else await tell(ctx, client, done, isTrial ?? false);
      noteOthers(ctx, done);
      noteLeft(ctx, from, to, stays);
      const isStill = !gone.silent && done.projects.some(({ project_id: id }) => !gone.ids.has(id));
      if (isStill) await noteStill(ctx, from, to, isTrial ? '' : elseHere('to take it back', done, from));
      if (what.project !== undefined) await noteBelow(ctx, client, { from, to, followed: done.projects });
    });
  },
});

/**
 * Both the directory and what has the old name in it may be what was moved. It is as mv does it; a person is asked, and
 * others are told.
 */
async function isInside(
  ctx: Context,
  trial: Moves,
  { to, target, isTrial }: { to: string; target: string; isTrial: true | undefined },
): Promise<boolean> {
  const [path, around] = [to, target].map((one) => printable(ctx.shortPath(one)));
  if (isTrial || !ctx.host.stdin.isTTY || !ctx.host.stderr.isTTY) {
    ctx.note(`note: taken for moved into ${around}, as ${path} is there${elseHere('if not', trial, target)}`);
    return true;
  }
  if (await confirm(ctx.host, `is it at ${path} now, moved into ${around}?`)) return true;
  ctx.note(`nothing was changed${elseHere('if it is the directory itself', trial, target)}`);
  return false;
}

/** Those that are left stay; in one change where there are none. */
async function follow(
  client: Client,
  params: Params<'projects.move'>,
  left: ReadonlySet<string>,
): Promise<Moves> {
  if (left.size === 0) return await client.projects.move(params);
  const { others, projects: all } = await client.projects.move({ ...params, dry_run: true });
  const projects = all.filter(({ project_id: id }) => !left.has(id));
  if (!params.dry_run) {
    for (const { project_id: project, source_path: to } of projects)
      await client.projects.move({ project, to });
  }
  return { projects, ...(others && { others }) };
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

/**
 * A project by its name or id; anything else is the path that a directory had.
 *
 * @throws {UsageError} for a word that may be either
 */
async function subject(ctx: Context, client: Client, text: string, to: string): Promise<Subject> {
  const reference = ctx.reference(text);
  if (reference.startsWith('/')) return { what: { from: reference }, from: reference };
  const named = await client.projects.get({ project: reference }).catch(ifRefused('project_not_found', null));
  const path = ctx.reference(`./${text}`);
  if (!named) return { what: { from: path }, from: path };
  const there = await movedFrom(client, path, to);
  const { name, project_id: id, source_path: from } = named;
  const [other] = there;
  if (!other || there.some((project) => project.project_id === id)) return { what: { project: id }, from };
  const shown = (directory: string): string => printable(ctx.shortPath(directory));
  throw new UsageError(
    `cannot tell what ${printable(text)} means: the project of that name, at ${shown(from)}, or the directory ${shown(path)}, with "${printable(other.name)}"`,
    `gardener mv ${operands(`./${text}`, to)}, or gardener mv ${operands(id, to)} for the project "${printable(name)}"`,
  );
}

/** What to type to have a project follow its codebase. */
export function moveCommand(name: string, directory: string): string {
  return `gardener mv ${operands(name, directory)}`;
}
