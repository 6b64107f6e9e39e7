/** `gardener edit`: changes fields of a project, by flags or in an editor. */
import type { WireProject } from '../../../../src/domain/encoding.ts';
import type { Json, JsonObject } from '../../../../src/domain/project.ts';
import type { Client } from '../../../client.ts';
import { updateCurrent } from './changes.ts';
import { codebaseAt, fileWords, scanCodebase } from '../../codebase/codebase.ts';
import { requireAnswer } from '../../codebase/disk-answer.ts';
import { defineCommand, type Input } from '../../command.ts';
import type { Context } from '../../context.ts';
import { elsewhere, requireHere, warnElsewhere } from '../../elsewhere.ts';
import { UsageError } from '../../errors.ts';
import { JsonFault, parseJson } from '../../json.ts';
import { each } from '../../many/each.ts';
import { collect, wholeNumber } from '../../option-values.ts';
import { repositoryAt } from '../../../codebase/repository.ts';
import { PROJECT, referenceToChange } from '../resolve.ts';
import { operands, printable, shellWord } from '../../terminal/text.ts';

const TAKES = {
  '<project...>': PROJECT,
  '--name <name>': 'another name',
  '--path <path>': 'another directory',
  '--language <language>': 'another language',
  '--tag <tag>': { description: 'add a tag; may be given several times', read: collect },
  '--untag <tag>': { description: 'take a tag away; may be given several times', read: collect },
  '--meta <key=json>': {
    description: 'set a value in the metadata, or delete it with null; repeatable',
    read: collect,
  },
  '--file-count <number>': { description: 'another number of files', read: wholeNumber },
  '--rescan': 'find out language and number of files again',
} as const;

export default defineCommand({
  description: 'Changes projects; one without flags in an editor ($VISUAL or $EDITOR).',
  takes: TAKES,
  examples: {
    'gardener edit website --name site': 'another name',
    'gardener edit payments website --tag work --untag old': 'the tags of several',
    'gardener edit payments --meta \'owner="ada"\'': 'what you want to note about it',
    'gardener edit payments': 'all of it, in an editor',
  },
  document: {
    '...WireProject?': 'of one: the project as it is now',
    'projects?': 'of several: those that were named, as they are now',
    'skipped?': 'of several: those that could not be changed, each with project_id or null, name and reason',
  },
  async action(ctx, { project: references, ...options }) {
    ctx.hints = { project_exists: 'another name' };
    const [reference = '', ...others] = references;
    const isOne = others.length === 0;
    if (!isOne) refuseForSeveral(references, options);
    if (Object.keys(options).length === 0) {
      if (!ctx.host.stdin.isTTY || !ctx.host.stdout.isTTY) {
        throw new UsageError(
          'cannot open an editor: this is no terminal',
          `gardener edit ${shellWord(reference)} --name <name>; gardener edit --help lists the fields`,
        );
      }
      const { editByHand } = await import('./edit-by-hand.ts');
      return ctx.withClient(async (client) =>
        editByHand(ctx, client, await referenceToChange(ctx, client, reference)),
      );
    }
    // Not by assignment: a key named __proto__ is just a key.
    const metadata = options.meta && Object.fromEntries(await Promise.all(options.meta.map(parsePair)));
    const path = options.path === undefined ? undefined : await codebaseAt(ctx, options.path);
    await ctx.withClient(async (client) => {
      const change = (before: WireProject): Promise<WireProject> =>
        changeOne(ctx, client, before, { ...options, metadata, path });
      if (!isOne) {
        const done = await each(ctx, client, references, change);
        return ctx.json ? ctx.printJson(done) : undefined;
      }
      const project = await referenceToChange(ctx, client, reference);
      const after = await change(await client.projects.get({ project }));
      if (ctx.json) ctx.printJson(after);
    });
  },
});

type Options = Omit<Input<typeof TAKES>, 'project' | 'path'>;

/** What can only be said of one. */
function refuseForSeveral(references: readonly string[], options: object): void {
  const several = operands(...references);
  if (Object.keys(options).length === 0) {
    throw new UsageError(
      'cannot open an editor for several projects at once',
      `gardener edit --tag <tag> ${several}; gardener edit --help lists the fields`,
    );
  }
  const flag = ['name', 'path'].find((one) => one in options);
  if (flag === undefined) return;
  const [first = ''] = references;
  throw new UsageError(
    `cannot give several projects one ${flag === 'name' ? 'name' : 'directory'}`,
    `gardener edit --${flag} <${flag}> ${operands(first)}`,
  );
}

/** Changes a project as the flags say, and says so. */
async function changeOne(
  ctx: Context,
  client: Client,
  before: WireProject,
  {
    path,
    metadata,
    ...options
  }: Options & { readonly path: string | undefined; readonly metadata: JsonObject | undefined },
): Promise<WireProject> {
  const { source_path: known } = before;
  const looks = options.rescan || path !== undefined;
  const place = looks ? await elsewhere(ctx, client.hello) : null;
  if (path !== undefined) warnElsewhere(ctx, place, path);
  else requireHere(place, `count the files of ${printable(before.name)}`, 'the same');
  if (options.rescan && path === undefined) await requireAnswer(known, ctx.shortPath(known));
  const scanned = options.rescan ? await scanCodebase(ctx, path ?? known) : undefined;
  const repository = looks ? await repositoryAt(path ?? known, ctx.host.env) : undefined;
  const after = await updateCurrent(client, before, (current) => ({
    ...(options.name !== undefined && { name: options.name }),
    ...(path !== undefined && { source_path: path }),
    ...(repository !== undefined && { repository }),
    ...(scanned && { language: scanned.language, file_count: scanned.files }),
    ...(options.language !== undefined && { language: options.language }),
    ...(options.fileCount !== undefined && { file_count: options.fileCount }),
    ...((options.tag || options.untag) && { tags: changed(current.tags, options.tag, options.untag) }),
    ...(metadata && { metadata }),
  }));
  if (ctx.json) return after;
  const name = ctx.paint('bold', printable(after.name));
  if (after.etag === before.etag) ctx.say(`nothing to change in ${name}`);
  else ctx.print(`changed ${name}${scanned ? `  ${printable(after.language)}, ${fileWords(scanned)}` : ''}`);
  return after;
}

function changed(
  tags: readonly string[],
  more: readonly string[] = [],
  less: readonly string[] = [],
): string[] {
  return [...new Set([...tags, ...more])].filter((one) => !less.includes(one));
}

async function parsePair(pair: string): Promise<[string, Json]> {
  const sign = pair.indexOf('=');
  if (sign < 1) throw new UsageError(`cannot read --meta ${pair}: it has the form key=json`);
  const key = pair.slice(0, sign);
  const text = pair.slice(sign + 1);
  try {
    return [key, await parseJson(text)];
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new UsageError(
      `cannot read --meta ${pair}: the value is no JSON, ${error.message}`,
      `--meta ${shellWord(`${key}=${JSON.stringify(text)}`)} for a text`,
    );
  }
}
