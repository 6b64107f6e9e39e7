/** `gardener add`: registers a codebase. */
import type { Client } from '../../client.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { confirm } from '../terminal/ask.ts';
import { codebaseAt, scanCodebase } from '../codebase/codebase.ts';
import { defineCommand, type Input } from '../command.ts';
import type { Context } from '../context.ts';
import { elsewhere, warnElsewhere } from '../elsewhere.ts';
import { UsageError } from '../errors.ts';
import { collectFilled, filled } from '../option-values.ts';
import { listAll } from './list.ts';
import { nameFor, sameName } from '../../codebase/names.ts';
import { projectAt, registerCounted } from '../../codebase/registered.ts';
import { repositoryAt } from '../../codebase/repository.ts';
import { describe, hereInstead, movedWords } from '../scan/told.ts';
import { goneFrom } from '../../codebase/gone.ts';
import { operands, printable, shellWord } from '../terminal/text.ts';

const TAKES = {
  '[path...]': 'directory of the codebase, or of several; the working directory if none is given',
  '--name <name>': 'name of the project (default: that of the directory)',
  '--language <language>': { description: 'language (default: that of most files)', read: filled },
  '--tag <tag>': { description: 'a tag; may be given several times', read: collectFilled },
  '--use': 'make it the active project',
} as const;

type Options = Omit<Input<typeof TAKES>, 'path'>;

export default defineCommand({
  description: 'Registers codebases. Their names, languages and numbers of files are found out.',
  takes: TAKES,
  examples: {
    'gardener add': 'the working directory',
    'gardener add --name api --tag work ~/src/backend': 'with a name and a tag',
    'gardener add ~/src/*': 'several; see also gardener scan',
  },
  document: {
    '...WireProject?': 'of one path: the project',
    'projects?': 'of several paths: the projects',
    'failed?': 'of several paths: those that are none, each with path and error',
    'skipped?':
      'of several paths: files among directories, and links to what holds others, each with path and reason',
  },
  async action(ctx, { path: typed, ...options }) {
    if (typed.length > 1) return await addSeveral(ctx, typed, options);
    const [directory = '.'] = typed;
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
      const away = await elsewhere(ctx, client.hello);
      warnElsewhere(ctx, away, path);
      const isHere = away === null;
      const known = await projectAt(client, path, options.name, isHere);
      if (known) await greetAgain(ctx, client, known, path, options);
      else await register(ctx, client, path, { ...options, name, isHere });
    });
  },
});

async function addSeveral(
  ctx: Context,
  typed: readonly string[],
  { name, use, ...options }: Options,
): Promise<void> {
  if (name !== undefined || use) {
    throw new UsageError(
      `cannot ${use ? 'make several projects the active one' : 'give several projects one name'}`,
      `one path with ${use ? '--use' : '--name'}, and the others without`,
    );
  }
  const { addMany } = await import('../scan/add-many.ts');
  await addMany(ctx, typed, options);
}

async function greetAgain(
  ctx: Context,
  client: Client,
  project: WireProject,
  path: string,
  { use, tag, language }: Options,
): Promise<void> {
  const { active_project: active } = use
    ? await client.projects.activate({ project: project.project_id })
    : { active_project: null };
  const current = active ?? project;
  if (ctx.json) return ctx.printJson(current);
  ctx.say(`already registered ${describe(ctx, current)}`);
  if (current.source_path !== path) {
    const own = nameFor(path);
    const name = own === '' || sameName(own, current.name) ? '<another name>' : shellWord(own);
    ctx.note(
      `note: ${printable(ctx.shortPath(path))} is the same directory; to register it once more: gardener add ${shellWord(path)} --name ${name}`,
    );
  }
  if (active) ctx.print(`active now: ${printable(active.name)}`);
  if (tag || language !== undefined) {
    ctx.note(`note: its tags and language stay; to change them: gardener edit ${shellWord(current.name)}`);
  }
}

async function register(
  ctx: Context,
  client: Client,
  path: string,
  { name, isHere, language, tag, use }: Options & { readonly name: string; readonly isHere: boolean },
): Promise<void> {
  const [found, repository] = [await scanCodebase(ctx, path), await repositoryAt(path, ctx.host.env)];
  const gone = await goneFrom(client, () => listAll(client, {}), path, repository);
  const asksForAnother = Boolean(use || tag || language) || name !== nameFor(path);
  if (gone && (await offerMove(ctx, client, gone, path, asksForAnother))) return;
  const wanted = {
    name,
    source_path: path,
    language: language ?? found.language,
    tags: tag && [...tag],
    activate: use,
    repository,
  };
  const project = await registerCounted(client, wanted, found.files, isHere);
  if (ctx.json) return ctx.printJson(project);
  ctx.say(`added ${describe(ctx, project, found)}`);
  if (!ctx.interactive) return;
  const { active_project: active } = await client.projects.active();
  if (active?.project_id === project.project_id) ctx.suggest('it is the active project');
  else ctx.suggest(`make it the active project: gardener use ${operands(project.name)}`);
}

/** Has a project follow its codebase, if the person wants that; otherwise says how it is done. */
async function offerMove(
  ctx: Context,
  client: Client,
  gone: WireProject,
  path: string,
  asksForAnother: boolean,
): Promise<boolean> {
  const { project_id: project } = gone;
  const what = movedWords(ctx, gone);
  // Whoever says what the new project is to be does not mean the old one.
  if (asksForAnother || !ctx.host.stdin.isTTY || !ctx.host.stderr.isTTY || ctx.json) {
    ctx.note(`note: ${what}; ${await hereInstead(gone, path)}`);
    return false;
  }
  if (!(await confirm(ctx.host, `${what}; is it this one?`))) return false;
  const { projects } = await client.projects.move({ project, to: path });
  for (const moved of projects) ctx.say(`moved ${describe(ctx, moved)}`);
  return true;
}
