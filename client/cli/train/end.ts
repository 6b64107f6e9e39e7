/** The end of a training, told to the registry and to whoever reads. */
import { constants } from 'node:os';
import { type Client, footingOf } from '../../client.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { RegistryError } from '../../../src/domain/errors.ts';
import { isRefusal } from '../../../src/domain/values/refusal.ts';
import type { JsonObject, Source } from '../../../src/domain/project.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../errors.ts';
import { printable } from '../terminal/text.ts';
import { cancelHeld, type EndCall, type HeldLease } from '../../training/held.ts';
import { removed, unfit } from '../../training/refusals.ts';
import { tookWords } from './progress-words.ts';
import type { Ended } from './process/process.ts';
import type { TrainingResult } from './reports.ts';
import { factsOf, isNothingNew, isWatched, tellWatcher, withLog } from './summary.ts';

/** Why a trainer had to end. */
export type Interruption = { readonly lost: RegistryError } | { readonly cancelled: string | undefined };

/** The reason that a Ctrl-C is told as. */
export const CTRL_C = 'Ctrl-C';

/** How a training ended, and what came of it. */
export interface Outcome {
  readonly ended: Ended;
  /** Until the lease is being ended there may be one. */
  readonly interruption: Interruption | undefined;
  /** How often Ctrl-C was pressed. */
  readonly presses: number;
  readonly result: TrainingResult;
  /** What was trained from, as far as git tells. */
  readonly source: Source | null;
  readonly tail: readonly string[];
  readonly started: number;
  /** Whether what the trainer printed was kept. */
  readonly isLogged: boolean;
  /** Whether a project would be claimed once more that is given back. */
  readonly isRepeated: boolean;
  /** What was told beside that, for programs; added to by {@link Outcome.tell}. */
  readonly warnings: ReadonlySet<string>;
  /** Tells the person, and programs. */
  readonly tell: (warning: string) => void;
}

/** What is known of a training that is over, for programs and for whoever sums up. */
export interface Finish {
  readonly exitCode: number;
  readonly name: string;
  readonly document: {
    readonly outcome: string;
    readonly exit_code: number | null;
    readonly [field: string]: unknown;
  };
}

/** What a training is ended with. */
interface Place {
  readonly ctx: Context;
  readonly client: Client;
  readonly lease: HeldLease;
}

/** @throws {RegistryError} when the lease was lost */
export async function tellEnd(place: Place, outcome: Outcome): Promise<Finish> {
  const { ctx, lease } = place;
  const { code, signal } = outcome.ended;
  const how = { exit_code: code, signal };
  try {
    const { project, kind, exitCode: own } = await end(place, outcome);
    // A daemon of an earlier version does not tell.
    const known = project.training?.outcome ?? kind;
    const document = { outcome: known, ...how, project, warnings: [...outcome.warnings] };
    return { exitCode: own ?? exitCode(outcome.ended), name: lease.project.name, document };
  } catch (error) {
    if (isRefusal(error, 'lease_lost', 'project_not_found'))
      ctx.besideError = { outcome: lossOf(error), ...how, warnings: [...outcome.warnings] };
    throw error;
  }
}

interface Told {
  readonly project: WireProject;
  readonly kind: 'completed' | 'failed' | 'cancelled';
  /** Default the trainer's. */
  readonly exitCode?: number;
}

async function end(place: Place, outcome: Outcome): Promise<Told> {
  const { ended, interruption, presses, tail } = outcome;
  if (interruption && 'lost' in interruption) {
    const { name } = place.lease.project;
    throw interruption.lost.kind === 'project_not_found'
      ? removed(interruption.lost, `the project "${name}" was removed; the command was ended`)
      : interruption.lost;
  }
  if (interruption) {
    // It ended well because it was asked to, and trained nothing to the end.
    return { ...(await cancelled(place, outcome)), exitCode: exitCode(ended) || EXIT.refused };
  }
  // A trainer may finish in good order what it was asked to end, and then it has trained.
  if (presses > 1 || (presses === 1 && ended.code !== 0)) {
    return { ...(await cancelled(place, outcome)), exitCode: EXIT.interrupted };
  }
  if (ended.code !== 0) {
    const how = ended.signal === null ? `exit code ${ended.code}` : `ended by ${ended.signal}`;
    const details = ended.signal === null ? { exit_code: ended.code } : { signal: ended.signal };
    return await failed(place, outcome, how, { tail, details });
  }
  try {
    return await completed(place, outcome);
  } catch (error) {
    const why = unfit(error);
    if (why === undefined) throw error;
    const told = await failed(place, outcome, why, { tail: [], details: { exit_code: 0 } });
    return { ...told, exitCode: EXIT.refused };
  }
}

