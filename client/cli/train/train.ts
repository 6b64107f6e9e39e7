/** `gardener train`: runs a trainer under a lease, or asks somebody else's to stop. */
import { basename } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Client } from '../../client.ts';
import { cutText } from '../../../src/domain/values/text.ts';
import { defineCommand, type Input } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { collect, seconds } from '../option-values.ts';
import { namedOrPicked } from '../projects/picked.ts';
import { origin, resolveProject } from '../projects/resolve.ts';
import { operands, printable } from '../terminal/text.ts';
import { trainAll } from './loop.ts';
import { trainOnce } from './once.ts';
import { runTrainer, type Work } from './run.ts';
import { claim, type Named, takeNamed, type Terms } from './taking/take.ts';

/** What the daemon takes: a day. Seconds. */
const LONGEST_STALL = 86_400;

const TAKES = {
  '[project]':
    'name, id or path of a project; default CODEBASE_GARDENER_PROJECT or the one around the working directory; on a terminal, elsewhere, one that you choose',
  '[command...]': 'the trainer, with its arguments',
  '--claim': 'take the project that has waited longest for training',
  '--loop': 'with --claim: go on with the next project, until none waits',
  '--language <language>': { description: 'with --claim: only in this language; repeatable', read: collect },
  '--tag <tag>': { description: 'with --claim: only with this tag; repeatable', read: collect },
  '--slot <slot>': {
    description:
      'train in one of these slots, which no two trainers have at a time; comma-separated or repeatable',
    read: slots,
  },
  '--wait [seconds]': {
    description:
      'wait so long for the project, for one to claim or a slot, with --cancel for the end (default: as long as it takes)',
    read: patience,
  },
  '--stall <seconds>': {
    description: 'fail the project when no progress is reported for so long',
    read: stall,
  },
  '--force': 'take the project from whoever trains it',
  '--cancel': 'ask whoever trains the project to stop',
  '--reason <reason>': 'with --cancel: why',
} as const;

type Options = Input<typeof TAKES>;

const DETAILS = `The command writes the new adapter to GARDENER_PROJECT_LORA_ADAPTER_PATH, or as
PEFT does into GARDENER_OUTPUT_DIR; it comes into service when the command has
ended well. It also gets GARDENER_PROJECT_ID, _NAME, _SOURCE_PATH, _TOKEN and,
of what is in service, _PREVIOUS_LORA_ADAPTER_PATH, _VECTOR_STORE_PATH and
_CONTEXT_PATH. It may tell how far it is on descriptor 3, whose number is in
GARDENER_PROGRESS_FD, a line a report, in which everything is optional; a mere
40% will do as well:

  {"progress": 0.4, "phase": "training", "message": "epoch 2"}
  {"result": {"file_count": 412, "base_model": "x", "metadata": {}}}

--slot waits as long as it takes, and GARDENER_SLOT names the slot. With --wait
and both, first the project is waited for and then the slot. All behind -- is
the command, whatever it looks like.

Exit 0 means trained; anything else means failed, with the last lines of
standard error. Signals are passed on. The first Ctrl-C asks the command to
end, the second one kills it: unless it still ends well after the first, the
training is cancelled. gardener ends with the command's exit code, 128 and the
signal that ended it, or its own: 1 also when the project was taken away, 4 when
nothing waits, 127 and 126 when the command cannot be run.

--loop goes on whatever comes of a training, and with --wait until nothing has
waited for so long; 126, 127 and a signal end it. It ends with 0 when all were
trained, with 4 when nothing waited, otherwise with the first other code.`;

const EXAMPLES = {
  'gardener train payments -- python train.py --epochs 3': 'its exit decides: completed or failed',
  'gardener train payments --wait -- python train.py': 'when nobody else trains it any more',
  'gardener train --claim --loop -- python train.py': 'all that waits, one after the other',
  'gardener train --claim --slot gpu0,gpu1 --wait -- python train.py': 'one trainer a GPU',
  'gardener train --cancel payments': 'ask whoever trains it to stop',
};

const DOCUMENT = {
  'outcome?':
    'completed, failed, cancelled, released when the command could not be run, stalled or lost beside an error, nothing_waits',
  'exit_code?': "the command's, or null",
  'signal?': 'which ended the command, or null',
  'project?': 'as it then is, or null',
  'warnings?': 'what a person was told besides',
  'trainings?':
    'in the place of all that, with --loop: one of these each; with --cancel the document is the project',
};

export default defineCommand({
  description: 'Runs a command that trains a project, while nobody else may train it.',
  usage:
    '[options] [project] -- <command...>\n       gardener train [options] --claim -- <command...>\n       gardener train --cancel <project>',
  takes: TAKES,
  details: DETAILS,
  examples: EXAMPLES,
  document: DOCUMENT,
  async action(ctx, options, { args: words }) {
    refuseContradictions(options);
    if (options.cancel) return (await import('./cancel.ts')).cancel(ctx, words, options);
    const { project, command } = split(words, ctx.words, options);
    const [program] = command;
    if (!program) {
      throw new UsageError(
        'cannot train: the command to run is missing',
        options.claim ? 'gardener train --claim -- <command>' : 'gardener train <project> -- <command>',
      );
    }
    // Before anything is begun: it may be gone.
    const work = { command, directory: ctx.cwd() };
    const terms: Terms = {
      holder: { name: cutText(basename(program), 100), pid: process.pid },
      ...(options.stall !== undefined && { stall_ms: Math.round(options.stall * 1000) }),
      ...(options.slot && { slot: [...options.slot] }),
    };
    if (options.claim) return claimed(ctx, terms, options, work);
    // Started before and not by the client of the lease: whoever stops the daemon means it, for as long as a restart takes.
    const named = await ctx.withClient((client) => meant(ctx, client, project));
    await ctx.withClient(
      (client) =>
        trainOnce(ctx, client, work, (signal) =>
          takeNamed(ctx, client, terms, named, { ...options, signal }),
        ),
      { autoStart: false },
    );
  },
});

