/** Tables for people: aligned in any script, and never wider than the terminal. */
import { printable } from '../../../src/system/printable.ts';
import type { Context } from '../context.ts';
import { cutText, textWidth } from './width.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Where a text that does not fit loses something; of a path the end says most. Default `end`. */
  readonly cut?: 'start' | 'end';
  /** Short words that say nothing when cut; they give way last. */
  readonly rigid?: boolean;
  /** It is never cut below this width: columns on the right go first. Default what can just be read. */
  readonly least?: number;
}

export interface Cell {
  /** Shown as {@link printable} makes it. */
  readonly text: string;
  /** Applied after cutting and padding; must not change what is seen. */
  readonly paint?: ((text: string) => string) | undefined;
}

export interface TableOptions {
  /** Columns of the terminal; undefined for no limit. */
  readonly columns?: number | undefined;
  readonly paintTitle?: (text: string) => string;
  /** Gets how many of its columns there is room for. */
  readonly onFitted?: (count: number) => void;
}

const GAP = '  ';

/**
 * Prints a table as an answer.
 *
 * @returns the columns for which there was no room
 */
export function printTable<C extends Column>(
  ctx: Context,
  columns: readonly C[],
  rows: readonly (readonly Cell[])[],
): readonly C[] {
  const paintTitle = (text: string): string => ctx.paint('dim', text);
  let count = columns.length;
  const onFitted = (fitted: number): void => void (count = fitted);
  ctx.printLines(layTable(columns, rows, { columns: ctx.columns, paintTitle, onFitted }));
  return columns.slice(count);
}

/**
 * Lays out a table, one string a line, without trailing spaces.
 *
 * When it is too wide the widest columns are cut until it fits, rigid ones last; when too little of each would be left to
 * be read, those on the right are left out.
 */
export function layTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { columns: limit = Number.POSITIVE_INFINITY, paintTitle, onFitted }: TableOptions = {},
): string[] {
  const titles: Cell[] = columns.map(({ title }) => ({ text: title, paint: paintTitle }));
  const lines = [titles, ...rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })))];
  const wanted = columns.map((_, index) =>
    lines.reduce((widest, line) => Math.max(widest, textWidth(line[index]?.text ?? '')), 0),
  );
  const widths = fitWidths(
    wanted,
    limit,
    columns.map(({ rigid = false }) => rigid),
    columns.map(({ least = LEAST_READABLE }) => least),
  );
  onFitted?.(widths.length);
  return lines.map((line) => layLine(line, columns, widths));
}

function layLine(line: readonly Cell[], columns: readonly Column[], widths: readonly number[]): string {
  const cells = widths.map((width, index) => {
    const { text = '', paint } = line[index] ?? {};
    const { align = 'left', cut = 'end' } = columns[index] ?? {};
    const shown = cutText(text, width, cut);
    // The blank after the last text of a line would only wrap when the window gets narrower.
    const isLast = line.slice(index + 1, widths.length).every((cell) => cell.text === '');
    const missing = isLast && align === 'left' ? 0 : width - textWidth(shown);
    // Only the text itself: an underlined blank would be seen.
    return pad(paint && shown !== '' ? paint(shown) : shown, missing, align);
  });
  return cells.join(GAP).trimEnd();
}

/** To this width columns are cut before rigid ones are. */
const LEAST_WIDTH = 8;
/** Of a text that is cut further nothing can be told. */
const LEAST_READABLE = 5;

/**
 * The widths that columns get of a limited room, gaps of two between them.
 *
 * The widest give way first, down to what can be read; if that is still too much, the last ones go.
 */
export function fitWidths(
  wanted: readonly number[],
  limit: number,
  rigid: readonly boolean[] = [],
  leasts: readonly number[] = [],
): number[] {
  const count = wanted.length;
  const room = limit - GAP.length * (count - 1);
  if (total(wanted) <= room) return [...wanted];
  if (count === 1) return [Math.max(1, Math.floor(limit))];
  const least = wanted.map((width, index) => Math.min(width, leasts[index] ?? LEAST_READABLE));
  if (room < total(least)) return fitWidths(wanted.slice(0, -1), limit, rigid, leasts);
  const atCap = (cap: number, rigidCap: number) =>
    wanted.map((width, index) => Math.min(width, Math.max(rigid[index] ? rigidCap : cap, least[index] ?? 0)));
  let cap = Math.max(...wanted);
  let rigidCap = cap;
  while (total(atCap(cap, rigidCap)) > room) {
    if (cap > LEAST_WIDTH || rigidCap <= cap) cap -= 1;
    else rigidCap -= 1;
  }
  const widths = atCap(cap, rigidCap);
  let left = room - total(widths);
  return widths.map((width, index) => {
    if (left <= 0 || width >= (wanted[index] ?? 0)) return width;
    left -= 1;
    return width + 1;
  });
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0);
}

function pad(text: string, missing: number, align: 'left' | 'right'): string {
  if (missing <= 0) return text;
  return align === 'left' ? text + ' '.repeat(missing) : ' '.repeat(missing) + text;
}
