/** `gardener add` of several paths: what fails of one is told, and the others go on. */
import { realpath } from 'node:fs/promises';
import type { WireProject } from '../../../src/domain/encoding.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import { codebaseAt } from '../codebase/codebase.ts';
import type { Context } from '../context.ts';
import { elsewhere, warnElsewhere } from '../elsewhere.ts';
import { EXIT, explain, LocalError } from '../errors.ts';
import { nameFor, sameName } from '../names.ts';
import { listAll } from '../projects/list.ts';
import { moveCommand } from '../projects/move/move.ts';
import { printable } from '../terminal/text.ts';
import { countEach, type Failure, registerEach, tellFailures } from './batch.ts';
import { movedAmong } from './moved.ts';
import { namesFor } from './names.ts';
import { inParallel } from './parallel.ts';
import { describe, movedWords, named } from './told.ts';

interface Place {
  readonly path: string;
  readonly real: string;
}

interface Options {
  readonly language?: string | undefined;
  readonly tag?: readonly string[] | undefined;
}

export async function addMany(ctx: Context, typed: readonly string[], options: Options): Promise<void> {
  const looked = await inParallel(typed, (text) => look(ctx, text));
  const failed = looked.filter((one): one is Failure => 'error' in one);
  const places = withoutRepeats(ctx, looked);
  await ctx.withClient(async (client) => {
    const place = await elsewhere(ctx, client.hello);
    for (const { path } of places) warnElsewhere(ctx, place, path);
    const all = await listAll(client, {});
    const known = places.flatMap(({ path }) => registeredAt(all, path) ?? []);
    const fresh = places.filter(({ path }) => !registeredAt(all, path));
    if (!ctx.json) for (const one of known) ctx.say(`already registered ${describe(ctx, one)}`);
    const names = namesFor(
      fresh.map(({ path }) => path),
      all.map(({ name }) => name),
    );
    const movedFrom = await movedAmong(client, all);
    const counted = await countEach(ctx, fresh, movedFrom !== undefined);
    for (const { path, repository } of counted) {
      const gone = movedFrom?.(path, repository ?? null);
      if (gone)
        ctx.note(`note: ${movedWords(ctx, gone)}; to have it here instead: ${moveCommand(gone.name, path)}`);
    }
    const codebases = counted.map((one, at) => ({ ...one, name: names[at] ?? '' }));
    const { projects, failed: refused } = await registerEach(ctx, client, codebases, options);
    failed.push(...refused);
    if (known.length > 0 && (options.tag || options.language !== undefined)) {
      const where = known.map(({ source_path: path }) => path);
      ctx.note(`note: tags and language stay of what was registered already: ${named(ctx, where)}`);
    }
    tellFailures(ctx, failed);
    if (ctx.json) ctx.printJson({ projects: [...known, ...projects], failed });
  });
  if (failed.length > 0) ctx.exitCode = EXIT.refused;
}

async function look(ctx: Context, text: string): Promise<Place | Failure> {
  try {
    const path = await codebaseAt(ctx, text);
    return { path, real: await realpath(path).catch(() => path) };
  } catch (error) {
    // Of a variable that nobody has set, or a working directory that is gone, all of the command is wrong.
    if (!(error instanceof RegistryError || error instanceof LocalError)) throw error;
    return { path: ctx.absolute(text), error: explain(error).document };
  }
}

/** Each directory once, as it was typed first. */
function withoutRepeats(ctx: Context, looked: readonly (Place | Failure)[]): Place[] {
  const first = new Map<string, string>();
  return looked.filter((one): one is Place => {
    if (!('real' in one)) return false;
    const before = first.get(one.real);
    if (before === undefined) first.set(one.real, one.path);
    else if (before !== one.path) {
      const [same, path] = [before, one.path].map((text) => printable(ctx.shortPath(text)));
      ctx.note(`note: ${path} is the same directory as ${same}`);
    }
    return before === undefined;
  });
}

/** The project that this directory is registered as, as `gardener add` of one finds it. */
function registeredAt(all: readonly WireProject[], path: string): WireProject | undefined {
  const here = all.filter(({ source_path: source }) => source === path);
  return here.find(({ name }) => sameName(name, nameFor(path))) ?? here[0];
}
