/** Which of the projects are meant, and in which order: the flags for that, and those that fit. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { allWaiting } from '../../../src/domain/training/waiting.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import type { Client } from '../../client.ts';
import { behindAmong, type Compared } from '../codebase/behind.ts';
import type { Input } from '../command.ts';
import type { Context } from '../context.ts';
import { collect, statuses } from '../option-values.ts';

/** Projects asked for at once: about a mebibyte. */
const PAGE = 1_000;

type Filter = Pick<Params<'projects.list'>, 'status' | 'language' | 'tag' | 'query'>;
type Sort = Exclude<Params<'projects.list'>['sort'], undefined>;

/** Orders of the registry, which gives the first of them without the rest: its name for each. */
const THEIRS: Readonly<Record<string, Sort>> = {
  name: 'name',
  status: 'status',
  used: 'last_used',
  updated: 'last_updated',
  added: 'created_at',
};

/** Orders that it does not have; of those that are equal in one, by name. */
const OURS: Readonly<Record<string, (a: WireProject, b: WireProject) => number>> = {
  trained: (a, b) => compare(b.last_trained ?? '', a.last_trained ?? ''),
  files: (a, b) => b.file_count - a.file_count,
  language: (a, b) => compare(a.language.toLowerCase(), b.language.toLowerCase()),
};

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** As they are typed. */
export const SORTS: readonly string[] = [...Object.keys(THEIRS), ...Object.keys(OURS)];

export const NONE_FITS = 'no project fits; to see all: gardener ls';

/** The flags that choose projects by what they are. */
export const BY_KIND = {
  '--language <language>': 'only projects in this language',
  '--tag <tag>': {
    description: 'only projects with this tag; of several, with one of them; repeatable',
    read: collect,
  },
  '--stale': 'only projects whose code has new commits since they were trained',
} as const;

/** The same and those that choose by how far their training is. */
export const CHOOSING = {
  '--status <status>': { description: 'only projects in this state', ...statuses },
  ...BY_KIND,
  '--waiting': 'only projects that wait for training, as train --claim would take them',
} as const;

export interface Choice extends Partial<Input<typeof CHOOSING>> {
  readonly query?: string | undefined;
  /** One of {@link SORTS}; default by name, and of those that wait the one first that has waited longest. */
  readonly sort?: string | undefined;
  readonly reverse?: true | undefined;
  readonly limit?: number | undefined;
}

/**
 * The projects that fit.
 *
 * @param command for whoever has to run it on another machine
 * @throws {LocalError} for those that are behind their code, which is on another machine
 */
export async function chosen(
  ctx: Context,
  client: Client,
  choice: Choice,
  command: string,
): Promise<(WireProject | Compared)[]> {
  const { status, language, tag: tags = [], query, stale, waiting, sort, reverse, limit } = choice;
  const [tag] = tags;
  const theirs = sort === undefined ? 'name' : THEIRS[sort];
  // What is left out here of what it gives, or put into another order, may be any of them.
  const isWhole = theirs === undefined || tags.length > 1 || Boolean(stale ?? waiting ?? reverse);
  let found: (WireProject | Compared)[] = await listAll(
    client,
    {
      ...(status && { status }),
      ...(language !== undefined && { language }),
      ...(tags.length === 1 && tag !== undefined && { tag }),
      ...(query !== undefined && { query: sought(ctx, query) }),
    },
    { sort: theirs, limit: isWhole ? undefined : limit },
  );
  if (tags.length > 1) found = found.filter((project) => tags.some((one) => project.tags.includes(one)));
  if (waiting) {
    const inTurn = allWaiting(found);
    const ids = new Set(inTurn.map(({ project_id: id }) => id));
    found = sort === undefined ? inTurn : found.filter(({ project_id: id }) => ids.has(id));
  }
  const ours = sort === undefined ? undefined : OURS[sort];
  if (ours) found = found.toSorted(ours);
  if (reverse) found = found.toReversed();
  if (stale) found = await behindAmong(ctx, client, found, command);
  return found.slice(0, limit);
}

/** What was typed as a path from here, as the registry has it; and as Tab completes a directory, with a slash. */
function sought(ctx: Context, query: string): string {
  return /^(\.{1,2}|~)(\/|$)/.test(query) ? ctx.reference(query) : query.replace(/(?<=[^/])\/+$/, '');
}

/** Every project that fits, or the first so many; by name unless sorted. */
export async function listAll(
  client: Client,
  filter: Filter,
  {
    sort = 'name',
    limit = Number.POSITIVE_INFINITY,
  }: { sort?: Sort | undefined; limit?: number | undefined } = {},
): Promise<WireProject[]> {
  const all: WireProject[] = [];
  let cursor: string | null = null;
  do {
    const page: { projects: WireProject[]; next_cursor: string | null } = await client.projects.list({
      ...filter,
      sort,
      limit: Math.min(PAGE, limit - all.length),
      ...(cursor !== null && { cursor }),
    });
    all.push(...page.projects);
    cursor = page.next_cursor;
  } while (cursor !== null && all.length < limit);
  return all;
}
