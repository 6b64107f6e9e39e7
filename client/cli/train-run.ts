/** A trainer under its lease: started, listened to, ended with it, and its end told to the registry. */
import { constants } from 'node:os';
import type { Client } from '../client.ts';
import { RpcError } from '../errors.ts';
import { cutText } from '../reported.ts';
import type { WireProject } from '../../src/domain/encoding.ts';
import type { RegistryError } from '../../src/domain/errors.ts';
import type { Result } from '../../src/protocol/methods.ts';
import type { Context } from './context.ts';
import { EXIT } from './errors.ts';
import { systemReason } from './failures.ts';
import { duration, printable, shellWord } from './text.ts';
import { trainerEnvironment } from './train-environment.ts';
import { type EndCall, Lease } from './train-lease.ts';
import { type Ended, passSignals, Trainer } from './train-process.ts';
import { readReport, ReportFault, type TrainingResult } from './train-reports.ts';

/** What shells and env(1) end with when there is no such program, and when it cannot be run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** What the registry takes of an error, in UTF-16 units. */
const MAX_ERROR = 4_000;

/** Why a trainer had to end. */
type Interruption = { readonly lost: RegistryError } | { readonly cancelled: string | undefined };

/**
 * Runs a trainer to its end, and tells the registry how that was.
 *
 * @param directory where it runs; paths that it reports start from there
 * @throws {RegistryError} when the lease is lost; the trainer has ended then
 */
export async function runTrainer(
  ctx: Context,
  client: Client,
  begun: Result<'training.begin'>,
  command: readonly string[],
  directory: string,
): Promise<void> {
  const { project, token } = begun;
  const name = shellWord(project.name);
  ctx.hints = { lease_lost: `gardener show ${name} tells who has the project now; the command was ended` };
  ctx.host.leaveSignals();
  ctx.host.outliveReaders();
  const warn = onlyOnce((why) =>
    ctx.note(`gardener: cannot use a progress report: ${why}; later ones are not mentioned`),
  );
  const warnings: string[] = [];
  const tellResult = (why: string): void => {
    const warning = `cannot use all of the reported result: ${why}`;
    warnings.push(warning);
    ctx.note(`gardener: ${warning}`);
  };
  let result: TrainingResult = {};
  let interruption: Interruption | undefined;
  let trainer: Trainer | undefined;
  const interrupt = (why: Interruption): void => {
    interruption ??= why;
    void trainer?.stop();
  };
  const lease = new Lease(client, begun, {
    cancelled: (reason) => interrupt({ cancelled: reason }),
    lost: (error) => interrupt({ lost: error }),
    refused: warn,
  });
  const heard = (line: string | undefined): void => {
    try {
      if (line === undefined) throw new ReportFault('the line is too long');
      const report = readReport(line, directory);
      if (!report) return;
      result = { ...result, ...report.result };
      for (const what of report.told.result) tellResult(what);
      for (const what of report.told.progress) warn(what);
      if (Object.keys(report.progress).length > 0) lease.report(report.progress);
    } catch (error) {
      if (!(error instanceof ReportFault)) throw error;
      const why = `${error.message}${line === undefined ? '' : `: ${printable(cutText(line, 100))}`}`;
      // What comes of a training is said once, and whoever trains must hear that it was lost.
      if (line?.includes('"result"')) tellResult(why);
      else warn(why);
    }
  };
  const started = performance.now();
  try {
    trainer = await Trainer.start(command, {
      env: trainerEnvironment(ctx.host.env, project, token, ctx.location),
      // The answer for programs has standard output for itself.
      stdout: ctx.json ? 2 : 'inherit',
      heard,
    });
  } catch (error) {
    await notStarted(ctx, lease, command, error);
    return;
  }
  ctx.suggest(
    `training ${printable(project.name)}; to stop it from elsewhere: gardener train --cancel ${name}`,
  );
  const release = passSignals(trainer);
  if (interruption) void trainer.stop();
  const ended = await trainer.ended;
  // A trainer that ends at once may leave others of its group, which still work on the project.
  if (interruption) await trainer.stop();
  trainer.leave();
  release();
  await tellEnd(ctx, lease, {
    ended,
    interruption,
    result,
    tail: trainer.tail.lines(),
    started,
    warnings,
    tellResult,
  });
}

