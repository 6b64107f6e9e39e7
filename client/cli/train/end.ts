/** The end of a training, told to the registry and to whoever reads. */
import { constants } from 'node:os';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { isRefusal, RegistryError } from '../../../src/domain/errors.ts';
import type { JsonObject, Source } from '../../../src/domain/project.ts';
import { INVALID_PARAMS } from '../../../src/protocol/errors.ts';
import { OutputError, RpcError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../errors.ts';
import { duration, printable } from '../terminal/text.ts';
import type { EndCall, HeldLease } from './lease.ts';
import type { Ended } from './process/process.ts';
import type { TrainingResult } from './reports.ts';

/** Why a trainer had to end. */
export type Interruption = { readonly lost: RegistryError } | { readonly cancelled: string | undefined };

/** How a training ended, and what came of it. */
export interface Outcome {
  readonly ended: Ended;
  readonly interruption: Interruption | undefined;
  readonly result: TrainingResult;
  /** What was trained from, as far as git tells. */
  readonly source: Source | null;
  readonly tail: readonly string[];
  readonly started: number;
  /** What was told beside that, for programs; added to by {@link Outcome.tell}. */
  readonly warnings: ReadonlySet<string>;
  /** Tells the person, and programs. */
  readonly tell: (warning: string) => void;
}

/** @throws {RegistryError} when the lease was lost */
export async function tellEnd(ctx: Context, lease: HeldLease, outcome: Outcome): Promise<void> {
  const { code, signal } = outcome.ended;
  const how = { exit_code: code, signal };
  try {
    const { project, kind } = await end(ctx, lease, outcome);
    if (!ctx.json) return;
    // A daemon of an earlier version does not tell.
    const known = project.training?.outcome ?? kind;
    ctx.printJson({ outcome: known, ...how, project, warnings: [...outcome.warnings] });
  } catch (error) {
    if (isRefusal(error, 'lease_lost', 'project_not_found'))
      ctx.besideError = { outcome: lossOf(error), ...how, warnings: [...outcome.warnings] };
    throw error;
  }
}

interface Told {
  readonly project: WireProject;
  readonly kind: 'completed' | 'failed' | 'cancelled';
}

async function end(ctx: Context, lease: HeldLease, outcome: Outcome): Promise<Told> {
  const { ended, interruption, tail } = outcome;
  if (interruption && 'lost' in interruption) {
    throw interruption.lost.kind === 'project_not_found'
      ? removed(interruption.lost, `the project "${lease.project.name}" was removed; the command was ended`)
      : interruption.lost;
  }
  ctx.exitCode = exitCode(ended);
  if (interruption) return await cancelled(ctx, lease, interruption.cancelled);
  if (ended.code !== 0) {
    const how = ended.signal === null ? `exit code ${ended.code}` : `ended by ${ended.signal}`;
    const details = ended.signal === null ? { exit_code: ended.code } : { signal: ended.signal };
    return await failed(ctx, lease, how, { tail, details });
  }
  try {
    return await completed(ctx, lease, outcome);
  } catch (error) {
    const why = unfit(error);
    if (why === undefined) throw error;
    ctx.exitCode = EXIT.refused;
    return await failed(ctx, lease, why, { tail: [], details: { exit_code: 0 } });
  }
}

async function completed(
  ctx: Context,
  lease: HeldLease,
  { result, source, started, tell }: Outcome,
): Promise<Told> {
  const name = printable(lease.project.name);
  // What was not taken is named by its parameter; of what is on the disk a whole sentence is told.
  const onWarning = (what: string, code?: string): void => {
    // What it lacks is told below, with what its trainer is to do.
    if (code === undefined) tell(what.startsWith('cannot ') ? printable(ctx.tildes(what)) : unusable(what));
  };
  // Before that, the output is synced to the disk.
  const complete: EndCall = (client, held) =>
    client.training.complete({ ...held, ...(source && { source }), ...result }, { onWarning });
  const { warnings, ...project } = await endLease(ctx, lease, complete, 'completed');
  if (warnings?.includes('no_adapter')) {
    tell(
      `${name} is trained, and there is no adapter: the trainer is to write it to $GARDENER_PROJECT_LORA_ADAPTER_PATH, or to report another lora_adapter_path`,
    );
  }
  ctx.suggest(`trained ${name} in ${duration((performance.now() - started) / 1000)}`);
  return { project, kind: 'completed' };
}

/**
 * Why what was made cannot come into service, whatever its trainer ended with: the disk does not take it, or its place is no
 * directory any more. Undefined for another error.
 */
function unfit(error: unknown): string | undefined {
  if (error instanceof OutputError) return error.reason;
  if (!(error instanceof RpcError) || error.code !== INVALID_PARAMS) return undefined;
  return error.issues.find(({ path }) => path === 'output')?.message;
}

async function failed(
  ctx: Context,
  lease: HeldLease,
  how: string,
  { tail, details }: { readonly tail: readonly string[]; readonly details: JsonObject },
): Promise<Told> {
  const error = [how, ...tail].join('\n');
  const fail: EndCall = (client, held) => client.training.fail({ ...held, error, details });
  const project = await endLease(ctx, lease, fail, 'failed');
  ctx.note(`gardener: training ${printable(lease.project.name)} has failed: ${printable(ctx.tildes(how))}`);
  return { project, kind: 'failed' };
}

async function cancelled(ctx: Context, lease: HeldLease, why: string | undefined): Promise<Told> {
  const project = await endLease(ctx, lease, (client, held) => client.training.release(held), undefined);
  const reason = why === undefined ? '' : `: ${printable(why)}`;
  ctx.note(`gardener: training ${printable(lease.project.name)} was cancelled${reason}`);
  // It ended well because it was asked to, and trained nothing to the end.
  ctx.exitCode ||= EXIT.refused;
  return { project, kind: 'cancelled' };
}

/** How a training has ended whose lease is another's or nobody's. */
function lossOf({ data }: RegistryError): 'stalled' | 'lost' {
  const { training } = (data['project'] ?? {}) as Partial<WireProject>;
  return isStalled(training) ? 'stalled' : 'lost';
}

/** Whether the last training of a project was silent for too long; earlier daemons say so by its error alone. */
export function isStalled(training: WireProject['training'] | undefined): boolean {
  return training?.outcome === 'stalled' || training?.error === 'stalled';
}

/** What is told of a result of which not all was taken. */
export function unusable(why: string): string {
  return `cannot use all of the reported result: ${why}`;
}

export async function endLease(
  ctx: Context,
  lease: HeldLease,
  call: EndCall,
  status: WireProject['training_status'] | undefined,
): Promise<Awaited<ReturnType<EndCall>>> {
  try {
    return await lease.end(call, status, async () => {
      if (ctx.autoStart) await ctx.withClient((client) => client.daemon.ping());
    });
  } catch (error) {
    if (!isRefusal(error, 'project_not_found')) throw error;
    throw removed(error, `cannot end the training of "${lease.project.name}": the project was removed`);
  }
}

/** The registry, which has it no more, can only call it what it was asked for: an id that nobody typed. */
function removed({ kind, data }: RegistryError, message: string): RegistryError {
  return new RegistryError(kind, message, { ...data, suggestions: [] });
}

function exitCode({ code, signal }: Ended): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
