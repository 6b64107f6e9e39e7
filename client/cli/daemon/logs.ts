/** `gardener daemon logs`: the daemon's log, whether or not a daemon runs. */
import { ConnectionError } from '../../errors.ts';
import { resolvePaths } from '../../../src/paths.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { whenRunning } from './running.ts';
import { elsewhere, requireHere } from '../elsewhere.ts';
import { followLines, OLD_FILES, readLines } from './follow.ts';
import { systemReason } from '../../../src/system/errors.ts';
import { LocalError } from '../errors.ts';
import { logLevels, wholeNumber } from '../option-values.ts';
import { shownJsonLines } from '../terminal/gate.ts';
import { isAtLeast, prettyLine } from './log-lines.ts';
import { localDay, printable } from '../terminal/text.ts';

export default defineCommand({
  description: 'Prints the log of the daemon, whether it is running or not.',
  takes: {
    '-f, --follow': 'go on with what is written from now on',
    '-n, --lines <number>': { description: 'how many lines to begin with', read: wholeNumber, default: 50 },
    '--level <level>': { description: 'only what is of this level or above', ...logLevels },
  },
  examples: {
    'gardener daemon logs -n 20': 'the last lines',
    'gardener daemon logs --follow --level WARNING': 'what goes wrong from now on',
  },
  document:
    'a document a line, as the daemon has logged it: level (10 to 60), time (milliseconds since 1970), msg and what it is about',
  async action(ctx, { follow, lines: last, level }) {
    const logFile = await logHere(ctx);
    const wanted = (line: string): boolean => level === undefined || isAtLeast(line, level);
    try {
      if (follow) {
        ctx.host.endUnread();
        const endless = new AbortController().signal;
        for await (const lines of followLines(logFile, last, endless, wanted)) show(ctx, lines);
        return;
      }
      const lines = await lastLines(logFile, last, wanted);
      if (lines === undefined) return ctx.note(`there is no log yet; it will be ${ctx.shortPath(logFile)}`);
      show(ctx, lines);
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      throw new LocalError(`cannot read ${ctx.shortPath(logFile)}: ${systemReason(error)}`, undefined, error);
    }
  },
});

/**
 * The log of the daemon that answers; without one, that of the last one here.
 *
 * @throws {LocalError} when it is not on this machine, or nobody knows where
 */
async function logHere(ctx: Context): Promise<string> {
  const { paths, socketAlone } = ctx;
  try {
    const place = await whenRunning(ctx, async (client) => elsewhere(ctx, await client.daemon.status()));
    requireHere(place ?? null, 'show the log', 'gardener daemon logs');
    if (place?.directory) return resolvePaths({ dataDir: place.directory }, {}).logFile;
    if (place === null) return paths.logFile;
  } catch (error) {
    // A daemon that hangs is one whose log is to be read.
    if (!(error instanceof ConnectionError)) throw error;
  }
  if (!socketAlone) return paths.logFile;
  throw new LocalError(
    `cannot tell which log is meant: no daemon answers on ${printable(ctx.shortPath(paths.socket))}, which was given without a data directory`,
    `gardener daemon logs --data-dir <path>, where that daemon runs`,
  );
}

/** The last lines, from older files too where the newer ones have too few; undefined without any file. */
async function lastLines(
  logFile: string,
  last: number,
  wanted: (line: string) => boolean,
): Promise<string[] | undefined> {
  const found: string[] = [];
  let isThere = false;
  for (let number = 0; number <= OLD_FILES && found.length < last; number += 1) {
    const lines = await readLines(number === 0 ? logFile : `${logFile}.${number}`);
    isThere ||= lines.length > 0;
    found.unshift(...lines.filter(wanted).slice(-(last - found.length)));
  }
  return isThere || last === 0 ? found : undefined;
}

function show(ctx: Context, lines: readonly string[]): void {
  if (lines.length === 0) return;
  if (ctx.json) return void ctx.host.stdout.write(shownJsonLines(lines));
  const today = localDay(new Date(ctx.host.now()));
  ctx.printLines(lines.map((line) => prettyLine(line, today, ctx.paint)));
}