/** Nothing was trained: the project gets back to what it was. */
async function notStarted(
  ctx: Context,
  lease: Lease,
  command: readonly string[],
  error: unknown,
): Promise<void> {
  await endLease(ctx, lease, (client, held) => client.training.release(held), undefined);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOENT' && code !== 'EACCES') throw error;
  const [program = ''] = command;
  ctx.note(
    `gardener: cannot run ${printable(program)}: ${code === 'ENOENT' ? 'there is no such program' : systemReason(error)}`,
  );
  ctx.exitCode = code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
}

interface Outcome {
  readonly ended: Ended;
  readonly interruption: Interruption | undefined;
  readonly result: TrainingResult;
  readonly tail: readonly string[];
  readonly started: number;
  /** What was told of the result, for programs. */
  readonly warnings: readonly string[];
  readonly tellResult: (why: string) => void;
}

async function tellEnd(ctx: Context, lease: Lease, outcome: Outcome): Promise<void> {
  const { ended, interruption, result, tail, started } = outcome;
  if (interruption && 'lost' in interruption) throw interruption.lost;
  const name = printable(lease.project.name);
  ctx.exitCode = exitCode(ended);
  let project: WireProject;
  let kind: 'completed' | 'failed' | 'released';
  if (interruption) {
    kind = 'released';
    project = await endLease(ctx, lease, (client, held) => client.training.release(held), undefined);
    const reason = interruption.cancelled === undefined ? '' : `: ${printable(interruption.cancelled)}`;
    ctx.note(`gardener: training ${name} was cancelled${reason}`);
    // It ended well because it was asked to, and trained nothing to the end.
    ctx.exitCode ||= EXIT.refused;
  } else if (ended.code === 0) {
    kind = 'completed';
    project = await complete(ctx, lease, result, outcome.tellResult);
    ctx.suggest(`trained ${name} in ${duration((performance.now() - started) / 1000)}`);
  } else {
    kind = 'failed';
    const how = ended.signal === null ? `exit code ${ended.code}` : `ended by ${ended.signal}`;
    const error = [how, ...tail].join('\n');
    const details = ended.signal === null ? { exit_code: ended.code } : { signal: ended.signal };
    project = await endLease(
      ctx,
      lease,
      (client, held) => client.training.fail({ ...held, error: cutText(error, MAX_ERROR), details }),
      'failed',
    );
    ctx.note(`gardener: training ${name} has failed: ${how}`);
  }
  if (ctx.json)
    ctx.printJson({
      outcome: kind,
      exit_code: ended.code,
      signal: ended.signal,
      project,
      warnings: outcome.warnings,
    });
}

/** What the registry does not take of a result must not undo the training, nor the rest of the result. */
async function complete(
  ctx: Context,
  lease: Lease,
  result: TrainingResult,
  tellResult: (why: string) => void,
): Promise<WireProject> {
  return endLease(
    ctx,
    lease,
    async (client, held) => {
      let taken: TrainingResult = result;
      for (;;) {
        try {
          return await client.training.complete({ ...held, ...taken });
        } catch (error) {
          if (!(error instanceof RpcError) || Object.keys(taken).length === 0) throw error;
          const refused = new Set(error.issues.map(({ path }) => path.split('.')[0]));
          const rest = Object.entries(taken).filter(([name]) => !refused.has(name));
          // Where nothing is named, nothing can be kept.
          taken = rest.length < Object.keys(taken).length ? Object.fromEntries(rest) : {};
          const faults = error.issues.map(({ path, message }) => `${path}: ${message}`);
          tellResult(faults.join('; ') || error.message);
        }
      }
    },
    'completed',
  );
}

function endLease(
  ctx: Context,
  lease: Lease,
  call: EndCall,
  status: WireProject['training_status'] | undefined,
): Promise<WireProject> {
  return lease.end(call, status, async () => {
    if (ctx.autoStart) await ctx.withClient((client) => client.daemon.ping());
  });
}

function exitCode({ code, signal }: Ended): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function onlyOnce(tell: (why: string) => void): (why: string) => void {
  let told = false;
  return (why) => {
    if (!told) tell(why);
    told = true;
  };
}
