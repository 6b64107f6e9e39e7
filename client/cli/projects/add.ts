/** `gardener add`: registers a codebase. */
import { basename } from 'node:path';
import type { Client } from '../../client.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Repository } from '../../../src/domain/project.ts';
import { confirm } from '../terminal/ask.ts';
import { codebaseAt, fileWords, scanCodebase } from '../codebase/codebase.ts';
import { defineCommand, type Input } from '../command.ts';
import type { Context } from '../context.ts';
import { elsewhere, warnElsewhere } from '../elsewhere.ts';
import { UsageError } from '../errors.ts';
import { collect } from '../option-values.ts';
import { goneAmong } from './gone.ts';
import { listAll } from './list.ts';
import { moveCommand } from './move/move.ts';
import { nameFor, sameName } from '../names.ts';
import { isSameRepository, repositoryAt } from '../../codebase/repository.ts';
import { operands, printable, shellWord } from '../terminal/text.ts';

const TAKES = {
  '[path]': { description: 'directory of the codebase', default: '.' },
  '--name <name>': 'name of the project (default: that of the directory)',
  '--language <language>': 'language (default: that of most files)',
  '--tag <tag>': { description: 'a tag; may be given several times', read: collect },
  '--use': 'make it the active project',
} as const;

type Options = Omit<Input<typeof TAKES>, 'path'>;

export default defineCommand({
  description: 'Registers a codebase. Its name, language and number of files are found out.',
  takes: TAKES,
  async action(ctx, { path: directory, ...options }) {
    const path = await codebaseAt(ctx, directory);
    const name = options.name ?? nameFor(path);
    if (name === '' && options.name === undefined) {
      throw new UsageError(
        `cannot find a name for ${path}`,
        `gardener add ${shellWord(directory)} --name <name>`,
      );
    }
    ctx.hints = { project_exists: `gardener add ${shellWord(directory)} --name <another name>` };
    await ctx.withClient(async (client) => {
      warnElsewhere(ctx, await elsewhere(ctx, client.hello), path);
      const known = await registeredAs(client, path, name, options.name !== undefined);
      if (known) await greetAgain(ctx, client, known, options);
      else await register(ctx, client, path, name, options);
    });
  },
});

/**
 * The project that this directory is registered as. Without a name from the person any project there will do: a
 * second one by accident would make the path ambiguous.
 */
async function registeredAs(
  client: Client,
  path: string,
  name: string,
  named: boolean,
): Promise<WireProject | undefined> {
  const { projects } = await client.projects.list({ source_path: path });
  return projects.find((project) => sameName(project.name, name)) ?? (named ? undefined : projects[0]);
}

async function greetAgain(
  ctx: Context,
  client: Client,
  project: WireProject,
  { use, tag, language }: Options,
): Promise<void> {
  const { active_project: active } = use
    ? await client.projects.activate({ project: project.project_id })
    : { active_project: null };
  const current = active ?? project;
  if (ctx.json) return ctx.printJson(current);
  ctx.say(`already registered ${describe(ctx, current, [])}`);
  if (active) ctx.print(`active now: ${printable(active.name)}`);
  if (tag || language !== undefined) {
    ctx.note(`note: its tags and language stay; to change them: gardener edit ${shellWord(current.name)}`);
  }
}

async function register(
  ctx: Context,
  client: Client,
  path: string,
  name: string,
  { language, tag, use }: Options,
): Promise<void> {
  const [found, repository] = [await scanCodebase(ctx, path), await repositoryAt(path, ctx.host.env)];
  const gone = await goneFrom(client, path, repository);
  const asksForAnother = Boolean(use || tag || language) || name !== nameFor(path);
  if (gone && (await offerMove(ctx, client, gone, path, asksForAnother))) return;
  let project = await client.projects.register({
    name,
    source_path: path,
    language: language ?? found.language,
    ...(tag && { tags: [...tag] }),
    ...(use && { activate: true }),
    repository,
    // Somebody else may have registered it while the files were counted.
    if_exists: 'return',
  });
  if (project.file_count !== found.files) {
    project = await client.projects.update({ project: project.project_id, file_count: found.files });
  }
  if (ctx.json) return ctx.printJson(project);
  ctx.say(`added ${describe(ctx, project, [`${project.language}, ${fileWords(found)}`])}`);
  if (!ctx.interactive) return;
  const { active_project: active } = await client.projects.active();
  if (active?.project_id === project.project_id) ctx.suggest('it is the active project');
  else ctx.suggest(`make it the active project: gardener use ${operands(project.name)}`);
}

/** The project that the codebase was before it was moved here, as far as its repository and its name tell. */
async function goneFrom(
  client: Client,
  path: string,
  repository: Repository | null,
): Promise<WireProject | undefined> {
  if (!repository) return undefined;
  const projects = (await listAll(client, {})).filter((one) => isSameRepository(one.repository, repository));
  if (projects.length === 0) return undefined;
  const { ids } = await goneAmong(client, projects);
  const gone = projects.filter(({ project_id: id }) => ids.has(id));
  // A repository may have many projects in it: only the one that had the same place can be meant.
  const named = gone.filter(({ source_path: old }) => basename(old) === basename(path));
  // One that has another name now can be told only where there is no other project.
  const [candidate, ...others] = named.length > 0 || projects.length > 1 ? named : gone;
  return others.length === 0 ? candidate : undefined;
}

/** Has a project follow its codebase, if the person wants that; otherwise says how it is done. */
async function offerMove(
  ctx: Context,
  client: Client,
  gone: WireProject,
  path: string,
  asksForAnother: boolean,
): Promise<boolean> {
  const { name, source_path: old, project_id: project } = gone;
  const what = `"${printable(name)}" is registered for the same repository at ${printable(ctx.shortPath(old))}, which is gone`;
  // Whoever says what the new project is to be does not mean the old one.
  if (asksForAnother || !ctx.host.stdin.isTTY || !ctx.host.stderr.isTTY || ctx.json) {
    ctx.note(`note: ${what}; to have it here instead: ${moveCommand(name, path)}`);
    return false;
  }
  if (!(await confirm(ctx.host, `${what}; is it this one?`))) return false;
  const { projects } = await client.projects.move({ project, to: path });
  for (const moved of projects) ctx.say(`moved ${describe(ctx, moved, [])}`);
  return true;
}

function describe(ctx: Context, { name, source_path: path }: WireProject, more: readonly string[]): string {
  const parts = [ctx.paint('bold', printable(name)), ...more.map(printable), ctx.shortPath(printable(path))];
  return parts.join('  ');
}
