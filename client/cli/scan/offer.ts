/** What becomes of codebases that were found: those that are new are shown, and registered if the person wants that. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Client } from '../../client.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../errors.ts';
import { listAll } from '../projects/list.ts';
import { moveCommand } from '../projects/move/move.ts';
import type { Paint } from '../terminal/colour.ts';
import { sizeOf } from '../terminal/size.ts';
import { type Cell, type Column, layTable, printTable } from '../terminal/table.ts';
import { plural, printable, shellWord, thousands } from '../terminal/text.ts';
import { canPick, pickMany } from '../terminal/pick.ts';
import { type Counted, countEach, registerEach } from './batch.ts';
import type { DOCUMENT } from './document.ts';
import { documentsOf, tellFailures } from './failures.ts';
import type { Codebase, Finds } from './find.ts';
import { projectOf } from './known.ts';
import { isLikely, movedAmong } from '../../codebase/gone.ts';
import { namesFor } from './names.ts';
import { movedWords, named } from './told.ts';

/** What a person said of what is to be done. */
export interface Wish {
  readonly yes?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly tag?: readonly string[] | undefined;
}

type New = Codebase & Counted & { readonly name: string };

interface Sorted {
  readonly fresh: readonly New[];
  readonly known: readonly { readonly path: string; readonly project: WireProject }[];
  readonly moved: readonly { readonly path: string; readonly project: WireProject }[];
}

const FILES: Column = { title: 'FILES', align: 'right', rigid: true };
const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'LANGUAGE' },
  FILES,
  { title: 'PATH', cut: 'start' },
];

/** The tags as flags of a command that is advised. */
export function tagFlags(tags: readonly string[] = []): string[] {
  return tags.map((tag) => `--tag ${shellWord(tag)}`);
}

/** @param again the command that registers all of them, without asking */
export async function offer(
  ctx: Context,
  client: Client,
  finds: Finds,
  wish: Wish,
  again: string,
): Promise<void> {
  const sorted = await sort(ctx, client, finds.codebases);
  const { fresh } = sorted;
  const takesAll = Boolean(wish.yes) && !wish.dryRun;
  const asks = !wish.yes && !wish.dryRun && canPick(ctx);
  if (!ctx.json) tellLeftOut(ctx, finds, sorted);
  if (!ctx.json && !asks && !takesAll && fresh.length > 0) {
    const rows = fresh.map((one) => row(ctx, one, ctx.paint));
    printTable(ctx, COLUMNS, rows);
  }
  const chosen = takesAll ? fresh : asks ? await pick(ctx, fresh) : [];
  const { projects, failed } =
    chosen.length > 0
      ? await registerEach(ctx, client, chosen, { ...wish, isHere: true })
      : { projects: [], failed: [] };
  tellFailures(ctx, failed);
  if (ctx.json) return ctx.printJson(documentOf(finds, sorted, projects, documentsOf(failed)));
  if (fresh.length === 0) return;
  if (projects.length === 0 && failed.length === 0) {
    // Whoever was asked has said no.
    if (asks) ctx.exitCode = EXIT.refused;
    return ctx.note(
      asks || wish.dryRun ? 'nothing was registered' : `nothing was registered; to register all: ${again}`,
    );
  }
  if (projects.length > 1) ctx.note(`${plural(projects.length, 'project')} added; to see all: gardener ls`);
}

