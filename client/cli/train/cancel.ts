/** `gardener train --cancel`: asks whoever trains a project to stop. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Context } from '../context.ts';
import { EXIT, UsageError } from '../errors.ts';
import { referenceToChange } from '../projects/resolve.ts';
import { duration, printable, statusWords } from '../terminal/text.ts';
import { Wait } from './taking/wait.ts';

interface CancelOptions {
  readonly reason?: string;
  /** Seconds to wait for the end of the training; true for as long as it takes. */
  readonly wait?: number | true;
}

/** @param words the project */
export async function cancel(
  ctx: Context,
  words: readonly string[],
  { reason, wait }: CancelOptions,
): Promise<void> {
  const [reference, ...more] = words;
  if (reference === undefined || more.length > 0) {
    throw new UsageError(
      'cannot tell whose training to cancel: name one project',
      'gardener train --cancel <project>',
    );
  }
  await ctx.withClient(async (client) => {
    const asked = await client.training.cancel({
      project: await referenceToChange(ctx, client, reference),
      ...(reason !== undefined && { reason }),
    });
    const project = asked.project_id;
    const held = asked.training?.cancel_requested === true;
    if (!ctx.json) say(ctx, asked, held);
    let last: WireProject | null = asked;
    if (held && wait !== undefined) {
      const waiting = new Wait(ctx, wait);
      last = await waiting.inTurns((waitMs) => client.training.wait({ project, wait_ms: waitMs }));
      if (last === null) ctx.exitCode = EXIT.refused;
      if (!ctx.json) sayWaited(ctx, asked, last, wait);
    }
    if (ctx.json) ctx.printJson(last ?? (await client.projects.get({ project })));
  });
}

function say(ctx: Context, { name, training }: WireProject, held: boolean): void {
  const what = ctx.paint('bold', printable(name));
  if (!held) return ctx.print(`nobody trains ${what}`);
  const { name: program, pid } = training?.holder ?? {};
  const who = program ? printable(program) : 'the trainer';
  // That of "gardener train", for one; the trainer itself has another number.
  const lease = pid === undefined ? '' : `; process ${pid} has the lease`;
  ctx.print(`asked ${who} to stop training ${what}${lease}`);
}

function sayWaited(ctx: Context, asked: WireProject, last: WireProject | null, wait: number | true): void {
  if (last) {
    ctx.print(
      `nobody trains it any more; it is ${statusWords(last.training_status, last.training?.outcome)}`,
    );
  } else {
    ctx.note(
      `${printable(asked.name)} is still being trained after ${duration(Number(wait))}; it may be finishing its work`,
    );
  }
}
