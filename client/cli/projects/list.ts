/** Which of the projects are meant, and in which order: the flags for that, and those that fit. */
import { resolve } from 'node:path';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { foldName } from '../../../src/domain/values/names.ts';
import { allWaiting } from '../../../src/domain/training/waiting.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import type { Client } from '../../client.ts';
import { behindAmong, type Compared } from '../codebase/behind.ts';
import type { Input } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { collect, statuses } from '../option-values.ts';
import { operands, shellWord } from '../terminal/text.ts';

/** Projects asked for at once: about a mebibyte. */
const PAGE = 1_000;

type Filter = Pick<Params<'projects.list'>, 'status' | 'tag' | 'query'>;
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

/** What help says of the text that projects are looked for by. */
export const QUERY = 'part of a name, path or tag; a path, such as . or ~/src, for what is in that directory';

export const NONE_FITS = 'no project fits; to see all: gardener ls';

/** The flags that choose projects by what they are. */
export const BY_KIND = {
  '--language <language>': {
    description: 'only projects in this language; of several, in one of them; repeatable',
    read: collect,
  },
  '--tag <tag>': {
    description: 'only projects with this tag; of several, with one of them; repeatable',
    read: collect,
  },
  '--stale': 'only projects whose code has new commits since they were trained',
} as const;

/** The same and those that choose by how far their training is. */
export const CHOOSING = {
  '--status <status>': {
    description: 'only projects in this state; of several, in one of them; repeatable',
    ...statuses,
  },
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

/** A text to look for, before anybody is asked for it. */
export function queryArgument(value: string): string {
  if (value !== '') return value;
  throw new UsageError(
    'cannot look for an empty text',
    'a part of a name, path or tag; nothing for all projects',
  );
}

/** A choice as it is typed, to be repeated in advice: its flags, and the query where `query` is asked for. */
export function typedChoice({
  status = [],
  language = [],
  tag = [],
  stale,
  waiting,
  query,
}: Choice): string[] {
  return [
    ...status.map((one) => `--status ${one.replaceAll('_', '-')}`),
    ...language.map((one) => `--language ${shellWord(one)}`),
    ...tag.map((one) => `--tag ${shellWord(one)}`),
    ...(stale ? ['--stale'] : []),
    ...(waiting ? ['--waiting'] : []),
    ...(query === undefined ? [] : [operands(query)]),
  ];
}

/**
 * The projects that fit.
 *
 * @param command for whoever has to run it on another machine, without what it is given
 * @throws {LocalError} for those that are behind their code, which is on another machine
 */
export async function chosen(
  ctx: Context,
  client: Client,
  choice: Choice,
  command: string,
): Promise<(WireProject | Compared)[]> {
  const { status, language, tag, query, stale, waiting, sort, reverse, limit } = choice;
  const text = query === undefined ? undefined : sought(ctx, query);
  // The registry looks for one of each, and for a language by the same letters.
  const [states, tags] = [several(status), several(tag)];
  const languages = language?.map(foldName);
  const ours: ((project: WireProject) => boolean)[] = [
    ...(states ? [({ training_status: one }: WireProject) => states.includes(one)] : []),
    ...(tags ? [(project: WireProject) => tags.some((one) => project.tags.includes(one))] : []),
    ...(languages ? [(project: WireProject) => languages.includes(foldName(project.language))] : []),
    ...(typeof text === 'function' ? [text] : []),
  ];
  const theirs = sort === undefined ? 'name' : THEIRS[sort];
  // What is left out here of what it gives, or put into another order, may be any of them.
  const isWhole = theirs === undefined || ours.length > 0 || Boolean(stale ?? waiting ?? reverse);
  let found: (WireProject | Compared)[] = await listAll(
    client,
    {
      ...(!states && status && { status: status[0] }),
      ...(!tags && tag && { tag: tag[0] }),
      ...(typeof text === 'string' && { query: text }),
    },
    { sort: theirs, limit: isWhole ? undefined : limit },
  );
  found = found.filter((project) => ours.every((fits) => fits(project)));
  if (waiting) {
    const inTurn = allWaiting(found);
    const ids = new Set(inTurn.map(({ project_id: id }) => id));
    found = sort === undefined ? inTurn : found.filter(({ project_id: id }) => ids.has(id));
  }
  const order = sort === undefined ? undefined : OURS[sort];
  if (order) found = found.toSorted(order);
  if (reverse) found = found.toReversed();
  if (stale) found = await behindAmong(ctx, client, found, [command, ...typedChoice(choice)].join(' '));
  return found.slice(0, limit);
}

/** What was given, where it is more than one. */
function several<T>(values: readonly T[] | undefined): readonly T[] | undefined {
  return values && values.length > 1 ? values : undefined;
}

/**
 * What the registry is to look for. A path is looked for here, as the directory and what is below it: as a part of paths
 * it would be found in those of its neighbours, too. One from nowhere with a slash at its end, as Tab completes it, is the
 * name of a directory wherever that is.
 */
function sought(ctx: Context, query: string): string | ((project: WireProject) => boolean) {
  const isWhole = /^(\.{1,2}|~)?(\/|$)/.test(query);
  if (!isWhole && !query.endsWith('/')) return query;
  const wanted = sameCase(isWhole ? ctx.reference(query) : resolve('/', query));
  const end = wanted === '/' ? wanted : `${wanted}/`;
  return ({ source_path: path }) => {
    const place = `${sameCase(path)}/`;
    return isWhole ? place.startsWith(end) : place.includes(end);
  };
}

/** A path as the disks of the system compare it. */
function sameCase(path: string): string {
  return process.platform === 'darwin' ? foldName(path) : path;
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
