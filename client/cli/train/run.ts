/** A trainer under its lease: started, listened to, and ended with it. */
import { errorCode, systemReason } from '../../../src/system/errors.ts';
import type { Client } from '../../client.ts';
import { cutText } from '../../../src/domain/values/text.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { RegistryError } from '../../../src/domain/errors.ts';
import type { Context } from '../context.ts';
import { elsewhere } from '../elsewhere.ts';
import { explain } from '../errors.ts';
import { KeptLog } from '../logs/kept-log.ts';
import { printable, operands } from '../terminal/text.ts';
import { CTRL_C, endLease, type Finish, type Interruption, isStalled, tellEnd, unusable } from './end.ts';
import { adapterInService, type Begun, trainerEnvironment } from './environment.ts';
import { HeldLease } from '../../training/held.ts';
import { sourceAt } from '../../codebase/source.ts';
import { LOST_MS, TERM_MS, Trainer } from './process/process.ts';
import { passSignals } from './process/signals.ts';
import { ProgressLine } from './progress-line.ts';
import { joinResults, readReport, ReportFault, type TrainingResult } from './reports.ts';
import { inOneLine, tellWatcher } from './summary.ts';

/** What shells and env(1) end with when there is no such program, and when it cannot be run. */
export const NOT_FOUND = 127;
export const NOT_EXECUTABLE = 126;

export interface Work {
  readonly command: readonly string[];
  /** Where it runs; paths that it reports start from there. */
  readonly directory: string;
  /** Whether a project is claimed anew that waits again; one whose training was cancelled must not, then. */
  readonly isRepeated?: boolean;
}

/**
 * Runs a trainer to its end, and tells the registry how that was.
 *
 * @throws {RegistryError} when the lease is lost; the trainer has ended then
 */
