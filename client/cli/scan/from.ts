/** `gardener import --from`: the codebases that another program knows. */
import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { isNowhere } from '../../../src/system/errors.ts';
import { answers } from '../../codebase/disk-answer.ts';
import type { Context } from '../context.ts';
import { isDirectory } from '../../codebase/look.ts';
import { elsewhere, requireHere } from '../elsewhere.ts';
import { LocalError } from '../errors.ts';
import { withProgress } from '../terminal/progress.ts';
import { firstOf, MAX_NAMED, plural, printable } from '../terminal/text.ts';
import { type Codebase, findCodebases, type Finds } from './find.ts';
import { marksOf } from './marks.ts';
import { offer, tagFlags, type Wish } from './offer.ts';
import { inParallel } from './parallel.ts';
import { ghq } from './sources/ghq.ts';
import { gitMaintenance } from './sources/git-maintenance.ts';
import type { Source } from './sources/source.ts';
import { vscode } from './sources/vscode.ts';

const SOURCES = { ghq, vscode, 'git-maintenance': gitMaintenance } as const satisfies Record<string, Source>;

/** Groups of groups are as deep as their owners make them. */
const DEPTH = 12;
/** Disks that are asked at a time. */
const AT_ONCE = 8;

export async function importFrom(ctx: Context, name: keyof typeof SOURCES, wish: Wish): Promise<void> {
  const source: Source = SOURCES[name];
  await ctx.withClient(async (client) => {
    requireHere(await elsewhere(ctx, client.hello), `import from ${name}`, `gardener import --from ${name}`);
    const noted = await source.read(ctx.host);
    const away = 'paths' in noted ? (noted.elsewhere ?? 0) : 0;
    if (noted.unused.length > 0) ctx.note(`note: not used: ${firstOf(noted.unused.map(printable))}`);
    if (away > 0) ctx.note(`note: left out: ${plural(away, 'place')} on other machines`);
    let count = 0;
    const finds = await withProgress(
      ctx.host,
      () => `looking at what ${name} knows: ${plural(count, 'place')}`,
      async () => {
        if ('paths' in noted) return await lookAtEach(ctx, noted.paths, () => (count += 1));
        const { roots } = noted;
        const there = await inParallel(
          roots,
          async (root) => (await answers(root)) && (await isDirectory(root)),
        );
        const onProgress = (directories: number): void => void (count = directories);
        const { home } = ctx.host;
        return await findCodebases(
          roots.filter((_, at) => there[at]),
          { depth: DEPTH, home, packages: false, onProgress },
        );
      },
    );
    if (finds.codebases.length + finds.gone + finds.worktrees + finds.unreadableCount === 0) {
      throw new LocalError(
        `cannot import from ${name}: it has no codebase here; looked at ${source.where}`,
        'gardener scan <directory>',
      );
    }
    const again = [`gardener import --from ${name} --yes`, ...tagFlags(wish.tag)].join(' ');
    await offer(ctx, client, finds, wish, again);
  });
}

type Looked = Codebase | 'gone' | 'unreadable' | 'worktree' | 'nothing';

/** What the places of a list are. */
async function lookAtEach(ctx: Context, paths: readonly string[], told: () => void): Promise<Finds> {
  const { home } = ctx.host;
  // As a link to it may have been opened.
  const realHome = await realpath(home).catch(() => home);
  const looked = await inParallel(
    paths,
    async (path): Promise<Looked> => {
      told();
      return await look(path, realHome);
    },
    AT_ONCE,
  );
  const count = (what: Looked): number => looked.filter((one) => one === what).length;
  const unreadable = paths.filter((_, at) => looked[at] === 'unreadable');
  const all = looked.filter((one): one is Codebase => typeof one === 'object');
  // Through links there may be several ways to one.
  const each = [...new Map(all.map((one) => [one.real, one])).values()];
  const codebases = each.filter(
    ({ kind, real }) =>
      kind === 'repository' || !each.some((one) => one.kind !== 'folder' && real.startsWith(`${one.real}/`)),
  );
  return {
    codebases: codebases.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    worktrees: count('worktree'),
    unreadable: unreadable.slice(0, MAX_NAMED),
    unreadableCount: unreadable.length,
    stopped: false,
    gone: count('gone'),
  };
}

async function look(path: string, realHome: string): Promise<Looked> {
  if (!(await answers(path))) return 'unreadable';
  try {
    const real = await realpath(path);
    // Who has opened one of them once does not mean all that is in it.
    if (real === realHome || real === '/') return 'nothing';
    const { kind, repository = '' } = await marksOf(real, 0);
    if (kind === 'worktree' && /^\.(git|jj)$/.test(basename(repository))) return 'worktree';
    if (kind === 'filled' || kind === 'container') return 'nothing';
    if (kind === 'worktree') return { path, real, kind: 'repository' };
    return { path, real, kind: kind === 'plain' ? 'folder' : kind };
  } catch (error) {
    if (isNowhere(error)) return 'gone';
    if (error instanceof Error && 'syscall' in error) return 'unreadable';
    throw error;
  }
}
