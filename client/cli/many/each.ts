/** Something done to each of several projects: what fails of one is told, and the others follow. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import type { Client } from '../../client.ts';
import type { Context } from '../context.ts';
import { EXIT, explain, LocalError } from '../errors.ts';
import { referenceToChange } from '../projects/resolve.ts';
import { printable } from '../terminal/text.ts';

/** One to which nothing was done. */
export interface Skipped {
  /** Null where it is not known which one was meant. */
  readonly project_id: string | null;
  /** As it was named where it is not known. */
  readonly name: string;
  /** The kind of the error. */
  readonly reason: string;
}

/** What `--json` prints where there may be several. */
export interface Done<P> {
  readonly projects: P[];
  readonly skipped: Skipped[];
}

const WORDS: Readonly<Record<string, string>> = {
  lease_held: 'it is being trained',
  project_not_found: 'it was removed',
};

/** Why there is one among many, in words where the error has too many. */
export function tellSkipped(ctx: Context, { name, reason }: Skipped, message = WORDS[reason]): void {
  ctx.note(`skipped ${printable(name)}: ${printable(message ?? reason)}`);
}

/**
 * Does it to one project after the other, each once; to none where one of the names is empty.
 *
 * @param work gets what the registry knows it by; it refuses by an error of the registry, or of this side
 */
export async function each(
  ctx: Context,
  client: Client,
  references: readonly string[],
  work: (project: WireProject) => Promise<WireProject>,
): Promise<Done<WireProject>> {
  const done = new Map<string, WireProject>();
  const failed = new Set<string>();
  const skipped: Skipped[] = [];
  for (const reference of references) if (reference === '') ctx.reference(reference);
  for (const reference of references) {
    let found: WireProject | undefined;
    try {
      found = await client.projects.get({ project: await referenceToChange(ctx, client, reference) });
      const { project_id: id } = found;
      if (!done.has(id) && !failed.has(id)) done.set(id, await work(found));
    } catch (error) {
      if (!(error instanceof RegistryError || error instanceof LocalError)) throw error;
      const one = {
        project_id: found?.project_id ?? null,
        name: found?.name ?? reference,
        reason: error.kind,
      };
      skipped.push(one);
      if (found) failed.add(found.project_id);
      const isShort = found !== undefined && WORDS[one.reason] !== undefined;
      tellSkipped(ctx, one, isShort ? undefined : explain(error).message);
      ctx.exitCode = EXIT.refused;
    }
  }
  return { projects: [...done.values()], skipped };
}
