/** Labels and values below one another. */
import type { Paint } from './colour.ts';

export type Field = readonly [label: string, value: string | undefined];

/** Lays out fields, one a line, leaving out those without a value. Labels are ours and plain. */
export function layFields(fields: readonly Field[], paint: Paint, indent = ''): string[] {
  const shown = fields.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(0, ...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${indent}${paint('dim', label.padEnd(width))}  ${value}`);
}