async function completed(place: Place, outcome: Outcome): Promise<Told> {
  const { ctx, client, lease } = place;
  const { result, source, started, tell } = outcome;
  const name = printable(lease.project.name);
  // What was not taken is named by its parameter; of what is on the disk a whole sentence is told.
  const onWarning = (what: string, code?: string): void => {
    // What it lacks is told below, with what its trainer is to do.
    if (code === undefined) tell(what.startsWith('cannot ') ? printable(ctx.tildes(what)) : unusable(what));
  };
  const took = tookWords((performance.now() - started) / 1000);
  const { secure, complete } = footingOf(client);
  const { project_id } = lease.project;
  const made = { project: project_id, token: lease.token, ...(source && { source }), ...result };
  const secured = await secure(made, { onWarning });
  // The disk may have taken minutes, in which somebody may have asked to stop.
  if (outcome.interruption) return await end(place, outcome);
  const call: EndCall = () => complete(secured, { onWarning });
  const { warnings, ...project } = await endLease(ctx, lease, call, 'completed');
  if (warnings?.includes('no_adapter')) {
    tell(
      `${name} is trained, and there is no adapter: the trainer is to write it to $GARDENER_PROJECT_LORA_ADAPTER_PATH, or to report another lora_adapter_path`,
    );
  }
  if (isWatched(ctx)) {
    const isLacking = warnings?.includes('no_adapter') ?? false;
    const isOld = !isLacking && isNothingNew(project, lease.token, result);
    const facts = [
      ...(await factsOf(client, project, lease.token, result)),
      ...(isOld ? ['nothing new came into service'] : []),
    ];
    const said = [`trained ${name} in ${took}`, facts.join(', ')].filter(Boolean).join('  ');
    for (const line of withLog(ctx, said, outcome.isLogged ? project.name : undefined))
      tellWatcher(ctx, line);
  }
  return { project, kind: 'completed' };
}

async function failed(
  { ctx, lease }: Place,
  outcome: Outcome,
  how: string,
  { tail, details }: { readonly tail: readonly string[]; readonly details: JsonObject },
): Promise<Told> {
  const error = [how, ...tail].join('\n');
  const fail: EndCall = (client, held) => client.training.fail({ ...held, error, details });
  const project = await endLease(ctx, lease, fail, 'failed');
  tellBadEnd(ctx, outcome, project.name, `has failed: ${printable(ctx.tildes(how))}`);
  return { project, kind: 'failed' };
}

/** What it was asked for by somebody elsewhere, the registry knows; of a Ctrl-C it is told. */
async function cancelled({ ctx, lease }: Place, outcome: Outcome): Promise<Told> {
  const { interruption, presses } = outcome;
  const said = interruption && 'cancelled' in interruption ? interruption.cancelled : undefined;
  const why = interruption ? said : presses > 1 ? `${CTRL_C}, ended by force` : CTRL_C;
  const giveUp: EndCall = async (client, held) => {
    if (!interruption) await cancelHeld(client, held, why ?? CTRL_C);
    else if (outcome.isRepeated) return client.training.fail({ ...held, error: why ?? 'cancelled' });
    return client.training.release(held);
  };
  const project = await endLease(ctx, lease, giveUp, undefined);
  tellBadEnd(ctx, outcome, project.name, `was cancelled${why === undefined ? '' : `: ${printable(why)}`}`);
  return { project, kind: 'cancelled' };
}

/** Scripts read the one line; a person also how to see more. */
function tellBadEnd(ctx: Context, { isLogged }: Outcome, name: string, how: string): void {
  const said = `gardener: training ${printable(name)} ${how}`;
  const lines = isWatched(ctx) ? withLog(ctx, said, isLogged ? name : undefined) : [said];
  for (const line of lines) ctx.note(line);
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
    return await lease.end(call, {
      status,
      async missing() {
        if (ctx.autoStart) await ctx.withClient((client) => client.daemon.ping());
      },
    });
  } catch (error) {
    if (!isRefusal(error, 'project_not_found')) throw error;
    throw removed(error, `cannot end the training of "${lease.project.name}": the project was removed`);
  }
}

function exitCode({ code, signal }: Ended): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
