/** How far the code has gone on since a project was trained, as git tells it here: the daemon runs no programs. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Client } from '../../client.ts';
import type { Patience } from '../../codebase/source.ts';
import type { Context } from '../context.ts';
import { type Elsewhere, elsewhere, requireHere } from '../elsewhere.ts';
import { withProgress } from '../terminal/progress.ts';
import { namesOf, plural, thousands } from '../terminal/text.ts';

/** A project with the number of commits by which its code is ahead of what it was trained from; null for not known. */
export type Compared = WireProject & { readonly ahead: number | null };

/** Whoever looks at projects waits no longer for it. */
const GLANCE: Patience = { all: 300 };
/** Whoever asks for those that are behind wants all of them; one whose disk is dead holds up a few others. */
const WHOLE: Patience = { all: 30_000, each: 5_000 };

export const NONE_BEHIND = 'no project is known to be behind its code; to see all: gardener ls';

/** Adds to projects how far their code is ahead, as far as that is told at once. On another machine nobody is asked. */
export async function withAhead(
  ctx: Context,
  client: Client,
  projects: readonly WireProject[],
): Promise<Compared[]> {
  // Where nothing was ever trained from a commit, nothing is asked or loaded.
  const isHere = projects.some(isComparable) && isOfFilesHere(await elsewhere(ctx, client.hello));
  return isHere ? compare(ctx, projects, GLANCE) : projects.map((project) => ({ ...project, ahead: null }));
}

/** The same for one. */
export async function withItsAhead(ctx: Context, client: Client, project: WireProject): Promise<Compared> {
  const [compared] = await withAhead(ctx, client, [project]);
  return compared ?? { ...project, ahead: null };
}

/**
 * Those whose code has commits that they were not trained from. One that was trained with uncommitted changes is not
 * among them, as these may be what was committed since. It is said of which projects that is not known.
 *
 * @param command for whoever has to run it on another machine
 * @throws {LocalError} where the codebases are on another machine
 */
export async function behindAmong(
  ctx: Context,
  client: Client,
  projects: readonly WireProject[],
  command: string,
): Promise<Compared[]> {
  requireHere(await elsewhere(ctx, client.hello), 'tell which projects are behind their code', command);
  const asked = projects.filter(isComparable);
  let count = 0;
  const compared = await withProgress(
    ctx.host,
    () => `asking git: ${thousands(count)} of ${plural(asked.length, 'project')}`,
    () => compare(ctx, asked, WHOLE, (told) => void (count = told)),
  );
  const unknown = compared.filter(({ ahead }) => ahead === null);
  const behind = compared.filter(({ ahead }) => ahead !== null && ahead > 0);
  const [unclear, clear] = [true, false].map((dirty) =>
    behind.filter(({ trained_from: from }) => from?.dirty === dirty),
  ) as [Compared[], Compared[]];
  if (unknown.length > 0) ctx.note(`note: git cannot tell how far the code is ahead of ${namesOf(unknown)}`);
  if (unclear.length > 0)
    ctx.note(
      `note: left out, as trained with uncommitted changes, which may have been committed since: ${namesOf(unclear)}`,
    );
  return clear;
}

/** `12 commits behind the code`; undefined where that is not known. */
export function behindWords({ ahead, trained_from: from }: Compared): string | undefined {
  // What was not committed then may be otherwise by now.
  if (ahead === null || (ahead === 0 && from?.dirty)) return undefined;
  return ahead === 0 ? 'no commits since' : `${plural(ahead, 'commit')} behind the code`;
}

/** False also for what a daemon of an earlier version gives. */
function isComparable({ trained_from: from }: Partial<WireProject>): boolean {
  return Boolean(from);
}

function isOfFilesHere(place: Elsewhere | null): boolean {
  return place?.directory !== null;
}

async function compare(
  ctx: Context,
  projects: readonly WireProject[],
  patience: Patience,
  told?: (count: number) => void,
): Promise<Compared[]> {
  const { aheadOfEach } = await import('../../codebase/source.ts');
  const comparable = projects.filter(isComparable);
  const numbers = await aheadOfEach(
    comparable.map(({ source_path: directory, trained_from: from }) => ({
      directory,
      commit: from?.commit ?? '',
    })),
    ctx.host.env,
    patience,
    told,
  );
  const byId = new Map(comparable.map(({ project_id: id }, at) => [id, numbers[at] ?? null]));
  return projects.map((project) => ({ ...project, ahead: byId.get(project.project_id) ?? null }));
}
