/** `gardener restore`: goes back to an earlier content, or brings single projects back from one. */
import type { Result } from '../../../src/protocol/methods.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import type { Client } from '../../client.ts';
import { confirm } from '../terminal/ask.ts';
import { type Backup, findBackup, inWords, reasonWords, shortName } from './backups.ts';
import { type Effect, effectLines, HANGING } from './effect.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, LocalError, UsageError } from '../errors.ts';
import { collect } from '../option-values.ts';
import { plural, printable, relativeTime, shellWord } from '../terminal/text.ts';
import { wrapText } from '../terminal/wrap.ts';

export default defineCommand({
  description:
    'Shows what a backup would change, asks, and goes back to it. What it replaces becomes a backup.',
  takes: {
    '<backup>': 'name of a backup, as gardener backups shows it',
    '--project <project>': {
      description: 'bring back only this one; may be given several times',
      read: collect,
    },
    '--dry-run': 'show what would change, and change nothing',
    '--yes': 'do not ask',
  },
  examples: {
    'gardener restore 20260105T093000.000Z-edit': 'shows what would change, and asks',
    'gardener restore 20260105T093000.000Z-edit --project website': 'only this project',
    'gardener undo': 'takes a restore back',
  },
  document: {
    '...registry.info?': 'the registry afterwards',
    'active_project?':
      'the active project afterwards, or null; with --dry-run from which to which, if it changes',
    'backup?': 'with --dry-run: the one that was named',
    'comes_back?': 'with --dry-run: projects, each with project_id and name',
    'goes?': 'with --dry-run: projects that are not in the backup',
    'changes?': 'with --dry-run: projects, each with the fields that change',
    'stay?': 'with --dry-run: how many stay as they are',
  },
  async action(ctx, { backup: named, ...options }) {
    const asks = ctx.host.stdin.isTTY && ctx.host.stderr.isTTY;
    if (!options.yes && !options.dryRun && !asks) {
      throw new UsageError(
        'cannot restore without asking: this is no terminal',
        `gardener restore ${shellWord(named)} --dry-run, then with --yes`,
      );
    }
    await ctx.withClient(async (client) => {
      const backup = findBackup((await client.registry.backups()).backups, named);
      const wanted = { name: backup.name, ...(options.project && { projects: [...options.project] }) };
      const { effect, ...before } = await client.registry
        .restore({ ...wanted, dry_run: true })
        .catch(inWordsOf(backup));
      if (ctx.json && options.dryRun) return ctx.printJson({ backup, ...effect });
      if (!ctx.json) {
        for (const line of previewLines(ctx, backup, effect)) {
          for (const part of wrapText(line, ctx.columns, '', HANGING)) ctx.print(part);
        }
      }
      // A file that is spoilt is written anew even where the registry stays as it is.
      const { comes_back: back, goes, changes, active_project: active } = effect;
      if (back.length + goes.length + changes.length === 0 && !active && !before.problem) {
        if (ctx.json) ctx.printJson(await withActive(client, before));
        else ctx.note('nothing would change');
        return;
      }
      if (options.dryRun) return;
      if (!options.yes && !(await confirm(ctx.host, 'restore it? what it replaces becomes a backup'))) {
        ctx.note('nothing was restored');
        ctx.exitCode = EXIT.refused;
        return;
      }
      const { effect: _told, ...info } = await client.registry.restore(wanted);
      if (ctx.json) return ctx.printJson(await withActive(client, info));
      const from = `${options.project ? 'from ' : ''}${shortName(backup.name)}`;
      ctx.print(`restored ${from}: ${plural(info.project_count, 'project')} now`);
      if (!options.project) ctx.suggest('what it replaced is the newest of the backups now');
    });
  },
});

/** As the command line's documents have it: the project, and not its id. */
async function withActive(client: Client, info: Result<'registry.info'>): Promise<object> {
  const { active_project } = await client.projects.active();
  return { ...info, active_project };
}

/** Says of a backup that it cannot be read, or has no such project, as a person knows it. */
function inWordsOf({ name }: Backup): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof RegistryError) || error.kind !== 'project_not_found')
      return inWords(`read backup ${name}`, 'another one: gardener backups')(error);
    const { project, suggestions: names } = error.data;
    throw new LocalError(
      `cannot find project ${printable(String(project))} in backup ${shortName(name)}`,
      names.length > 0 ? `one that is in it: ${names.map(shellWord).join(', ')}` : undefined,
    );
  };
}

function previewLines(
  ctx: Context,
  { name, created_at: at, reason, project_count: count }: Backup,
  effect: Effect,
): string[] {
  const made = `${plural(count ?? 0, 'project')}, kept ${relativeTime(at, ctx.host.now())} (${reasonWords(reason)})`;
  return [`${ctx.paint('bold', shortName(name))}  ${ctx.paint('dim', made)}`, ...effectLines(ctx, effect)];
}
