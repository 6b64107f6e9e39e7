/** Registering many codebases at once. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import type { Repository } from '../../../src/domain/project.ts';
import type { Client } from '../../client.ts';
import { ConnectionError, RpcError } from '../../errors.ts';
import { registerCounted } from '../../codebase/registered.ts';
import { repositoryAt } from '../../codebase/repository.ts';
import { scan, type Scan } from '../../codebase/files/scan.ts';
import type { Context } from '../context.ts';
import { withProgress } from '../terminal/progress.ts';
import { plural, thousands } from '../terminal/text.ts';
import { type Failure, failureOf } from './failures.ts';
import { inParallel } from './parallel.ts';
import { describe, named } from './told.ts';

/** A codebase, and what is in it. */
export interface Counted {
  readonly path: string;
  readonly scan: Scan;
  /** Null where it is not known, undefined where nobody has asked yet. */
  readonly repository: Repository | null | undefined;
}

/** Looks through codebases, some at a time, with progress on a terminal; and says of which not all could be read. */
export async function countEach<T extends { readonly path: string }>(
  ctx: Context,
  codebases: readonly T[],
  asksRepository: boolean,
): Promise<(T & Counted)[]> {
  const { host } = ctx;
  let count = 0;
  const counted = await withProgress(
    host,
    () => `counting files: ${thousands(count)} of ${plural(codebases.length, 'codebase')}`,
    () =>
      inParallel(codebases, async (one) => {
        const found = await scan(one.path, { env: host.env });
        const repository = asksRepository ? await repositoryAt(one.path, host.env) : undefined;
        count += 1;
        return { ...one, scan: found, repository };
      }),
  );
  const partly = counted.filter(({ scan: { gitFault, unreadableCount, unreadRules } }) =>
    Boolean(gitFault ?? unreadRules ?? unreadableCount),
  );
  if (partly.length > 0)
    ctx.note(
      `note: the number of files may be another one, as not all could be read: ${named(
        ctx,
        partly.map(({ path }) => path),
      )}`,
    );
  return counted;
}

interface Told {
  readonly language?: string | undefined;
  readonly tag?: readonly string[] | undefined;
  /** Whether the registry is of this machine. */
  readonly isHere: boolean;
}

/**
 * Registers codebases; what fails of one is told, and the others go on. Once begun it is done to its end, to be told.
 */
export async function registerEach(
  ctx: Context,
  client: Client,
  codebases: readonly (Counted & { readonly name: string })[],
  { language, tag, isHere }: Told,
): Promise<{ projects: WireProject[]; failed: Failure[] }> {
  const { host } = ctx;
  let count = 0;
  const known = await withProgress(
    host,
    () => `asking git: ${thousands(count)} of ${plural(codebases.length, 'codebase')}`,
    () =>
      inParallel(codebases, async (one) => {
        const repository =
          one.repository === undefined ? await repositoryAt(one.path, host.env) : one.repository;
        count += 1;
        return { ...one, repository };
      }),
  );
  const registerOne = (one: (typeof known)[number]): Promise<WireProject> => {
    const { path, name, scan: found, repository } = one;
    const tags = tag && [...tag];
    const wanted = { name, source_path: path, language: language ?? found.language, tags, repository };
    return registerCounted(client, wanted, found.files, isHere);
  };
  const projects: WireProject[] = [];
  const failed: Failure[] = [];
  // At once, to become durable together.
  const ends = await ctx.host.uninterrupted(() => Promise.allSettled(known.map(registerOne)));
  for (const [at, one] of known.entries()) {
    const end = ends[at];
    if (end?.status === 'fulfilled') {
      projects.push(end.value);
      if (!ctx.json) ctx.say(`added ${describe(ctx, end.value, one.scan)}`);
    } else failed.push(failure(ctx, one.path, end?.reason));
  }
  return { projects, failed };
}

/** @throws what is neither an answer of the registry's about this codebase, nor that there is none */
function failure(ctx: Context, path: string, error: unknown): Failure {
  if (error instanceof RegistryError || error instanceof RpcError || error instanceof ConnectionError)
    return failureOf(ctx, path, error);
  throw error;
}
