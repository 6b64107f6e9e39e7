/** The screen, as it is printed. */
import type { ConnectionError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { explain } from '../errors.ts';
import { printable } from '../terminal/text.ts';
import type { Glance } from './glance.ts';
import { layRows, type Row } from './layout.ts';
import { homeRows } from './rows.ts';

/** Prints a screen no wider than the terminal. */
export function printGlance(ctx: Context, glance: Glance): void {
  printRows(ctx, homeRows(ctx, glance));
}

/** Says in the place of the daemon why it cannot be reached, and what to do. */
export function printUnreachable(ctx: Context, error: ConnectionError): void {
  const { message, hint } = explain(error, ctx.hints, ctx.socketAlone);
  printRows(ctx, [
    { label: 'daemon', told: ctx.paint('red', printable(ctx.advise(ctx.tildes(message)))) },
    { label: 'try', told: printable(ctx.advise(hint ?? 'gardener doctor')) },
    { label: 'help', told: 'gardener --help for all commands' },
  ]);
}

function printRows(ctx: Context, rows: readonly Row[]): void {
  ctx.printLines(layRows(rows, { columns: ctx.columns, paint: ctx.paint }));
}
