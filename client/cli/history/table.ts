/** Trainings that have ended as a table. Pure: the size and the time come in. */
import type { Paint } from '../terminal/colour.ts';
import { type Cell, type Column, layTable } from '../terminal/table.ts';
import { localTime, printable, relativeTime } from '../terminal/text.ts';
import { lastWords } from '../watch/standing.ts';
import { commitText, OUTCOME_STYLES, sizeText, tookText, type Trained } from './trainings.ts';

export interface Looks {
  /** Undefined for no limit. */
  readonly columns: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly paint: Paint;
}

interface Part {
  readonly column: Column;
  /** A terminal that is narrower does without. Columns. */
  readonly from?: number;
  readonly cell: (training: Trained, looks: Looks) => Cell;
}

/** From here on there is room for the time beside how long ago that was. Columns. */
const ROOM_FOR_TIMES = 100;
/** The same for who has trained beside why that was in vain; with less, the latter where anything was. Columns. */
const ROOM_FOR_BOTH = 120;

/** What says most stands first, as the last ones go where there is no room. */
const PARTS: readonly Part[] = [
  {
    column: { title: '  TOKEN', rigid: true },
    cell: ({ token, in_service: serves }, { paint }) => ({
      text: `${serves ? '*' : ' '} ${token}`,
      paint: serves ? (text) => paint('green', text) : undefined,
    }),
  },
  {
    column: { title: 'ENDED', rigid: true },
    cell: ({ ended_at: ended }, { columns = Infinity, now }) => {
      const ago = relativeTime(ended, now);
      return { text: columns >= ROOM_FOR_TIMES ? `${localTime(ended)}  ${ago}` : ago };
    },
  },
  {
    column: { title: 'OUTCOME', rigid: true },
    cell: ({ status }, { paint }) => ({
      text: printable(status),
      paint: (text) => paint(OUTCOME_STYLES[status], text),
    }),
  },
  { column: { title: 'TOOK', rigid: true }, from: 52, cell: (training) => ({ text: tookText(training) }) },
  {
    column: { title: 'SIZE', align: 'right', rigid: true },
    from: 64,
    cell: ({ bytes }) => ({ text: sizeText(bytes) }),
  },
  {
    column: { title: 'COMMIT', rigid: true },
    from: 74,
    cell: ({ source }) => ({ text: commitText(source) }),
  },
  {
    column: { title: 'BY' },
    from: 80,
    cell: ({ holder }) => ({
      text: printable(holder?.name ?? (holder?.pid === undefined ? '' : `process ${holder.pid}`)),
    }),
  },
  {
    column: { title: 'WHY' },
    from: 80,
    cell: ({ error }) => ({ text: printable(lastWords(error ?? '')) }),
  },
];

/** One a line below the titles, in the order in which they come. */
export function layTrainings(trainings: readonly Trained[], looks: Looks): string[] {
  const { columns, paint } = looks;
  const room = columns ?? Infinity;
  const leaves = trainings.some(({ error }) => error) ? 'BY' : 'WHY';
  const shown = PARTS.filter(
    ({ from = 0, column }) => room >= from && (room >= ROOM_FOR_BOTH || column.title !== leaves),
  );
  return layTable(
    // Half a number or a word says nothing: they rather go, those on the right first.
    shown.map(({ column }) => (column.rigid ? { ...column, least: Infinity } : column)),
    trainings.map((training) => shown.map(({ cell }) => cell(training, looks))),
    { columns, paintTitle: (text) => paint('dim', text) },
  );
}
