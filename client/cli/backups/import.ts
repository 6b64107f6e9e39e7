/**
 * `gardener import`: projects of another registry file, in one change.
 *
 * The file is laid among the backups and `registry.restore` takes the new projects out of it. It is the one method that
 * takes projects as they are, with ids, times, tokens and paths, all in one change, and the daemon reads the file with
 * its own tolerance for old versions; `projects.register` sets all of these anew. Writing `registry.json` instead would
 * be in the way of everybody else's changes.
 *
 * The file is there while the daemon reads it. What a killed import leaves is taken for the oldest of the backups, goes
 * first when there are too many, and `gardener doctor --fix` removes it.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../client.ts';
import type { Context } from '../context.ts';
import { requireAnswer } from '../codebase/disk-answer.ts';
import { elsewhere, requireHere } from '../elsewhere.ts';
import { systemReason } from '../../../src/system/errors.ts';
import { LocalError } from '../errors.ts';
import { importName } from './import-name.ts';
import { type Found, type ImportPlan, planImport } from './import-plan.ts';
import { JsonFault } from '../json.ts';
import { readStoredRegistry, type StoredRegistry } from './stored-registry.ts';
import { plural, printable, operands } from '../terminal/text.ts';

export interface ImportOptions {
  readonly dryRun?: true;
}

/** Projects shown of each kind. */
const MAX_SHOWN = 20;

export async function importProjects(ctx: Context, file: string, { dryRun }: ImportOptions): Promise<void> {
  const path = ctx.absolute(file);
  await requireAnswer(path, ctx.shortPath(path));
  const stored = await read(path);
  ctx.hints = { project_exists: 'the same again: somebody has just taken the name' };
  await ctx.withClient(async (client) => {
    // The daemon reads the file out of its own directory.
    const place = dryRun ? null : await elsewhere(ctx, await client.daemon.status());
    requireHere(place, `import ${printable(path)}`, 'copy it, and import it');
    const { projects } = await client.projects.list();
    const plan = planImport(stored, projects);
    if (!ctx.json) for (const line of planLines(ctx, plan, dryRun === true)) ctx.print(line);
    const ids = plan.new.map(({ project_id }) => project_id);
    // Not to be left with the file among the backups.
    if (!dryRun && ids.length > 0) await ctx.host.uninterrupted(() => take(client, path, ids));
    if (ctx.json) return ctx.printJson({ ...plan, imported: dryRun ? 0 : ids.length });
    if (dryRun || ids.length === 0) return;
    const notes = await faults(client, ids);
    for (const note of notes.slice(0, MAX_SHOWN)) ctx.note(`note: ${printable(note)}`);
    if (notes.length > MAX_SHOWN) ctx.note(`note: and ${notes.length - MAX_SHOWN} more; gardener doctor`);
    const name = activeName(stored, plan);
    if (name !== undefined && !(await client.projects.active()).active_project) {
      ctx.suggest(`the active project there was ${printable(name)}: gardener use ${operands(name)}`);
    }
  });
}

async function read(path: string): Promise<StoredRegistry> {
  try {
    return await readStoredRegistry(path);
  } catch (error) {
    if (!(error instanceof JsonFault) && !(error instanceof Error && 'code' in error)) throw error;
    const why = error instanceof JsonFault ? error.message : systemReason(error);
    throw new LocalError(`cannot import ${printable(path)}: ${why}`, undefined, error);
  }
}

/** Takes projects over in one change, and makes their own directories. */
async function take(client: Client, path: string, ids: readonly string[]): Promise<void> {
  const { data_dir: dataDir } = await client.daemon.status();
  const directory = join(dataDir, 'backups');
  const name = importName(process.pid);
  const copy = join(directory, name);
  try {
    const bytes = await readFile(path);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(copy, bytes, { mode: 0o600 });
    await client.registry.restore({ name, projects: [...ids] });
  } finally {
    await rm(copy, { force: true });
  }
  await client.registry.repair({ codes: ['project_dir_missing'] });
}

/** What is wrong with them here: a codebase that is on another machine, an adapter that was not brought along. */
async function faults(client: Client, ids: readonly string[]): Promise<string[]> {
  const { issues } = await client.registry.validate();
  return issues.filter(({ project_id: id = '' }) => ids.includes(id)).map(({ message }) => message);
}

function activeName({ active }: StoredRegistry, plan: ImportPlan): string | undefined {
  return plan.new.find(({ project_id }) => project_id === active)?.name;
}

function planLines(ctx: Context, plan: ImportPlan, dryRun: boolean): string[] {
  const { taken, different, same } = plan;
  const list = <T extends Found>(found: readonly T[], line: (one: T) => string): string[] => [
    ...found.slice(0, MAX_SHOWN).map((one) => `  ${line(one)}`),
    ...(found.length > MAX_SHOWN ? [`  and ${found.length - MAX_SHOWN} more`] : []),
  ];
  const name = (found: Found): string => ctx.paint('bold', printable(found.name));
  const lines: string[] = [];
  if (plan.new.length === 0) lines.push('nothing to import');
  else {
    lines.push(`${dryRun ? 'would import' : 'importing'} ${plural(plan.new.length, 'project')}`);
    lines.push(...list(plan.new, name));
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
