/** The registry as a table that fits a terminal. Pure: state, size and time come in. */
import { stripVTControlCharacters } from 'node:util';
import type { WireProject } from '../../../../src/domain/encoding.ts';
import { type Paint, STATUS_STYLES } from '../../terminal/colour.ts';
import { plural, printable, statusWords, thousands } from '../../terminal/text.ts';
import { layColumns } from './columns.ts';
import { type Hint, withLastLine } from './last-line.ts';
import { problemWords } from '../standing.ts';
import { sinceWhen, type WatchState } from '../state.ts';
import { cutText, textWidth } from '../../terminal/width.ts';
import { foldText } from '../../terminal/wrap.ts';
import { selectedOf, type ViewState } from '../keys/view.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Canvas extends Size {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly paint: Paint;
}

/** What somebody with a keyboard sees of the table. */
export interface Looked {
  readonly view: ViewState;
  /** Those that the filter leaves. */
  readonly projects: readonly WireProject[];
}

/** With so many rows some may stay blank. */
const ROOMY = 13;
/** Lines. */
const MOST_OF_PROBLEM = 4;
/** Of a filter, at least so many columns are seen. */
const LEAST_FILTER = 6;

/**
 * At most `rows` lines of at most `columns` columns.
 *
 * @param looked undefined where no keys are read
 */
export function watchTable(state: WatchState, canvas: Canvas, looked?: Looked): string[] {
  const { columns, rows, paint } = canvas;
  const head = headOf(state, canvas, looked);
  const room = roomFor(state, canvas);
  if (room < 1) return withLastLine(head, state, canvas, looked?.view);
  const { projects = state.inOrder(), view } = looked ?? {};
  const top = view?.top ?? 0;
  const shown = projects.slice(top, top + room);
  const none =
    view && view.filter !== '' ? [paint('dim', cutText('no project has that', columns, 'end'))] : [];
  const lines = [...head, ...(shown.length > 0 ? layProjects(state, shown, canvas, view) : none)];
  const blank = rows >= ROOMY ? Array.from({ length: rows - 1 - lines.length }, () => '') : [];
  const where = whereOf(top, shown.length, projects.length);
  return withLastLine([...lines, ...blank], state, canvas, view, where);
}

/** How many projects are seen at once. */
export function roomFor(state: WatchState, size: Size): number {
  const head = 1 + problemLines(state, size).length + (size.rows >= ROOMY ? 1 : 0);
  // The titles and the last line.
  return size.rows - head - 2;
}

function whereOf(top: number, shown: number, all: number): Hint[] {
  return shown === all ? [] : [[`${thousands(top + 1)}-${thousands(top + shown)} of ${thousands(all)}`, 2.5]];
}

function headOf(state: WatchState, canvas: Canvas, looked: Looked | undefined): string[] {
  const { rows, paint } = canvas;
  const isFiltered = looked && (looked.view.isTyping || looked.view.filter !== '');
  return [
    isFiltered ? filterLine(state, canvas, looked) : summary(state, canvas),
    ...problemLines(state, canvas).map((line) => paint('red', line)),
    ...(rows >= ROOMY ? [''] : []),
  ];
}

function filterLine({ size }: WatchState, { columns, paint }: Canvas, { view, projects }: Looked): string {
  const found = `  ${thousands(projects.length)} of ${plural(size, 'project')}`;
  const typed = printable(`/${view.filter}${view.isTyping ? '_' : ''}`);
  const room = columns - textWidth(found);
  // Where there is no room for both, who types sees what.
  if (room < LEAST_FILTER) return paint('bold', cutText(typed, columns, 'start'));
  return paint('bold', cutText(typed, room, 'start')) + found;
}

/** The line that keys are about is marked as terminals mark what is selected, and where there are no colours, too. */
function layProjects(
  state: WatchState,
  shown: readonly WireProject[],
  canvas: Canvas,
  view: ViewState | undefined,
): string[] {
  const selected = view && selectedOf(view);
  const lines = layColumns(state, shown, canvas, view ? (id) => id === selected : undefined);
  const at = shown.findIndex(({ project_id: id }) => id === selected);
  return lines.map((line, row) => {
    if (at < 0 || row !== at + 1) return line;
    const plain = stripVTControlCharacters(line);
    return canvas.paint('inverse', plain + ' '.repeat(Math.max(0, canvas.columns - textWidth(plain))));
  });
}

/** Milliseconds until projects look different though nothing has happened; undefined where they never do. */
export function staleAfter(projects: readonly WireProject[], now: number): number | undefined {
  const times = projects
    .map((project) => Math.max(0, now - Date.parse(sinceWhen(project))) / 1000)
    // What is no time is shown as it is, for ever.
    .filter((elapsed) => !Number.isNaN(elapsed))
    .map((elapsed) => {
      const unit = elapsed < 3_600 ? 60 : elapsed < 86_400 ? 3_600 : 86_400;
      return unit - (elapsed % unit);
    });
  return times.length === 0 ? undefined : Math.ceil(Math.min(...times) * 1000);
}

/** How many there are, and of each status as far as there is room. */
function summary(state: WatchState, { columns, paint }: Canvas): string {
  const total = plural(state.size, 'project');
  let line = paint('bold', cutText(total, columns, 'end'));
  let width = textWidth(total);
  for (const [nth, [status, count]] of state.counts().entries()) {
    const text = `${thousands(count)} ${statusWords(status)}`;
    width += 2 + textWidth(text);
    if (width > columns) break;
    line += `${nth === 0 ? ':' : ','} ${paint(STATUS_STYLES[status] ?? 'bold', text)}`;
  }
  return line;
}

/** What is wrong, with the reason, which stands last; few rows are for the projects. */
function problemLines(state: WatchState, { columns, rows }: Size): string[] {
  if (!state.problem) return [];
  const [message, place] = problemWords(state.problem, state);
  const most = Math.max(1, Math.min(MOST_OF_PROBLEM, Math.floor(rows / 4)));
  return foldText(`problem: ${message}${place && ` (${place})`}`, columns, most);
}
