/** Which projects a list has, in which order, and where the next page begins. */
import { z } from 'zod';
import { InvalidParamsError } from './errors.ts';
import type { Project, TrainingStatus } from './project.ts';
import { normalizePath } from './places/references.ts';
import type { RegistryView } from './registry.ts';
import { projectSchema } from './schema.ts';
import { foldName } from './values/names.ts';

export const SORTS = ['name', 'created_at', 'last_updated', 'last_used', 'status'] as const;
export type Sort = (typeof SORTS)[number];

export interface Query {
  readonly status?: TrainingStatus | undefined;
  readonly language?: string | undefined;
  readonly tag?: string | undefined;
  readonly source_path?: string | undefined;
  readonly query?: string | undefined;
  readonly beginning?: string | undefined;
  readonly sort?: Sort | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface Page {
  readonly projects: readonly Project[];
  readonly next_cursor: string | null;
}

/**
 * One page of the projects that fit.
 *
 * Pages are right also when projects come, go or change in between: in a sorted list the next page begins behind the
 * place where the last project stood. File order knows no places; there the next page begins behind the nearest
 * of the last projects before it that is left, and only where none is, at the old position.
 */
export function list(view: RegistryView, query: Query): Page {
  let found = fitting(view, query, 'name');
  // Anything of a few letters from a to f begins some id.
  if (found.length === 0 && query.beginning !== undefined) found = fitting(view, query, 'project_id');
  if (query.sort) found.sort(ORDERS[query.sort]);
  const start = query.cursor === undefined ? 0 : after(found, query.sort, query.cursor);
  const end = query.limit === undefined ? found.length : start + query.limit;
  return {
    projects: found.slice(start, end),
    next_cursor: end < found.length ? writeCursor(query.sort, found, end) : null,
  };
}

/** How many projects have each training status. */
export function countByStatus(view: RegistryView): Record<TrainingStatus, number> {
  const counts = { not_started: 0, training: 0, completed: 0, failed: 0 };
  for (const project of view.projects()) counts[project.training_status] += 1;
  return counts;
}

/** @param begins what the beginning is one of */
function fitting(view: RegistryView, query: Query, begins: 'name' | 'project_id'): Project[] {
  const fits = filter(query, begins);
  const found: Project[] = [];
  for (const project of view.projects()) if (fits(project)) found.push(project);
  return found;
}

function filter(query: Query, begins: 'name' | 'project_id'): (project: Project) => boolean {
  const beginning = query.beginning === undefined ? undefined : foldName(query.beginning);
  const text = query.query === undefined ? undefined : foldName(query.query);
  const path = query.source_path === undefined ? undefined : normalizePath(query.source_path);
  return (project) =>
    (query.status === undefined || project.training_status === query.status) &&
    (query.language === undefined || project.language === query.language) &&
    (query.tag === undefined || project.tags.includes(query.tag)) &&
    (path === undefined || project.source_path === path) &&
    (beginning === undefined || foldName(project[begins]).startsWith(beginning)) &&
    (text === undefined ||
      [project.name, project.source_path, ...project.tags].some((part) => part.toLowerCase().includes(text)));
}

/** What the orders look at. */
type Place = Pick<Project, 'name' | 'training_status' | 'created_at' | 'last_updated' | 'last_used'>;
type Order = (a: Place, b: Place) => number;

const byName: Order = (a, b) => compare(a.name.toLowerCase(), b.name.toLowerCase());
/** The latest first; those without a time last; those of one time by name, so that each has its place. */
const byTime =
  (field: 'created_at' | 'last_updated' | 'last_used'): Order =>
  (a, b) =>
    compare(b[field] ?? '', a[field] ?? '') || byName(a, b);

const ORDERS: Record<Sort, Order> = {
  name: byName,
  status: (a, b) => compare(a.training_status, b.training_status) || byName(a, b),
  created_at: byTime('created_at'),
  last_updated: byTime('last_updated'),
  last_used: byTime('last_used'),
};

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a cursor says, as JSON. */
const cursorSchema = z.union([
  z.object({
    sort: z.enum(SORTS),
    last: projectSchema.pick({
      name: true,
      training_status: true,
      created_at: true,
      last_updated: true,
      last_used: true,
    }),
  }),
  z.object({ sort: z.null(), position: z.int().min(0), ids: z.array(z.string()) }),
]);
type Cursor = z.infer<typeof cursorSchema>;

/** So many projects may go from before a page, and it still begins where it should. */
const TRAIL_LENGTH = 8;

function writeCursor(sort: Sort | undefined, found: readonly Project[], position: number): string | null {
  const last = found[position - 1];
  if (!last) return null;
  const { name, training_status, created_at, last_updated, last_used } = last;
  const ids = found.slice(Math.max(0, position - TRAIL_LENGTH), position).map(({ project_id }) => project_id);
  const cursor: Cursor = sort
    ? { sort, last: { name, training_status, created_at, last_updated, last_used } }
    : { sort: null, position, ids };
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function after(found: readonly Project[], sort: Sort | undefined, text: string): number {
  const cursor = readCursor(text);
  if (cursor?.sort !== (sort ?? null)) {
    const message = 'must be the next_cursor of an earlier answer to the same query';
    throw new InvalidParamsError([{ path: 'cursor', message }]);
  }
  if (cursor.sort) {
    const order = ORDERS[cursor.sort];
    const next = found.findIndex((project) => order(project, cursor.last) > 0);
    return next === -1 ? found.length : next;
  }
  const trail = new Set(cursor.ids);
  const left = found.findLastIndex(({ project_id }) => trail.has(project_id));
  return left === -1 ? Math.max(0, cursor.position - trail.size) : left + 1;
}

function readCursor(text: string): Cursor | null {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    // Whatever is wrong with it, it is none of ours.
    return null;
  }
}
