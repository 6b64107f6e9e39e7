/** What the whole screen shows, whatever is looked at. Pure. */
import type { WireProject } from '../../../../src/domain/encoding.ts';
import { matching } from '../keys/filter.ts';
import { keysPage } from './keys.ts';
import { withLastLine } from './last-line.ts';
import { type About, projectPage } from './project.ts';
import type { WatchState } from '../state.ts';
import { type Canvas, type Looked, roomFor, watchTable } from './table.ts';
import { selectedOf, settle, type ViewState } from '../keys/view.ts';

/** A path as people read it. */
type ShortPath = (path: string) => string;

/** The view of what is known now. */
export function arranged(state: WatchState, view: ViewState, rows: number, shortPath: ShortPath): Looked {
  const projects = matching(state.inOrder(), view.filter, shortPath);
  const order = projects.map(({ project_id: id }) => id);
  const height = Math.max(1, roomFor(state, rows));
  return { projects, view: settle(view, order, height, (id) => state.get(id) !== undefined) };
}

/** The project that has the screen, if one has. */
export function openedProject(state: WatchState, view: ViewState): WireProject | undefined {
  const id = view.page === 'project' ? selectedOf(view) : undefined;
  return id === undefined ? undefined : state.get(id);
}

/**
 * At most as many lines as there are rows.
 *
 * @returns also the view, which is scrolled no further than there is something, and the projects that are seen
 */
export function pictureOf(
  state: WatchState,
  looked: Looked,
  about: About,
  canvas: Canvas,
  shortPath: ShortPath,
): { lines: string[]; view: ViewState; seen: readonly WireProject[] } {
  const { view, projects } = looked;
  const project = openedProject(state, view);
  if (view.page !== 'keys' && !project) {
    const seen = projects.slice(view.top, view.top + view.height);
    const table = { ...looked, view: { ...view, page: 'table' as const } };
    return { lines: watchTable(state, canvas, table), view, seen };
  }
  const room = canvas.rows - 1;
  const page = project
    ? projectPage(state, project, about, { ...canvas, rows: room }, view.above, shortPath)
    : scrolledPage(keysPage(canvas), room, view.above);
  const blank = Array.from({ length: Math.max(0, room - page.lines.length) }, () => '');
  const more = page.isCut ? '↑↓ more' : '';
  const lines = withLastLine([...page.lines, ...blank], state, canvas, view, more);
  return { lines, view: { ...view, above: page.above }, seen: project ? [project] : [] };
}

function scrolledPage(
  lines: readonly string[],
  rows: number,
  above: number,
): { lines: string[]; above: number; isCut: boolean } {
  const scrolled = Math.min(above, Math.max(0, lines.length - rows));
  return {
    lines: lines.slice(scrolled, scrolled + Math.max(0, rows)),
    above: scrolled,
    isCut: lines.length > rows,
  };
}
