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
import { endLease, type Interruption, isStalled, tellEnd, unusable } from './end.ts';
import { adapterInService, type Begun, trainerEnvironment } from './environment.ts';
import { HeldLease } from './lease.ts';
import { sourceAt } from '../../codebase/source.ts';
import { LOST_MS, passSignals, TERM_MS, Trainer } from './process/process.ts';
import { joinResults, readReport, ReportFault, type TrainingResult } from './reports.ts';

/** What shells and env(1) end with when there is no such program, and when it cannot be run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/**
 * Runs a trainer to its end, and tells the registry how that was.
 *
 * @param directory where it runs; paths that it reports start from there
 * @throws {RegistryError} when the lease is lost; the trainer has ended then
 */
export async function runTrainer(
  ctx: Context,
  client: Client,
  begun: Begun,
  command: readonly string[],
  directory: string,
): Promise<void> {
  const { project, output } = begun;
  const name = operands(project.name);
  ctx.hints = { lease_lost: `gardener show ${name}, which tells how it stands` };
  ctx.host.leaveSignals();
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
  const place = await elsewhere(ctx, client.hello);
  if (place) tell(`the daemon is ${place.where}; the paths of ${printable(project.name)} are paths there`);
  const isHere = place?.directory !== null;
  // Which project is claimed nobody knew before; of one that was named it is told as the lease is taken.
  const source =
    project.training?.source ?? (isHere ? await sourceAt(project.source_path, ctx.host.env) : null);
  let result: TrainingResult = {};
  let interruption: Interruption | undefined;
  let patience = TERM_MS;
  let trainer: Trainer | undefined;
  const interrupt = (why: Interruption): void => {
    interruption ??= why;
    if ('lost' in why) patience = LOST_MS;
    void trainer?.stop(patience);
  };
  const lease = new HeldLease(client, begun, {
    cancelled: (reason) => interrupt({ cancelled: reason }),
    lost: (error) => {
      ctx.hints = { lease_lost: adviceForLost(error, name) };
      interrupt({ lost: error });
    },
    refused: warn,
    delayed: (error) => {
      const { message, hint } = explain(error);
      ctx.note(
        `gardener: the end of the training cannot be written yet, and is tried for two minutes: ${message}`,
      );
      if (hint !== undefined) ctx.note(`try: ${hint}`);
    },
  });
  const heard = (line: string | undefined): void => {
    try {
      if (line === undefined) throw new ReportFault('the line is too long');
      const report = readReport(line, { directory, home: ctx.host.home });
      if (!report) return;
      result = joinResults(result, report.result, (what) => tell(unusable(what)));
      for (const what of report.told.result) tell(unusable(what));
      for (const what of report.told.progress) warn(what);
      if (Object.keys(report.progress).length > 0) lease.report(report.progress);
    } catch (error) {
      if (!(error instanceof ReportFault)) throw error;
      const why = `${error.message}${line === undefined ? '' : `: ${printable(cutText(line, 100))}`}`;
      // What comes of a training is said once, and whoever trains must hear that it was lost.
      // A line that was too long to be kept may have held it.
      if (line === undefined || /["']result["']/.test(line)) tell(unusable(why));
      else warn(why);
    }
  };
  const incomplete = (why: string): void => tell(`the log of the training is incomplete: ${why}`);
  // On another machine its directory is there, and nobody else can write it.
  const log =
    !output || place?.directory === null ? undefined : await KeptLog.begin(output.directory, incomplete);
  const previous = await adapterInService(project, isHere);
  const started = performance.now();
  try {
    trainer = await Trainer.start(command, {
      env: trainerEnvironment(ctx.host.env, begun, previous, ctx.location),
      // The answer for programs has standard output for itself.
      stdout: ctx.json ? 2 : 1,
      printed: (bytes) => log?.push(bytes),
      unseen: () =>
        log?.note(
          'standard output went to a terminal and is not in here: there is no script(1) that would show it',
        ),
      heard,
    });
  } catch (error) {
    await log?.end();
    return notStarted(ctx, lease, command, error);
  }
  ctx.suggest(
    `training ${printable(project.name)}; to stop it from elsewhere: gardener train --cancel ${name}`,
  );
  const release = passSignals(trainer, ctx.host.ignoredSignals);
  if (interruption) void trainer.stop(patience);
  const ended = await trainer.ended;
  // A trainer that ends at once may leave others of its group, which still work on the project.
  if (interruption) await trainer.stop(patience);
  trainer.leave();
  release();
  await log?.end();
  await tellEnd(ctx, lease, {
    ended,
    interruption,
    result,
    source,
    tail: trainer.tail.lines(),
    started,
    warnings,
    tell,
  });
}

/** Nothing was trained: the project gets back to what it was. */
async function notStarted(
  ctx: Context,
  lease: HeldLease,
  command: readonly string[],
  error: unknown,
): Promise<void> {
  const project = await endLease(ctx, lease, (client, held) => client.training.release(held), undefined);
  const code = errorCode(error);
  if (code !== 'ENOENT' && code !== 'EACCES') throw error;
  const [program = ''] = command;
  const warning = `cannot run ${printable(program)}: ${code === 'ENOENT' ? 'there is no such program' : systemReason(error)}`;
  ctx.note(`gardener: ${warning}`);
  ctx.exitCode = code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
  const ended = { outcome: 'released', exit_code: ctx.exitCode, signal: null, project, warnings: [warning] };
  if (ctx.json) ctx.printJson(ended);
}

function adviceForLost({ data }: RegistryError, name: string): string {
  const { training } = (data['project'] ?? {}) as Partial<WireProject>;
  return isStalled(training)
    ? 'a longer --stall, or a trainer that reports; the command was ended'
    : `gardener show ${name}, which tells how it stands; the command was ended`;
}