async function sort(ctx: Context, client: Client, codebases: readonly Codebase[]): Promise<Sorted> {
  const all = await listAll(client, {});
  // At once: the daemon looks at one after the other.
  const projects = await Promise.all(codebases.map((one) => projectOf(client, one)));
  const known = codebases.flatMap(({ path }, at) => (projects[at] ? [{ path, project: projects[at] }] : []));
  const unknown = codebases.filter((_, at) => !projects[at]);
  const movedFrom = await movedAmong(client, all);
  const counted = await countEach(ctx, unknown, movedFrom !== undefined);
  const was = await Promise.all(
    counted.map(async ({ path, repository }) => {
      const project = movedFrom?.(path, repository ?? null);
      return project && (await isLikely(project, path)) ? project : undefined;
    }),
  );
  const moved = counted.flatMap(({ path }, at) => (was[at] ? [{ path, project: was[at] }] : []));
  const fresh = counted.filter((_, at) => !was[at]);
  const names = namesFor(
    fresh.map(({ path, namedAfter }) => namedAfter ?? path),
    all.map(({ name }) => name),
  );
  return { fresh: fresh.map((one, at) => ({ ...one, name: names[at] ?? '' })), known, moved };
}

/** What is not among those that are offered, and why. */
function tellLeftOut(ctx: Context, finds: Finds, { fresh, known, moved }: Sorted): void {
  for (const { path, project } of moved)
    ctx.note(
      `note: ${movedWords(ctx, project)}; if it is ${printable(ctx.shortPath(path))} now: ${moveCommand(project.name, path)}`,
    );
  const { unreadable, unreadableCount } = finds;
  if (unreadableCount > 0) {
    const which = named(ctx, unreadable, unreadableCount);
    ctx.note(`note: could not look at ${plural(unreadableCount, 'place')}: ${which}`);
  }
  if (finds.stopped)
    ctx.note('note: there is more than is looked at; a directory that is nearer shows the rest');
  const out = [
    known.length > 0 && `${thousands(known.length)} known already`,
    finds.worktrees > 0 && `${plural(finds.worktrees, 'linked worktree')} left out`,
    finds.gone > 0 && `${thousands(finds.gone)} not there any more`,
  ].filter((part) => part !== false);
  const found = fresh.length === 0 ? 'nothing new was found' : `found ${plural(fresh.length, 'codebase')}`;
  ctx.note([found, ...out].join(', '));
}

/** @param paint for the name */
function row(ctx: Context, { name, scan: { language, files }, path }: New, paint?: Paint): Cell[] {
  return [
    { text: name, paint: paint && ((text) => paint('bold', text)) },
    { text: language },
    { text: thousands(files) },
    { text: ctx.shortPath(path) },
  ];
}

/** What the person ticks; before they do, what has code in it, and is not only a directory in another program's list. */
async function pick(ctx: Context, fresh: readonly New[]): Promise<readonly New[]> {
  if (fresh.length === 0) return [];
  // In lines that fit beside the marks: what a path ends in says most of it.
  const columns = sizeOf(ctx.host.stderr).columns - 4;
  const shown = <T>(cells: readonly T[]): T[] => cells.filter((_, at) => COLUMNS[at] !== FILES);
  const rows = fresh.map((one) => shown(row(ctx, one)));
  const [, ...lines] = layTable(shown(COLUMNS), rows, { columns });
  const choices = fresh.map((value, at) => ({
    value,
    label: lines[at] ?? value.name,
    // Also by what of a path does not fit.
    words: [value.name, value.scan.language, ctx.shortPath(value.path)],
  }));
  const picked = ({ kind, scan: { language } }: New): boolean => kind !== 'folder' && language !== 'unknown';
  return (await pickMany(ctx.host, 'register which of these?', choices, { picked })) ?? [];
}

function documentOf(
  { worktrees, unreadableCount, gone, stopped }: Finds,
  { fresh, known, moved }: Sorted,
  projects: readonly WireProject[],
  failed: readonly object[],
): Record<keyof typeof DOCUMENT, unknown> {
  return {
    found: fresh.map(({ path, name, kind, scan: { language, files } }) => ({
      path,
      name,
      kind,
      language,
      files,
    })),
    known: known.map(({ path, project: { project_id, name } }) => ({ path, project_id, name })),
    moved: moved.map(({ path, project: { project_id, name, source_path: from } }) => ({
      path,
      project_id,
      name,
      from,
    })),
    projects,
    failed,
    worktrees,
    unreadable: unreadableCount,
    gone,
    stopped,
  };
}
