/** `gardener logs`: what a trainer prints, or printed. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import { outputOf, tokenOf, TRAINER_LOG, TRAININGS } from '../../../src/domain/training/output.ts';
import { isNowhere, systemReason } from '../../../src/system/errors.ts';
import type { Client } from '../../client.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { LocalError } from '../errors.ts';
import { wholeNumber } from '../option-values.ts';
import { NONE_MEANT, PROJECT, resolveProject } from '../projects/resolve.ts';
import { obeysEscapes } from '../terminal/colour.ts';
import { shownJsonLines } from '../terminal/gate.ts';
import { anyOf, operands, printable } from '../terminal/text.ts';
import { directoryOf, logIn } from './place.ts';
import { Printer, PrintedLines } from './printed.ts';
import { TrainerLog } from './trainer-log.ts';

const DAEMON_LOGS = 'gardener daemon logs';

export default defineCommand({
  description:
    'Prints what a trainer printed that gardener train ran, also while it runs. Kept are the last five trainings of a project, of each at most 8 MiB without the middle. What the daemon logs: gardener daemon logs.',
  takes: {
    '[project]': PROJECT,
    '-f, --follow': 'go on with what is printed from now on, until the training ends',
    '-n, --lines <number>': { description: 'how many lines to begin with; default all', read: wholeNumber },
    '--training <token>': { description: 'not the last training but this one', read: wholeNumber },
  },
  examples: {
    'gardener logs website': 'what its last trainer printed',
    'gardener logs website -n 20 --follow': 'the end of it, and what comes',
    'gardener logs website | grep -i loss': 'a line each, without colours',
  },
  document: {
    project: 'its project_id and name',
    training: 'its token',
    file: 'where this is kept',
    lines: 'what was printed; with --follow a document a line, {training, line}',
  },
  async action(ctx, { project: named, follow = false, lines: last = Number.POSITIVE_INFINITY, training }) {
    ctx.hints = {
      project_not_found:
        named === 'daemon' ? DAEMON_LOGS : `${NONE_MEANT.project_not_found}; of the daemon: ${DAEMON_LOGS}`,
    };
    await ctx.withClient(async (client) => {
      const { project } = await resolveProject(ctx, client, named);
      const own = await directoryOf(ctx, client, project.project_id);
      const token = training ?? project.training?.token;
      if (token === undefined) throw neverTrained(project);
      const path = logIn(own, token);
      const log = await TrainerLog.open(path).catch(async (error: unknown) => {
        if (isNowhere(error)) throw missing(project, token, await keptTokens(own, token));
        throw new LocalError(
          `cannot read ${printable(ctx.shortPath(path))}: ${systemReason(error)}`,
          undefined,
          error,
        );
      });
      try {
        if (follow) await followLog(ctx, client, log, { id: project.project_id, token, last });
        else await showLog(ctx, log, { project, token, path, last });
      } finally {
        await log.close();
      }
    });
  },
});

interface Shown {
  readonly project: WireProject;
  readonly token: number;
  readonly path: string;
  readonly last: number;
}

async function showLog(ctx: Context, log: TrainerLog, { project, token, path, last }: Shown): Promise<void> {
  const printed = new PrintedLines();
  const all = await linesOf(log, printed, last);
  const lines = lastOf([...all, ...printed.end()], last);
  if (!ctx.json) return printer(ctx).show(lines);
  const { project_id, name } = project;
  ctx.printJson({ project: { project_id, name }, training: token, file: path, lines });
}

interface Followed {
  readonly id: string;
  readonly token: number;
  readonly last: number;
}

async function followLog(
  ctx: Context,
  client: Client,
  log: TrainerLog,
  { id, token, last }: Followed,
): Promise<void> {
  ctx.host.endUnread();
  const shown = printer(ctx);
  const printed = new PrintedLines();
  const show = (lines: readonly string[], rest?: string): void => {
    if (!ctx.json) shown.show(lines, rest);
    else
      ctx.host.stdout.write(shownJsonLines(lines.map((line) => JSON.stringify({ training: token, line }))));
  };
  show(await linesOf(log, printed, last), printed.rest);
  const over = new AbortController();
  const ended = untilEnded(client, id, token, over.signal).finally(() => over.abort());
  const shownAll = (async () => {
    for await (const bytes of log.follow(over.signal)) show(printed.push(bytes), printed.rest);
    show(printed.end());
  })().finally(() => over.abort());
  await Promise.all([ended, shownAll]);
}

/** Resolves when a training has ended, in whatever way, or the signal comes. */
async function untilEnded(client: Client, id: string, token: number, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of client.watch({ project: id, signal })) {
      const project =
        'projects' in event ? event.projects[0] : 'project' in event ? event.project : undefined;
      const isOver = project && (project.training_status !== 'training' || project.training?.token !== token);
      if (isOver || event.type === 'removed') return;
    }
  } catch (error) {
    if (!signal.aborted && !isRefusal(error, 'project_not_found')) throw error;
  }
}

function printer(ctx: Context): Printer {
  const { stdout, env } = ctx.host;
  return new Printer(stdout, {
    hasColours: ctx.paint('bold', '') !== '',
    isRedrawn: obeysEscapes(stdout, env),
  });
}

/** The last lines that are there. */
async function linesOf(log: TrainerLog, printed: PrintedLines, last: number): Promise<readonly string[]> {
  let lines: readonly string[] = [];
  for await (const bytes of log.read()) lines = lastOf([...lines, ...printed.push(bytes)], last);
  return lines;
}

function lastOf(lines: readonly string[], last: number): readonly string[] {
  return lines.slice(Math.max(0, lines.length - last));
}

/** The other trainings of which there is a log, the newest first. */
async function keptTokens(own: string, but: number): Promise<number[]> {
  const names = await readdir(join(own, TRAININGS)).catch((): string[] => []);
  const tokens = names.flatMap((name) => tokenOf(name) ?? []).filter((token) => token !== but);
  const kept: number[] = [];
  for (const token of tokens.toSorted((a, b) => b - a)) {
    const within = await readdir(outputOf(own, token).directory).catch((): string[] => []);
    if (within.includes(TRAINER_LOG)) kept.push(token);
  }
  return kept;
}

function neverTrained({ name }: WireProject): LocalError {
  return new LocalError(
    `cannot show what a trainer printed: ${printable(name)} was never trained`,
    `gardener train ${operands(name)} -- <command>`,
  );
}

function missing({ name, training }: WireProject, token: number, kept: readonly number[]): LocalError {
  const which =
    training?.token === token
      ? `the last training of ${printable(name)}`
      : `a training ${token} of ${printable(name)}`;
  const why = 'gardener train kept none, or it is none of the last five';
  const [newest] = kept;
  return new LocalError(
    `there is no log of ${which}: ${why}${newest === undefined ? '' : `; there is one of ${anyOf(kept.map(String))}`}`,
    newest === undefined ? undefined : `gardener logs --training ${newest} ${operands(name)}`,
  );
}
