/** `gardener daemon logs`: the daemon's log, whether or not a daemon runs. */
import type { Context } from './context.ts';
import { followLines, readLines } from './follow.ts';
import { LocalError, systemReason } from './failures.ts';
import { prettyLine } from './log-lines.ts';
import { localDay } from './text.ts';

export interface LogOptions {
  readonly follow?: true;
  /** How many of the lines that are there already. */
  readonly lines: number;
}

/** @param signal ends following */
export async function logs(
  ctx: Context,
  { follow, lines: last }: LogOptions,
  signal?: AbortSignal,
): Promise<void> {
  const { logFile } = ctx.paths;
  try {
    if (follow) {
      const endless = new AbortController().signal;
      for await (const lines of followLines(logFile, last, signal ?? endless)) show(ctx, lines);
      return;
    }
    const lines = await lastLines(logFile, last);
    if (lines === undefined) return ctx.note(`there is no log yet; it will be ${ctx.shortPath(logFile)}`);
    show(ctx, lines);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new LocalError(`cannot read ${ctx.shortPath(logFile)}: ${systemReason(error)}`, undefined, error);
  }
}

/** The last lines, from the file before the last rotation too when the current one is too short. */
async function lastLines(logFile: string, last: number): Promise<string[] | undefined> {
  const current = await readLines(logFile);
  const before = current.length < last ? await readLines(`${logFile}.1`) : [];
  const all = [...before, ...current];
  if (all.length === 0) return undefined;
  return all.slice(Math.max(0, all.length - last));
}

function show(ctx: Context, lines: readonly string[]): void {
  if (lines.length === 0) return;
  if (ctx.json) return ctx.print(lines.join('\n'));
  const today = localDay(new Date(ctx.host.now()));
  ctx.print(lines.map((line) => prettyLine(line, today, ctx.paint)).join('\n'));
}
