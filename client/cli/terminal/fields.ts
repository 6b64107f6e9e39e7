/** Labels and values below one another. */
import type { Context } from '../context.ts';
import type { Paint } from './colour.ts';
import { tame } from './gate.ts';
import { wrapText } from './wrap.ts';

/** A list has each of its lines below the other. */
export type Field = readonly [label: string, value: string | readonly string[] | undefined];

export interface FieldOptions {
  readonly indent?: string;
  /** Columns of the terminal; undefined for no limit. */
  readonly columns?: number | undefined;
}

/** Prints fields as an answer. */
export function printFields(ctx: Context, fields: readonly Field[], indent = ''): void {
  ctx.printLines(layFields(fields, ctx.paint, { indent, columns: ctx.columns }));
}

/** Lays out fields, leaving out those without a value. Labels are ours and plain. */
export function layFields(
  fields: readonly Field[],
  paint: Paint,
  { indent = '', columns }: FieldOptions = {},
): string[] {
  const shown = fields.filter(([, value]) => value !== undefined && value.length > 0);
  const width = Math.max(0, ...shown.map(([label]) => label.length));
  const margin = indent + ' '.repeat(width + 2);
  return shown.flatMap(([label, value = '']) => {
    const lines = typeof value === 'string' ? [value] : value;
    const head = `${indent}${paint('dim', label.padEnd(width))}  `;
    return lines.flatMap((line, at) => wrapText(tame(line), columns, at === 0 ? head : margin, margin));
  });
}
