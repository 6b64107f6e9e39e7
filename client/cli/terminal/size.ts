/** How large a terminal is. */
import type { Output } from '../context.ts';

/** What a terminal is taken to be that does not say, as in a container or a build: its size is 0 by 0. */
const UNKNOWN = { columns: 80, rows: 24 } as const;

/** Columns of the terminal that shows what is written; undefined where nobody looks, and nothing is to be cut. */
export function columnsOf({ isTTY, columns }: Pick<Output, 'isTTY' | 'columns'>): number | undefined {
  return isTTY ? columns || UNKNOWN.columns : undefined;
}

export function sizeOf({ columns, rows }: Pick<Output, 'columns' | 'rows'>): {
  readonly columns: number;
  readonly rows: number;
} {
  return { columns: columns || UNKNOWN.columns, rows: rows || UNKNOWN.rows };
}