/** Trains the project that has waited longest, or one after the other. */
async function claimed(ctx: Context, terms: Terms, options: Options, work: Work): Promise<void> {
  const isThere = (): Promise<unknown> => ctx.withClient((client) => client.daemon.ping());
  await isThere();
  await ctx.withClient(
    async (client) => {
      const take = (signal: AbortSignal) => claim(ctx, client, terms, { ...options, signal });
      if (!options.loop) return trainOnce(ctx, client, work, take);
      return trainAll(ctx, {
        claim: async (signal) => {
          await isThere();
          return take(signal);
        },
        train: (begun) => runTrainer(ctx, client, begun, { ...work, isRepeated: true }),
        giveUp: ({ project: { project_id: project }, token }, error) =>
          client.training.fail({ project, token, error }),
      });
    },
    { autoStart: false },
  );
}

/**
 * Which of the words are the project and which the command.
 *
 * @param words without the dashes that tell the two apart, which commander drops
 * @param typed with them
 */
function split(
  words: readonly string[],
  typed: readonly string[],
  { claim }: Options,
): { project?: string | undefined; command: readonly string[] } {
  const dashes = typed.indexOf('--');
  if (dashes === -1) {
    const [project, ...command] = words;
    return claim ? { command: words } : { project, command };
  }
  const before = words.slice(0, words.length - (typed.length - dashes - 1));
  const [project, ...more] = before;
  if (claim && project !== undefined) {
    throw new UsageError('cannot claim and name a project at once', 'gardener train --claim -- <command>');
  }
  if (more.length > 0) {
    throw new UsageError(
      `cannot tell the project: ${before.join(' ')} stands before --`,
      'gardener train <project> -- <command>',
    );
  }
  return { project, command: words.slice(before.length) };
}

/** The project to train; where it was not named, which one it is and why is said. */
async function meant(ctx: Context, client: Client, argument: string | undefined): Promise<Named> {
  const named = await namedOrPicked(ctx, client, argument, 'train which project?');
  const resolved = await resolveProject(ctx, client, named, { isTold: false, isToChange: true });
  // The active project has nothing to do with a command that was typed somewhere else.
  if (resolved.resolved_by === 'active') {
    throw new UsageError(
      'cannot tell which project to train: none is named, and the working directory is in none',
      'gardener train <project> -- <command>',
    );
  }
  const { project_id: id, name } = resolved.project;
  if (named === undefined) ctx.note(`training ${printable(name)}: ${origin(resolved)}`);
  const word = operands(argument ?? name);
  ctx.hints = {
    lease_held: `gardener train --cancel ${word} asks them to stop; --wait waits for them; --force takes the project away from them`,
  };
  return { id, name };
}

/** Which flags make sense with which way to use the command. */
function refuseContradictions(options: Options): void {
  const { claim, cancel, language, tag, wait, force, stall, reason, slot, loop } = options;
  const faults: readonly (readonly [boolean, string])[] = [
    [Boolean(claim && cancel), 'cannot claim and cancel at once'],
    [Boolean(claim && force), 'cannot claim by force: only projects that wait are claimed'],
    [Boolean((language ?? tag) && !claim), 'cannot choose by language or tag without --claim'],
    [Boolean(loop && !claim), 'cannot loop without --claim'],
    [
      wait !== undefined && Boolean(force) && !slot,
      'cannot wait for a project that is taken by force: nobody is waited for',
    ],
    [reason !== undefined && !cancel, 'cannot give a reason without --cancel'],
    [
      Boolean(cancel && (force ?? slot ?? stall !== undefined)),
      'cannot use --force, --stall or --slot with --cancel',
    ],
  ];
  const fault = faults.find(([applies]) => applies);
  if (fault) throw new UsageError(fault[1], 'gardener train --help');
}

/** A project before the flag is what was meant, where its value is no number. */
function patience(value: string): number {
  if (/^[\d.]/.test(value)) return lengthOf(value);
  throw new InvalidArgumentError('it must be a number of seconds; a project stands before --wait');
}

function stall(value: string): number {
  if (lengthOf(value) <= LONGEST_STALL) return lengthOf(value);
  throw new InvalidArgumentError(`it must be at most ${LONGEST_STALL} seconds; without it there is no limit`);
}

/** With what `5s` and `1e9` were to be. */
function lengthOf(value: string): number {
  if (/^[\d.]+$/.test(value)) return seconds(value);
  throw new InvalidArgumentError(
    'it must be a number of seconds in digits, without a unit, such as 90 or 0.5',
  );
}

/** An empty name is none that anybody means, and the daemon says so. */
function slots(value: string, before: readonly string[] = []): readonly string[] {
  return [...new Set([...before, ...value.split(',').map((name) => name.trim())])];
}
