/** The screen, as it is printed. */
import { ConnectionError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { EXIT, explain } from '../errors.ts';
import { printable } from '../terminal/text.ts';
import { type Glance, lookAround } from './glance.ts';
import { layRows, type Row } from './layout.ts';
import { homeRows } from './rows.ts';

/** Prints a screen no wider than the terminal. */
export function printGlance(ctx: Context, glance: Glance): void {
  printRows(ctx, homeRows(ctx, glance));
}

/**
 * Prints it where there is something to see, be it only that there is no daemon, and why; then the exit code says so.
 *
 * @returns false where nothing is registered, and nothing printed
 */
export async function printHome(ctx: Context): Promise<boolean> {
  try {
    const glance = await ctx.withClient((client) => lookAround(ctx, client));
    if (glance.registry.project_count === 0 && !glance.registry.problem) return false;
    printGlance(ctx, glance);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    ctx.exitCode = EXIT.unreachable;
    printRows(ctx, unreachableRows(ctx, error));
  }
  return true;
}

function unreachableRows(ctx: Context, error: ConnectionError): Row[] {
  const { message, hint } = explain(error, ctx.hints, ctx.socketAlone);
  return [
    { label: 'daemon', told: ctx.paint('red', printable(ctx.advise(ctx.tildes(message)))) },
    ...(hint === undefined ? [] : [{ label: 'try', told: printable(ctx.advise(hint)) }]),
    { label: 'help', told: 'gardener --help for all commands' },
  ];
}

function printRows(ctx: Context, rows: readonly Row[]): void {
  ctx.printLines(layRows(rows, { columns: ctx.columns, paint: ctx.paint }));
}
