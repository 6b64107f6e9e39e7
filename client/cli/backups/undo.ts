/** `gardener undo`: takes back the last removal, repair, restore or import. */
import type { Result } from '../../../src/protocol/methods.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, UsageError } from '../errors.ts';
import { confirm } from '../terminal/ask.ts';
import { printable, relativeTime, tildes } from '../terminal/text.ts';
import { wrapText } from '../terminal/wrap.ts';
import { reasonWords } from './backups.ts';
import { effectLines, HANGING, projectLines, row } from './effect.ts';

type Undone = NonNullable<Result<'registry.undo'>['undone']>;

export default defineCommand({
  description:
    'Shows what the last rm, repair, restore or import did, asks, and takes it back, with the directories that are still in the trash. What was changed since stays. Called again, it takes back the one before.',
  takes: {
    '--dry-run': 'show what would change, and change nothing',
    '--yes': 'do not ask',
    '--without-directories': 'do without what is gone from the trash before its time',
  },
  examples: {
    'gardener undo --dry-run': 'what the last one was',
    'gardener undo': 'shows it, and asks',
    'gardener undo --yes': 'in a script, which nobody asks',
  },
  document: {
    undone: 'what was taken back, or with --dry-run would be, as registry.undo has it; null for nothing',
  },
  async action(ctx, { dryRun, yes, withoutDirectories }) {
    const asks = ctx.host.stdin.isTTY && ctx.host.stderr.isTTY;
    if (!yes && !dryRun && !asks) {
      throw new UsageError(
        'cannot take anything back without asking: this is no terminal',
        'gardener undo --dry-run, then with --yes',
      );
    }
    ctx.hints = {
      project_exists: 'rename the project that has the name now (gardener edit), then gardener undo',
      lease_held: 'again when the training has ended',
      invalid_params: 'gardener undo, which shows what was done meanwhile',
    };
    const without = withoutDirectories ? { without_directories: true } : {};
    await ctx.withClient(async (client) => {
      const { undone: last } = await client.registry.undo({ ...without, dry_run: true });
      if (ctx.json && (dryRun || !last)) return ctx.printJson({ undone: last });
      if (!last) return ctx.note('nothing to take back');
      if (!ctx.json) print(ctx, previewLines(ctx, last));
      if (dryRun) return;
      if (!yes && !(await confirm(ctx.host, `take this ${reasonOf(last)} back?`))) {
        ctx.note('nothing was taken back');
        ctx.exitCode = EXIT.refused;
        return;
      }
      const { undone } = await client.registry.undo({ ...without, id: last.id });
      if (undone && undone.left.length > 0) ctx.exitCode = EXIT.refused;
      if (ctx.json) return ctx.printJson({ undone });
      if (!undone) return ctx.note('nothing to take back any more');
      ctx.print(`took back the ${reasonOf(undone)}`);
      print(ctx, leftLines(ctx, undone));
    });
  },
});

function reasonOf({ operation }: Undone): string {
  return reasonWords(operation);
}

function print(ctx: Context, lines: readonly string[]): void {
  for (const line of lines) for (const part of wrapText(line, ctx.columns, '', HANGING)) ctx.print(part);
}

function previewLines(ctx: Context, undone: Undone): string[] {
  const { at, effect, kept, directories, missing } = undone;
  const made = relativeTime(at, ctx.host.now());
  const places = (what: string, paths: readonly string[]): string[] =>
    paths.map((path) => row(what, printable(ctx.shortPath(path))));
  return [
    `${ctx.paint('bold', reasonOf(undone))}  ${ctx.paint('dim', made)}`,
    ...effectLines(ctx, effect),
    ...projectLines(ctx, 'is kept', 'dim', kept),
    ...places('put back', directories),
    ...missing.map(({ path, reason }) => row('is gone', whyLine(ctx, path, reason))),
  ];
}

function leftLines(ctx: Context, { left }: Undone): string[] {
  return left.map(({ path, reason }) => row('stays', whyLine(ctx, path, reason)));
}

function whyLine(ctx: Context, path: string, reason: string): string {
  return `${printable(ctx.shortPath(path))}: ${printable(tildes(reason, ctx.host.home))}`;
}
