/**
 * `gardener import`: projects of another registry file, in one change. The daemon says which, and takes them. What other
 * programs know is imported by ../scan/from.ts.
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { MAX_LINE_BYTES } from '../../../src/protocol/limits.ts';
import type { Params, Result } from '../../../src/protocol/methods.ts';
import type { Client } from '../../client.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { requireAnswer } from '../codebase/disk-answer.ts';
import { elsewhere, requireHere } from '../elsewhere.ts';
import { LocalError, UsageError } from '../errors.ts';
import { collectFilled } from '../option-values.ts';
import { DOCUMENT } from '../scan/document.ts';
import { inWords } from './backups.ts';
import { plural, printable, operands } from '../terminal/text.ts';

type Found = Omit<Result<'registry.import'>, 'active_project'>;

/** Projects shown of each kind. */
const MAX_SHOWN = 20;
/** Of a request, what its text leaves for the rest. Bytes. */
const MAX_TEXT_BYTES = MAX_LINE_BYTES - 1024;

export default defineCommand({
  description:
    'Takes the projects of another registry file, of any version up to this one, that are not in this one, with their ids, times and training. Adapters stay where they are. With --from, registers the codebases that another program knows.',
  usage: '[options] <file>\n       gardener import [options] --from <program>',
  takes: {
    '[file]': 'registry.json of another data directory, or an exported one',
    '--from <program>': {
      description: 'tick what is to be registered of what this program knows',
      choices: ['ghq', 'vscode', 'git-maintenance'],
    },
    '--dry-run': 'only tell what would be taken',
    '--yes': 'with --from: register all of it; do not ask',
    '--tag <tag>': {
      description: 'with --from: a tag for each; may be given several times',
      read: collectFilled,
    },
  },
  details: `Of other programs only what they have noted is read. ghq: repositories below
GHQ_ROOT, ghq.root of git, or ~/ghq. git-maintenance: what git maintenance
register and scalar look after. vscode: what VS Code, VSCodium, Cursor and
Windsurf have open or keep notes of, and what Project Manager has saved in them;
not the rest of their history, which is in a database.`,
  examples: {
    'gardener import --dry-run ~/registry.json': 'what is in it and not here',
    'gardener import --from ghq': 'tick repositories that ghq keeps',
    'gardener import --from vscode --yes --tag work': 'all that VS Code knows',
  },
  document: {
    'imported?': 'of a file: how many projects were taken',
    'new?': 'of a file: projects that are not here',
    'taken?': 'of a file: projects whose names others have here',
    'different?': 'of a file: projects that are here with other values',
    'same?': 'of a file: how many are here already',
    ...Object.fromEntries(
      Object.entries(DOCUMENT).map(([name, what]) => [`${name}?`, `with --from: ${what}`]),
    ),
  },
  async action(ctx, { file, from, dryRun, yes, tag }) {
    const usage = 'gardener import <file>, or gardener import --from <program>';
    if (from !== undefined) {
      if (file !== undefined)
        throw new UsageError('cannot import a file and what another program knows at once', usage);
      const { importFrom } = await import('../scan/from.ts');
      return await importFrom(ctx, from, { dryRun, yes, tag });
    }
    if (file === undefined) throw new UsageError('cannot tell what to import: the file is missing', usage);
    if (yes || tag) {
      const flag = tag ? '--tag' : '--yes';
      throw new UsageError(`cannot use ${flag} with a file: it is for --from`, 'the same without it');
    }
    const path = ctx.absolute(file);
    await requireAnswer(path, ctx.shortPath(path));
    const cannot = inWords(`import ${printable(path)}`);
    const given = await read(path).catch(cannot);
    await ctx.withClient(async (client) => {
      // Of another machine, the daemon would take codebases of this one for its own, and the file for one of its own.
      if (!dryRun || given.file !== undefined) {
        const place = await elsewhere(ctx, await client.daemon.status());
        requireHere(place, `import ${printable(path)}`, 'copy it, and import it');
      }
      const { active_project: active, ...found } = await client.registry
        .import({ ...given, ...(dryRun && { dry_run: true }) })
        .catch(cannot);
      if (ctx.json) return ctx.printJson(found);
      for (const line of linesOf(ctx, found, dryRun === true)) ctx.print(line);
      if (found.imported === 0) return;
      const notes = await faults(client, found);
      for (const note of notes.slice(0, MAX_SHOWN)) ctx.note(`note: ${printable(note)}`);
      if (notes.length > MAX_SHOWN) ctx.note(`note: and ${notes.length - MAX_SHOWN} more; gardener doctor`);
      if (active && !(await client.projects.active()).active_project) {
        const { name } = active;
        ctx.suggest(`the active project there was ${printable(name)}: gardener use ${operands(name)}`);
      }
    });
  },
});

/**
 * The text of the file: this program may read what the daemon may not, such as a pipe, or what macOS protects. The daemon
 * reads what is longer than a request, and what is no text, of which it says where.
 */
async function read(path: string): Promise<Pick<Params<'registry.import'>, 'content' | 'file'>> {
  const status = await stat(path);
  let why = 'it is longer than a request can be';
  if (status.size < MAX_TEXT_BYTES) {
    // No more of what has no end than shows that it is too long.
    const bytes = await buffer(createReadStream(path, { end: MAX_TEXT_BYTES }));
    const content = bytes.toString();
    const isShort = Buffer.byteLength(JSON.stringify(content)) < MAX_TEXT_BYTES;
    if (isShort && isUtf8(bytes)) return { content };
    if (isShort) why = 'it is not UTF-8';
  }
  // Not by the name of a descriptor, which is another one there.
  if (status.isFile()) return { file: await realpath(path) };
  throw new LocalError(`cannot import ${printable(path)}: ${why}`, 'save it in a file, and import that');
}

/** What is wrong with them here: a codebase that is on another machine, an adapter that was not brought along. */
async function faults(client: Client, { new: fresh }: Found): Promise<string[]> {
  const ids = new Set(fresh.map(({ project_id: id }) => id));
  const { issues } = await client.registry.validate();
  return issues.filter(({ project_id: id = '' }) => ids.has(id)).map(({ message }) => message);
}

function linesOf(ctx: Context, { new: fresh, taken, different, same }: Found, dryRun: boolean): string[] {
  const list = <T>(found: readonly T[], line: (one: T) => string): string[] => [
    ...found.slice(0, MAX_SHOWN).map((one) => `  ${line(one)}`),
    ...(found.length > MAX_SHOWN ? [`  and ${found.length - MAX_SHOWN} more`] : []),
  ];
  const name = (found: { readonly name: string }): string => ctx.paint('bold', printable(found.name));
  const lines: string[] = [];
  if (fresh.length === 0) lines.push('nothing to import');
  else {
    lines.push(`${dryRun ? 'would import' : 'importing'} ${plural(fresh.length, 'project')}`);
    lines.push(...list(fresh, name));
  }
  if (taken.length > 0) {
    lines.push(`${plural(taken.length, 'name')} taken here; rename one of the two, then again`);
    lines.push(...list(taken, (one) => `${name(one)}  belongs to ${ctx.shortPath(printable(one.by))}`));
  }
  if (different.length > 0) {
    lines.push(`${plural(different.length, 'project')} here with other values, left as they are`);
    lines.push(...list(different, (one) => `${name(one)}  ${one.fields.map(printable).join(', ')}`));
  }
  if (same > 0) lines.push(`${plural(same, 'project')} here already`);
  return lines;
}
