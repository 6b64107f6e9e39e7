/** `gardener restore`: goes back to an earlier content, or brings single projects back from one. */
import { join } from 'node:path';
import type { Client } from '../../client.ts';
import { confirm } from '../terminal/ask.ts';
import { type Backup, findBackup, reasonWords, shortName } from './backups.ts';
import type { Style } from '../terminal/colour.ts';
import type { Context } from '../context.ts';
import { elsewhere, requireHere } from '../elsewhere.ts';
import { EXIT, LocalError, UsageError } from '../errors.ts';
import { systemReason } from '../../../src/system/errors.ts';
import { JsonFault } from '../json.ts';
import { listAll } from '../projects/list.ts';
import { type Affected, changesNothing, type Preview, previewOf } from './preview.ts';
import { findStored, readStoredRegistry, type StoredRegistry, storedName } from './stored-registry.ts';
import { plural, printable, relativeTime, shellWord } from '../terminal/text.ts';
import { wrapText } from '../terminal/wrap.ts';

export interface RestoreOptions {
  /** Ids or names in the backup. */
  readonly project?: readonly string[];
  readonly dryRun?: true;
  readonly yes?: true;
}

/** Projects shown of each kind. */
const MAX_SHOWN = 20;
/** Below the names. */
const HANGING = ' '.repeat(14);

export async function restore(ctx: Context, named: string, options: RestoreOptions): Promise<void> {
  const asks = ctx.host.stdin.isTTY && ctx.host.stderr.isTTY;
  if (!options.yes && !options.dryRun && !asks) {
    throw new UsageError(
      'cannot restore without asking: this is no terminal',
      `gardener restore ${shellWord(named)} --dry-run, then with --yes`,
    );
  }
  await ctx.withClient(async (client) => {
    const backup = findBackup((await client.registry.backups()).backups, named);
    const place = await elsewhere(ctx, await client.daemon.status());
    requireHere(place, 'show what would change', `gardener restore ${shellWord(named)}`);
    const then = await readBackup(client, backup);
    const only = options.project?.map((reference) => idIn(then, reference, backup));
    const { projects, problem, active } = await current(client);
    const preview = previewOf({ projects, active }, then, only);
    if (ctx.json && options.dryRun) return ctx.printJson({ backup, ...preview });
    if (!ctx.json) {
      const nameOf = (id: string | null): string =>
        id === null
          ? 'none'
          : (projects.find(({ project_id: known }) => known === id)?.name ??
            storedName(id, then.projects.get(id) ?? {}));
      for (const line of previewLines(ctx, backup, preview, nameOf)) {
        for (const part of wrapText(line, ctx.columns, '', HANGING)) ctx.print(part);
      }
    }
    // A file that is spoilt is written anew even where the registry stays as it is.
    if (changesNothing(preview) && !problem) {
      if (ctx.json) ctx.printJson(await client.registry.info());
      else ctx.note('nothing would change');
      return;
    }
    if (options.dryRun) return;
    if (!options.yes && !(await confirm(ctx.host, 'restore it? what it replaces becomes a backup'))) {
      ctx.note('nothing was restored');
      ctx.exitCode = EXIT.refused;
      return;
    }
    const info = await client.registry.restore({ name: backup.name, ...(only && { projects: only }) });
    if (ctx.json) return ctx.printJson(info);
    ctx.print(
      `restored ${only ? `from ${shortName(backup.name)}` : shortName(backup.name)}: ${plural(info.project_count, 'project')} now`,
    );
    if (!only) ctx.suggest('what it replaced is the newest of the backups now');
  });
}

async function current(client: Client) {
  const [projects, info] = await Promise.all([listAll(client, {}), client.registry.info()]);
  return { projects, problem: info.problem, active: info.active_project };
}

/** Where the daemon keeps it, which may be told another place than this command line. */
async function readBackup(client: Client, { name }: Backup): Promise<StoredRegistry> {
  const { data_dir: directory } = await client.daemon.status();
  try {
    return await readStoredRegistry(join(directory, 'backups', name));
  } catch (error) {
    if (!(error instanceof JsonFault) && !(error instanceof Error && 'code' in error)) throw error;
    const why = error instanceof JsonFault ? error.message : systemReason(error);
    throw new LocalError(`cannot read backup ${name}: ${why}`, 'another one: gardener backups', error);
  }
}

function idIn(then: StoredRegistry, reference: string, { name }: Backup): string {
  const id = findStored(then, reference);
  if (id !== undefined) return id;
  const names = [...then.projects].slice(0, MAX_SHOWN).map(([key, project]) => storedName(key, project));
  throw new LocalError(
    `cannot find project ${printable(reference)} in backup ${shortName(name)}`,
    names.length > 0 ? `one that is in it: ${names.map(shellWord).join(', ')}` : undefined,
  );
}

function previewLines(
  ctx: Context,
  { name, created_at: at, reason, project_count: count }: Backup,
  preview: Preview,
  nameOf: (id: string | null) => string,
): string[] {
  const { comes_back: back, goes, changes, stay, active_project: active } = preview;
  const made = `${plural(count ?? 0, 'project')}, kept ${relativeTime(at, ctx.host.now())} (${reasonWords(reason)})`;
  const list = (what: string, style: Style, affected: readonly Affected[]): string[] => {
    const lines = affected.slice(0, MAX_SHOWN).map(({ name: project, fields }) => {
      const about = fields ? `  ${ctx.paint('dim', fields.map(printable).join(', '))}` : '';
      return `  ${ctx.paint(style, what.padEnd(10))}  ${printable(project)}${about}`;
    });
    const more = affected.length - MAX_SHOWN;
    return more > 0 ? [...lines, `  ${ctx.paint(style, what.padEnd(10))}  ${more} more`] : lines;
  };
  return [
    `${ctx.paint('bold', shortName(name))}  ${ctx.paint('dim', made)}`,
    ...list('comes back', 'green', back),
    ...list('goes', 'red', goes),
    ...list('changes', 'yellow', changes),
    ...(stay > 0 ? [`  ${'stays'.padEnd(10)}  ${plural(stay, 'project')}`] : []),
    ...(active
      ? [`  ${'active'.padEnd(10)}  ${printable(nameOf(active.from))} → ${printable(nameOf(active.to))}`]
      : []),
  ];
}
