/** `gardener prune`: moves to the trash what trainings left long ago. */
import type { Result } from '../../../src/protocol/methods.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, UsageError } from '../errors.ts';
import { age } from '../option-values.ts';
import { EXACTLY, PROJECT, referenceToChange } from '../projects/resolve.ts';
import { confirm } from '../terminal/ask.ts';
import { byteSize, operands, plural, printable } from '../terminal/text.ts';

type Pruned = Result<'training.prune'>;

/** What help and the absence of the flag mean. */
const OLDER = '30d';

export default defineCommand({
  description:
    'Moves to the trash what trainings left that ended long ago, but for what is in service. It stays there for a week.',
  takes: {
    '[project]': `${PROJECT}; default all of them`,
    '--older <age>': {
      description: `what ended so long ago: 12h, ${OLDER}, 2w; 0d for all (default: ${OLDER})`,
      read: age,
    },
    '--dry-run': 'only tell what would go',
    '--yes': 'do not ask',
  },
  examples: {
    'gardener prune --dry-run': 'what would go, of all projects',
    'gardener prune website --older 2w': 'only of one, and sooner',
    'gardener prune --yes --older 90d': 'in a script, which nobody asks',
  },
  document: {
    dry_run: 'whether nothing was moved',
    '...training.prune': 'what went, or would go',
  },
  async action(ctx, { project: named, older = age(OLDER), dryRun = false, yes }) {
    const asks = ctx.host.stdin.isTTY && ctx.host.stderr.isTTY;
    if (!dryRun && !yes && !asks) {
      throw new UsageError(
        'cannot prune without asking: this is no terminal',
        `gardener prune --yes${named === undefined ? '' : ` ${operands(named)}`}; --dry-run tells what would go`,
      );
    }
    await ctx.withClient(async (client) => {
      const project =
        named === undefined ? {} : { project: await referenceToChange(ctx, client, named, EXACTLY) };
      const terms = { ...project, older_ms: older };
      if (!yes || dryRun) {
        const trial = await client.training.prune({ ...terms, dry_run: true });
        if (dryRun || trial.pruned.length === 0) return report(ctx, trial, dryRun);
        for (const line of lines(trial)) ctx.note(line);
        const size = byteSize(trial.bytes);
        if (!(await confirm(ctx.host, `move this to the trash, ${size}? it stays there for a week`))) {
          ctx.note('nothing was moved');
          ctx.exitCode = EXIT.refused;
          return;
        }
      }
      report(ctx, await client.training.prune(terms), false);
    });
  },
});

function report(ctx: Context, result: Pruned, isTrial: boolean): void {
  const { pruned, bytes, left = [] } = result;
  if (ctx.json) ctx.printJson({ dry_run: isTrial, ...result });
  else if (pruned.length === 0) ctx.note('nothing that old is kept, but for what is in service');
  else {
    for (const line of lines(result)) ctx.print(line);
    const size = byteSize(bytes);
    ctx.print(
      isTrial ? `would move ${size} to the trash` : `moved ${size} to the trash, where it stays for a week`,
    );
  }
  for (const { path, reason } of left) {
    const why = printable(ctx.tildes(reason));
    ctx.note(`note: ${printable(ctx.shortPath(path))} stays: ${why}`);
  }
  if (left.length > 0) ctx.exitCode = EXIT.refused;
}

/** `payments  3 trainings, 36.2 MiB`, a line a project. */
function lines({ pruned }: Pruned): string[] {
  return pruned.map(
    ({ name, tokens, bytes }) =>
      `${printable(name)}  ${plural(tokens.length, 'training')}, ${byteSize(bytes)}`,
  );
}
