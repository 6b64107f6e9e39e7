/** `gardener add` of several paths: what fails of one is told, and the others go on. */
import { lstat, realpath } from 'node:fs/promises';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import { codebaseAt } from '../codebase/codebase.ts';
import { statusOf } from '../../codebase/look.ts';
import type { Context } from '../context.ts';
import { elsewhere, warnElsewhere } from '../elsewhere.ts';
import { LocalError } from '../errors.ts';
import { projectAt } from '../../codebase/registered.ts';
import { listAll } from '../projects/list.ts';
import { printable } from '../terminal/text.ts';
import { countEach, registerEach } from './batch.ts';
import { documentsOf, type Failure, failureOf, tellFailures } from './failures.ts';
import { movedAmong } from '../../codebase/gone.ts';
import { namesFor } from './names.ts';
import { inParallel } from './parallel.ts';
import { describe, hereInstead, movedWords, named } from './told.ts';

interface Place {
  readonly path: string;
  readonly real: string;
  readonly isLink: boolean;
}

/** What a pattern of the shell gives with the directories: nobody has asked for it by name. */
interface Skipped {
  readonly path: string;
  readonly reason: string;
}

interface Options {
  readonly language?: string | undefined;
  readonly tag?: readonly string[] | undefined;
}

export async function addMany(ctx: Context, typed: readonly string[], options: Options): Promise<void> {
  const { places, skipped, failed } = sorted(await inParallel(typed, (text) => look(ctx, text)));
  await ctx.withClient(async (client) => {
    const away = await elsewhere(ctx, client.hello);
    for (const { path } of places) warnElsewhere(ctx, away, path);
    const registered = await Promise.all(
      places.map(({ path }) => projectAt(client, path, undefined, away === null)),
    );
    const known = new Map<string, WireProject>();
    for (const [at, { path }] of places.entries()) {
      const project = registered[at];
      if (!project) continue;
      if (!ctx.json && !known.has(project.project_id))
        ctx.say(`already registered ${describe(ctx, project)}`);
      known.set(project.project_id, project);
      noteSame(ctx, path, project.source_path);
    }
    const fresh = withoutRepeats(
      ctx,
      places.filter((_, at) => !registered[at]),
    );
    const all = await listAll(client, {});
    const names = namesFor(
      fresh.map(({ path }) => path),
      all.map(({ name }) => name),
    );
    const movedFrom = await movedAmong(client, all);
    const counted = await countEach(ctx, fresh, movedFrom !== undefined);
    for (const { path, repository } of counted) {
      const gone = movedFrom?.(path, repository ?? null);
      if (gone) ctx.note(`note: ${movedWords(ctx, gone)}; ${await hereInstead(gone, path)}`);
    }
    const codebases = counted.map((one, at) => ({ ...one, name: names[at] ?? '' }));
    const told = { ...options, isHere: away === null };
    const { projects, failed: refused } = await registerEach(ctx, client, codebases, told);
    failed.push(...refused);
    if (known.size > 0 && (options.tag || options.language !== undefined)) {
      const where = [...known.values()].map(({ source_path: path }) => path);
      ctx.note(`note: tags and language stay of what was registered already: ${named(ctx, where)}`);
    }
    for (const { path, reason } of skipped)
      ctx.note(`note: left out ${printable(ctx.shortPath(path))}: ${ctx.tildes(reason)}`);
    tellFailures(ctx, failed);
    if (ctx.json)
      ctx.printJson({ projects: [...known.values(), ...projects], failed: documentsOf(failed), skipped });
  });
}

type Looked = Place | { readonly file: Failure } | { readonly failure: Failure };

async function look(ctx: Context, text: string): Promise<Looked> {
  try {
    const path = await codebaseAt(ctx, text);
    const isLink = (await lstat(path).catch(() => undefined))?.isSymbolicLink() ?? false;
    return { path, real: await realpath(path).catch(() => path), isLink };
  } catch (error) {
    // Of a variable that nobody has set, or a working directory that is gone, all of the command is wrong.
    if (!(error instanceof RegistryError || error instanceof LocalError)) throw error;
    const path = ctx.absolute(text);
    const failure = failureOf(ctx, path, error, true);
    const isFile = error instanceof RegistryError && (await statusOf(path))?.isDirectory() === false;
    return isFile ? { file: failure } : { failure };
  }
}

interface Sorted {
  readonly places: readonly Place[];
  readonly skipped: readonly Skipped[];
  readonly failed: Failure[];
}

/** Files are left out where there is a directory with them, and links to what holds another of the places. */
function sorted(looked: readonly Looked[]): Sorted {
  const directories = looked.filter((one) => 'real' in one);
  const files = looked.flatMap((one) => ('file' in one ? one.file : []));
  const failed = looked.flatMap((one) => ('failure' in one ? one.failure : []));
  const isAround = ({ real, isLink }: Place): boolean =>
    isLink && directories.some((one) => one.real.startsWith(real === '/' ? real : `${real}/`));
  const around = directories.filter(isAround);
  return {
    places: directories.filter((one) => !isAround(one)),
    skipped: [
      ...(directories.length > 0 ? files : []).map(({ path }) => ({ path, reason: 'it is no directory' })),
      ...around.map(({ path, real }) => ({
        path,
        reason: `it leads to ${printable(real)}, which holds others`,
      })),
    ],
    failed: directories.length > 0 ? failed : [...files, ...failed],
  };
}

/** Each directory once, as it was typed first; but rather by itself than by a link to it. */
function withoutRepeats(ctx: Context, places: readonly Place[]): Place[] {
  const chosen = new Map<string, Place>();
  for (const one of places) {
    const before = chosen.get(one.real);
    if (!before || (before.isLink && !one.isLink)) chosen.set(one.real, one);
  }
  for (const { path, real } of places) noteSame(ctx, path, chosen.get(real)?.path ?? path);
  return [...chosen.values()];
}

function noteSame(ctx: Context, path: string, other: string): void {
  if (path === other) return;
  const [same, typed] = [other, path].map((text) => printable(ctx.shortPath(text)));
  ctx.note(`note: ${typed} is the same directory as ${same}`);
}
