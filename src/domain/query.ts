/** Which projects a list has, in which order, and where the next page begins. */
import { InvalidParamsError } from './errors.ts';
import type { Project, TrainingStatus } from './project.ts';
import { normalizePath } from './references.ts';
import type { RegistryView } from './registry.ts';

export type Sort = 'name' | 'created_at' | 'last_updated' | 'last_used' | 'status';

export interface Query {
  readonly status?: TrainingStatus | undefined;
  readonly language?: string | undefined;
  readonly tag?: string | undefined;
  readonly source_path?: string | undefined;
  readonly query?: string | undefined;
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
 * A cursor names the last project of its page and where it stood, so that a page is right also when other projects
 * came or went in between; where that project itself is gone, the page begins at its old place.
 */
export function list(view: RegistryView, query: Query): Page {
  const fits = filter(query);
  const found: Project[] = [];
  for (const project of view.projects()) if (fits(project)) found.push(project);
  if (query.sort) found.sort(ORDERS[query.sort]);
  const start = query.cursor === undefined ? 0 : after(found, query.cursor);
  const end = query.limit === undefined ? found.length : start + query.limit;
  const last = found[end - 1];
  return {
    projects: start === 0 && end >= found.length ? found : found.slice(start, end),
    next_cursor: last && end < found.length ? writeCursor(end, last.project_id) : null,
  };
}

/** How many projects have each training status. */
export function countByStatus(view: RegistryView): Record<TrainingStatus, number> {
  const counts = { not_started: 0, training: 0, completed: 0, failed: 0 };
  for (const project of view.projects()) counts[project.training_status] += 1;
  return counts;
}

function filter(query: Query): (project: Project) => boolean {
  const text = query.query?.normalize('NFC').toLowerCase();
  const path = query.source_path === undefined ? undefined : normalizePath(query.source_path);
  return (project) =>
    (query.status === undefined || project.training_status === query.status) &&
    (query.language === undefined || project.language === query.language) &&
    (query.tag === undefined || project.tags.includes(query.tag)) &&
    (path === undefined || project.source_path === path) &&
    (text === undefined ||
      [project.name, project.source_path, ...project.tags].some((part) => part.toLowerCase().includes(text)));
}

type Order = (a: Project, b: Project) => number;

const byName: Order = (a, b) => compare(a.name.toLowerCase(), b.name.toLowerCase());
/** The latest first; those without a time last. */
const byTime =
  (field: 'created_at' | 'last_updated' | 'last_used'): Order =>
  (a, b) =>
    compare(b[field] ?? '', a[field] ?? '');

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

function writeCursor(position: number, id: string): string {
  return Buffer.from(`${position} ${id}`).toString('base64url');
}

function after(found: readonly Project[], cursor: string): number {
  const [, position, id] = /^(\d+) (\S+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (position === undefined) {
    throw new InvalidParamsError([
      { path: 'cursor', message: 'must be the next_cursor of an earlier answer' },
    ]);
  }
  const at = found.findIndex((project) => project.project_id === id);
  return at === -1 ? Math.max(0, Number(position) - 1) : at + 1;
}
