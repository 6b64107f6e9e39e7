/** The end of a training, told to the registry and to whoever reads. */
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Source } from '../../../src/domain/project.ts';
import { isRefusal, RegistryError } from '../../../src/domain/errors.ts';
import type { Context } from '../context.ts';
import { answers } from '../codebase/disk-answer.ts';
import { EXIT } from '../errors.ts';
import { duration, printable } from '../terminal/text.ts';
import type { EndCall, HeldLease } from './lease.ts';
import type { Ended } from './process/process.ts';
import type { TrainingResult } from './reports.ts';
import { isNowhere } from '../../../src/system/errors.ts';

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
  /** Whether the project's paths lead here to what the registry has. */
  readonly isHere: boolean;
  /** What was told beside that, for programs; added to by {@link Outcome.tell}. */
  readonly warnings: ReadonlySet<string>;
  /** Tells the person, and programs. */
  readonly tell: (warning: string) => void;
}

/** @throws {RegistryError} when the lease was lost */
export async function tellEnd(ctx: Context, lease: HeldLease, outcome: Outcome): Promise<void> {
  const { ended, interruption, result, source, tail, started } = outcome;
  if (interruption && 'lost' in interruption) {
    throw interruption.lost.kind === 'project_not_found'
      ? removed(interruption.lost, `the project "${lease.project.name}" was removed; the command was ended`)
      : interruption.lost;
  }
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
    const onWarning = (what: string): void => outcome.tell(unusable(what));
    const complete: EndCall = (client, held) =>
      client.training.complete({ ...held, ...(source && { source }), ...result }, { onWarning });
    project = await endLease(ctx, lease, complete, 'completed');
    const { lora_adapter_path: adapter } = project;
    if (outcome.isHere && adapter !== null && (await isMissing(adapter))) {
      outcome.tell(
        `${name} is trained, and there is no adapter: the trainer is to write it to ${printable(ctx.shortPath(adapter))}, or to report another lora_adapter_path`,
      );
    }
    ctx.suggest(`trained ${name} in ${duration((performance.now() - started) / 1000)}`);
  } else {
    kind = 'failed';
    const how = ended.signal === null ? `exit code ${ended.code}` : `ended by ${ended.signal}`;
    const error = [how, ...tail].join('\n');
    const details = ended.signal === null ? { exit_code: ended.code } : { signal: ended.signal };
    const fail: EndCall = (client, held) => client.training.fail({ ...held, error, details });
    project = await endLease(ctx, lease, fail, 'failed');
    ctx.note(`gardener: training ${name} has failed: ${how}`);
  }
  if (!ctx.json) return;
  const { code, signal } = ended;
  ctx.printJson({ outcome: kind, exit_code: code, signal, project, warnings: [...outcome.warnings] });
}

/** What is told of a result of which not all was taken. */
export function unusable(why: string): string {
  return `cannot use all of the reported result: ${why}`;
}

/** False also where nobody can tell. */
async function isMissing(path: string): Promise<boolean> {
  if (!(await answers(path))) return false;
  try {
    await stat(path);
    return false;
  } catch (error) {
    return isNowhere(error);
  }
}

export async function endLease(
  ctx: Context,
  lease: HeldLease,
  call: EndCall,
  status: WireProject['training_status'] | undefined,
): Promise<WireProject> {
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
