/**
 * Lines that begin with a label and end with what to do next. Pure: the width comes in.
 *
 * Where there is too little room a line loses parts of it, and then the command its place at the right: it stands below.
 * What is left is whole, so that names can be read and commands be copied; only prose is cut.
 */
import { stripVTControlCharacters } from 'node:util';
import { printable } from '../../../src/system/printable.ts';
import type { Paint, Style } from '../terminal/colour.ts';
import { tame } from '../terminal/gate.ts';
import { cutText, textWidth } from '../terminal/width.ts';
import { wrapText } from '../terminal/wrap.ts';

/** A piece of a line. */
export interface Part {
  /** From the widest to the narrowest; after the last one it is left out. */
  readonly forms: readonly string[];
  /** Sentences of somebody, which may lose their end before they are left out. */
  readonly isProse?: true;
  readonly style?: Style | undefined;
}

export interface Row {
  /** Empty for one that goes on with what the row before is about. */
  readonly label: string;
  /** What it is about, as the name of a project; it is never left out. */
  readonly subject?: string;
  /** Whether subjects of other rows are to stand below this one. */
  readonly isAligned?: true;
  readonly style?: Style;
  readonly parts?: readonly Part[];
  /** Parts by their number, in the order in which each takes its next form; default each to its end, the last one first. */
  readonly gives?: readonly number[];
  /** In place of parts: a sentence that is told to its end, in as many lines as it needs. */
  readonly told?: string;
  /** What to type next; it is never cut, and wider than the terminal if it must be. */
  readonly step?: string | undefined;
  /** Another one, which is to stand behind it in the same line where there is room. */
  readonly beside?: Row;
}

export interface RowOptions {
  /** Of the terminal; undefined for no limit. */
  readonly columns: number | undefined;
  readonly paint: Paint;
}

/** All labels are shorter. */
const LABEL = 10;
/** A longer name does not push those below it to the right. */
const WIDEST_SUBJECT = 20;
/** A terminal this wide has room for blanks between columns. */
const ROOMY = 60;
/** Prose of which less is left says nothing. */
const LEAST_PROSE = 20;
const GAP = '  ';
/** So much stands between a line and what to do next, where there is room for it. */
const STEP_GAP = 4;
const BESIDE_GAP = '      ';

/** A line, and what is to stand at its end. */
interface Line {
  readonly texts: readonly string[];
  readonly width: number;
  readonly step: string | undefined;
}

export function layRows(rows: readonly Row[], { columns, paint }: RowOptions): string[] {
  const margin = columns !== undefined && columns < ROOMY ? 0 : subjectWidth(rows);
  const lines = rows.flatMap((row) => besideOrBelow(row, margin, columns, paint));
  const common = stepColumn(lines, columns);
  return lines.flatMap(({ texts, width, step }) => {
    if (step === undefined) return texts;
    const typed = paint('cyan', printable(step));
    const length = textWidth(printable(step));
    const start =
      columns === undefined
        ? width + STEP_GAP
        : Math.max(Math.min(common, columns - length), Math.min(width + STEP_GAP, columns - length));
    if (texts.length === 1 && start >= width + GAP.length)
      return [`${texts[0]}${' '.repeat(start - width)}${typed}`];
    return [...texts, ' '.repeat(indentFor(length, margin, columns)) + typed];
  });
}

/** Where a command begins that stands below its line. */
function indentFor(length: number, margin: number, columns = 0): number {
  if (columns < ROOMY) return GAP.length;
  const fitting = [LABEL + margin + GAP.length, LABEL].find((at) => at + length <= columns);
  return fitting ?? GAP.length;
}

function subjectWidth(rows: readonly Row[]): number {
  const widths = rows.map(({ subject = '', isAligned }) => (isAligned ? textWidth(printable(subject)) : 0));
  return Math.min(WIDEST_SUBJECT, Math.max(0, ...widths));
}

/** Where steps begin that are to stand below one another: behind the longest line that has its own beside it. */
function stepColumn(lines: readonly Line[], columns = 0): number {
  const fitting = lines.filter(
    ({ width, step }) => step !== undefined && width + STEP_GAP + textWidth(printable(step)) <= columns,
  );
  return Math.max(0, ...fitting.map(({ width }) => width + STEP_GAP));
}

function besideOrBelow(row: Row, margin: number, columns: number | undefined, paint: Paint): Line[] {
  const line = layRow(row, margin, columns, paint);
  if (!row.beside) return [line];
  const below = layRow(row.beside, margin, columns, paint);
  const [text = ''] = line.texts;
  const [next = ''] = below.texts;
  const joined = `${text}${BESIDE_GAP}${next.replace(/ {2,}/, GAP)}`;
  const width = widthOf(joined);
  const isWhole = line.step === undefined && columns !== undefined && width <= columns;
  return isWhole && below.step === undefined ? [{ texts: [joined], width, step: undefined }] : [line, below];
}

function layRow(row: Row, margin: number, columns: number | undefined, paint: Paint): Line {
  const { label, subject, isAligned, style = 'bold', parts = [], told, step } = row;
  const head = paint('dim', label.padEnd(LABEL));
  if (told !== undefined) {
    const texts = wrapText(tame(told), columns, head, ' '.repeat(LABEL));
    return { texts, width: widthOf(texts[0] ?? ''), step };
  }
  const limit = columns ?? Number.POSITIVE_INFINITY;
  const name =
    subject === undefined ? undefined : cutText(printable(subject), Math.max(1, limit - LABEL), 'end');
  const width = name === undefined ? 0 : textWidth(name);
  const missing = isAligned ? Math.max(0, margin - width) : 0;
  const room = limit - LABEL - (name === undefined ? 0 : width + missing + GAP.length);
  const shown = fitParts(parts, room, row.gives).map((text, at) => painted(paint, parts[at]?.style, text));
  const begun =
    name === undefined ? [] : [paint(style, name) + ' '.repeat(shown.some(Boolean) ? missing : 0)];
  const text = head + [...begun, ...shown.filter(Boolean)].join(GAP);
  return { texts: [text.trimEnd()], width: widthOf(text.trimEnd()), step };
}

/** The form that each part has in a room; empty for one that is left out. */
function fitParts(parts: readonly Part[], room: number, gives?: readonly number[]): string[] {
  const forms = parts.map((part) => part.forms.map(printable));
  const shown = forms.map(([widest = '']) => widest);
  const width = (): number =>
    shown.filter(Boolean).reduce((sum, text) => sum + textWidth(text) + GAP.length, -GAP.length);
  const all = [...parts.keys()].toReversed().flatMap((at) => (parts[at]?.forms ?? []).map(() => at));
  for (const at of [...(gives ?? []), ...all]) {
    const excess = width() - room;
    if (excess <= 0) break;
    const [, ...narrower] = forms[at] ?? [];
    const left = textWidth(shown[at] ?? '') - excess;
    const isCut = parts[at]?.isProse && narrower.length === 0 && left >= LEAST_PROSE;
    shown[at] = isCut ? cutText(shown[at] ?? '', left, 'end') : (narrower[0] ?? '');
    forms[at] = narrower;
  }
  return shown;
}

function painted(paint: Paint, style: Style | undefined, text: string): string {
  return style && text !== '' ? paint(style, text) : text;
}

function widthOf(text: string): number {
  return textWidth(stripVTControlCharacters(text));
}