export async function runTrainer(
  ctx: Context,
  client: Client,
  begun: Begun,
  { command, directory, isRepeated = false }: Work,
): Promise<Finish> {
  const { project, output } = begun;
  const name = operands(project.name);
  ctx.hints = { lease_lost: `gardener show ${name}, which tells how it stands` };
  let hasWarned = false;
  const warn = (why: string): void => {
    if (!hasWarned) ctx.note(`gardener: cannot use a progress report: ${why}; later ones are not mentioned`);
    hasWarned = true;
  };
  const warnings = new Set<string>();
  const tell = (warning: string): void => {
    // Once: a trainer that tells a result after each epoch makes the same mistake each time.
    if (warnings.has(warning)) return;
    warnings.add(warning);
    ctx.note(`gardener: ${warning}`);
  };
  let result: TrainingResult = {};
  let interruption: Interruption | undefined;
  let presses = 0;
  let patience = TERM_MS;
  let trainer: Trainer | undefined;
  const line = new ProgressLine(ctx, project.name);
  const interrupt = (why: Interruption): void => {
    interruption ??= why;
    if ('lost' in why) patience = LOST_MS;
    line.tell({
      notice: 'lost' in why ? 'ending: the project was taken away' : 'stopping: asked to from elsewhere',
    });
    void trainer?.stop(patience);
  };
  const lease = new HeldLease(client, begun, {
    cancelled: (reason) => {
      // Of our own doing.
      if (presses === 0 || reason !== CTRL_C) interrupt({ cancelled: reason });
    },
    lost: (error) => {
      ctx.hints = { lease_lost: adviceForLost(error, name) };
      interrupt({ lost: error });
    },
    refused: warn,
    delayed: (error) => {
      // Whoever does not want to wait for it may end this process.
      signals.end();
      const { message, hint } = explain(error);
      ctx.note(
        `gardener: the end of the training cannot be written yet, and is tried for two minutes: ${message}`,
      );
      if (hint !== undefined) ctx.note(`try: ${hint}`);
    },
    ...(line.isPossible && { foreseen: (left: number | null) => line.foreseen(left) }),
  });
  const signals = passSignals(ctx.host.ignoredSignals, {
    interrupted(times) {
      presses = times;
      line.notice(times === 1 ? 'asked to end; Ctrl-C again ends it by force' : 'ending it by force');
      if (times > 1) void trainer?.stop(0);
      // What keeps it from being written is met again by the call that ends the lease, and told there.
      else lease.cancel(CTRL_C).catch(() => undefined);
    },
    suspended: () => line.hide(),
    continued: () => line.look(),
  });
  // Not before somebody else hears them.
  ctx.host.leaveSignals();
  try {
    const place = await elsewhere(ctx, client.hello);
    if (place) tell(`the daemon is ${place.where}; the paths of ${printable(project.name)} are paths there`);
    const isHere = place?.directory !== null;
    // Which project is claimed nobody knew before; of one that was named it is told as the lease is taken.
    const source =
      project.training?.source ?? (isHere ? await sourceAt(project.source_path, ctx.host.env) : null);
    const heard = (text: string | undefined): void => {
      try {
        if (text === undefined) throw new ReportFault('the line is too long');
        const report = readReport(text, { directory, home: ctx.host.home });
        if (!report) return;
        result = joinResults(result, report.result, (what) => tell(unusable(what)));
        for (const what of report.told.result) tell(unusable(what));
        for (const what of report.told.progress) warn(what);
        line.tell(report.progress);
        if (Object.keys(report.progress).length > 0) lease.report(report.progress);
      } catch (error) {
        if (!(error instanceof ReportFault)) throw error;
        const why = `${error.message}${text === undefined ? '' : `: ${printable(cutText(text, 100))}`}`;
        // What comes of a training is said once, and whoever trains must hear that it was lost.
        // A line that was too long to be kept may have held it.
        if (text === undefined || /["']result["']/.test(text)) tell(unusable(why));
        else warn(why);
      }
    };
    const incomplete = (why: string): void => tell(`the log of the training is incomplete: ${why}`);
    // On another machine its directory is there, and nobody else can write it.
    const log =
      !output || place?.directory === null ? undefined : await KeptLog.begin(output.directory, incomplete);
    const previous = await adapterInService(project, isHere);
    const started = performance.now();
    let isSeen = true;
    try {
      trainer = await Trainer.start(command, {
        env: trainerEnvironment(ctx.host.env, begun, previous, ctx.location),
        // The answer for programs has standard output for itself.
        stdout: ctx.json ? 2 : 1,
        terminals: line.terminals,
        printed: (bytes) => log?.push(bytes),
        unseen: () => {
          isSeen = false;
          log?.note(
            'standard output went to a terminal and is not in here: there is no script(1) that would show it',
          );
        },
        heard,
      });
    } catch (error) {
      await log?.end();
      return await notStarted(ctx, lease, command, error);
    }
    signals.to(trainer);
    const said = `training ${printable(project.name)}  (Ctrl-C ends it, twice by force`;
    const elsewhereWords = `elsewhere: gardener train --cancel ${name}`;
    const lines = inOneLine(ctx, `${said}; ${elsewhereWords})`, `${said})`, elsewhereWords);
    for (const text of lines) tellWatcher(ctx, text);
    // What it writes past this process would be mixed into the line.
    if (isSeen) line.start();
    if (interruption) void trainer.stop(patience);
    else if (presses > 1) void trainer.stop(0);
    const ended = await trainer.ended;
    // A trainer that ends at once may leave others of its group, which still work on the project.
    if (interruption) await trainer.stop(patience);
    else if (presses > 0 && ended.code !== 0) await trainer.stop(presses > 1 ? 0 : TERM_MS);
    trainer.leave();
    const { tail } = trainer;
    // Whoever asks to stop from now on asks nobody but this process.
    trainer = undefined;
    signals.leave();
    await line.end();
    await log?.end();
    return await tellEnd(
      { ctx, client, lease },
      {
        ended,
        get interruption() {
          return interruption;
        },
        presses,
        result,
        source,
        tail: tail.lines(),
        started,
        isLogged: log !== undefined,
        isRepeated,
        warnings,
        tell,
      },
    );
  } catch (error) {
    await line.end();
    // It is told past the line.
    line.breakLine();
    throw error;
  } finally {
    signals.end();
    await line.end();
    lease.abandon();
  }
}

/** Nothing was trained: the project gets back to what it was. */
async function notStarted(
  ctx: Context,
  lease: HeldLease,
  command: readonly string[],
  error: unknown,
): Promise<Finish> {
  const { name } = lease.project;
  const project = await endLease(ctx, lease, (client, held) => client.training.release(held), undefined);
  const code = errorCode(error);
  if (code !== 'ENOENT' && code !== 'EACCES') throw error;
  const [program = ''] = command;
  const warning = `cannot run ${printable(program)}: ${code === 'ENOENT' ? 'there is no such program' : systemReason(error)}`;
  ctx.note(`gardener: ${warning}`);
  const exitCode = code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
  const how = { outcome: 'released', exit_code: exitCode, signal: null };
  return { exitCode, name, document: { ...how, project, warnings: [warning] } };
}

function adviceForLost({ data }: RegistryError, name: string): string {
  const { training } = (data['project'] ?? {}) as Partial<WireProject>;
  return isStalled(training)
    ? 'a longer --stall, or a trainer that reports; the command was ended'
    : `gardener show ${name}, which tells how it stands; the command was ended`;
}
