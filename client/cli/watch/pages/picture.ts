/** What the whole screen shows, whatever is looked at. Pure. */
import type { WireProject } from '../../../../src/domain/encoding.ts';
import { matching } from '../keys/filter.ts';
import { keysPage } from './keys.ts';
import { withLastLine } from './last-line.ts';
import { type About, projectPage, type ScrolledPage } from './project.ts';
import type { WatchState } from '../state.ts';
import { type Canvas, type Looked, roomFor, type Size, watchTable } from './table.ts';
import { selectedOf, settle, type ViewState } from '../keys/view.ts';

/** A path as people read it. */
type ShortPath = (path: string) => string;

/** The view of what is known now. */
export function arranged(state: WatchState, view: ViewState, size: Size, shortPath: ShortPath): Looked {
  const projects = matching(state.inOrder(), view.filter, shortPath);
  const order = projects.map(({ project_id: id }) => id);
  const tableRows = Math.max(1, roomFor(state, size));
  return { projects, view: settle(view, order, tableRows, (id) => state.get(id) !== undefined) };
}

/** The project that has the screen, if one has; the only one that is watched has it also when it was removed. */
export function openedProject(state: WatchState, view: ViewState): WireProject | undefined {
  const id = view.page === 'project' ? selectedOf(view) : undefined;
  if (id === undefined) return undefined;
  return state.get(id) ?? (view.isOne && state.removed?.project_id === id ? state.removed : undefined);
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
    const seen = projects.slice(view.top, view.top + view.tableRows);
    const table = { ...looked, view: { ...view, page: 'table' as const } };
    return { lines: watchTable(state, canvas, table), view, seen };
  }
  const room = canvas.rows - 1;
  const page = project
    ? projectPage(state, project, about, { ...canvas, rows: room }, view.above, shortPath)
    : scrolledPage(keysPage(canvas), room, view.above);
  const blank = Array.from({ length: Math.max(0, room - page.lines.length) }, () => '');
  const more = page.isCut ? ([['↑↓ more', 0.5]] as const) : [];
  const lines = withLastLine([...page.lines, ...blank], state, canvas, view, more);
  const scrolled = { above: page.above, pageRows: Math.max(1, page.shown) };
  return { lines, view: { ...view, ...scrolled }, seen: project ? [project] : [] };
}

function scrolledPage(lines: readonly string[], rows: number, above: number): ScrolledPage {
  const shown = Math.max(0, Math.min(rows, lines.length));
  const scrolled = Math.min(above, lines.length - shown);
  return {
    lines: lines.slice(scrolled, scrolled + shown),
    above: scrolled,
    shown,
    isCut: shown < lines.length,
  };
}
