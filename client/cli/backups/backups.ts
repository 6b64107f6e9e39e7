/** `gardener backups`: the earlier contents that are kept. */
import { systemCode, systemReason } from '../../../src/system/errors.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import { RpcError } from '../../errors.ts';
import { defineCommand } from '../command.ts';
import { LocalError } from '../errors.ts';
import { printTable } from '../terminal/table.ts';
import { byteSize, printable, relativeTime, thousands } from '../terminal/text.ts';

export type Backup = Result<'registry.backups'>['backups'][number];

/** From here on a table has room for names as they are; below, without what is the same in all of them. Columns. */
const ROOM_FOR_NAMES = 92;

export default defineCommand({
  description: 'Lists the earlier contents of the registry that are kept, newest first.',
  examples: {
    'gardener backups': 'what can be restored, newest first',
    'gardener restore 20260105T093000.000Z-edit --dry-run': 'what one of them would change',
  },
  document: {
    backups: 'newest first, as registry.backups has them',
  },
  async action(ctx) {
    const { backups: kept } = await ctx.withClient((client) => client.registry.backups());
    if (ctx.json) return ctx.printJson({ backups: kept });
    if (kept.length === 0)
      return ctx.note('no backups yet; one is made before an outside edit is taken over');
    const { columns } = ctx;
    const whole = columns === undefined || columns >= ROOM_FOR_NAMES;
    printTable(
      ctx,
      [
        { title: 'NAME' },
        { title: 'WHEN' },
        { title: 'REASON' },
        { title: 'PROJECTS', align: 'right' },
        { title: 'SIZE', align: 'right' },
      ],
      kept.map((backup) => [
        { text: printable(whole ? backup.name : shortName(backup.name)) },
        { text: relativeTime(backup.created_at, ctx.host.now()) },
        { text: reasonWords(backup.reason) },
        backup.project_count === null
          ? { text: 'unreadable', paint: (text) => ctx.paint('red', text) }
          : { text: thousands(backup.project_count) },
        { text: byteSize(backup.bytes) },
      ]),
    );
    ctx.suggest('to see what one would change: gardener restore <name> --dry-run');
  },
});

/** Why a backup was made, as a person says it. */
export function reasonWords(reason: string): string {
  return REASONS[reason] ?? printable(reason);
}

const REASONS: Readonly<Record<string, string>> = {
  migration: 'migration',
  edit: 'outside edit',
  fault: 'invalid edit',
  remove: 'removal',
  repair: 'repair',
  restore: 'restore',
  import: 'import',
  'before-import': 'import',
  corrupt: 'bad file',
  'last-good': 'last good',
};

/** The name without what all of them share. */
export function shortName(name: string): string {
  return name.replace(/^registry-(.+)\.json$/, '$1');
}

/**
 * The backup that a person named, in full or without what all names share.
 *
 * @throws {LocalError} when there is none
 */
export function findBackup(kept: readonly Backup[], named: string): Backup {
  const found = kept.find(({ name }) => name === named || shortName(name) === named);
  if (found) return found;
  throw new LocalError(`cannot find backup ${printable(named)}`, 'gardener backups');
}

/**
 * Says why a content cannot be used in the words of a command: what the daemon says of its parameter, or the system.
 *
 * @param what cannot be done
 */
export function inWords(what: string, hint?: string): (error: unknown) => never {
  return (error) => {
    const issue = error instanceof RpcError && error.issues.find(({ path }) => CONTENTS.has(path));
    const reason = issue ? issue.message : systemCode(error) !== null && systemReason(error);
    throw reason ? new LocalError(`cannot ${what}: ${printable(reason)}`, hint, error) : error;
  };
}

/** The parameters by which a content is given. */
const CONTENTS = new Set(['name', 'content', 'file']);
