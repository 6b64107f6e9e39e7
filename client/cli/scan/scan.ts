/** `gardener scan`: finds codebases, and registers those that the person wants. */
import { codebaseAt } from '../codebase/codebase.ts';
import { defineCommand } from '../command.ts';
import { elsewhere, requireHere } from '../elsewhere.ts';
import { collectFilled, wholeNumber } from '../option-values.ts';
import { withProgress } from '../terminal/progress.ts';
import { operands, plural, thousands } from '../terminal/text.ts';
import { findCodebases } from './find.ts';
import { DOCUMENT } from './document.ts';
import { offer, tagFlags } from './offer.ts';

/** `~/go/src/github.com/owner/repository` is as far from the home directory. */
const DEPTH = 5;

export default defineCommand({
  description:
    'Finds repositories of git and jj, and packages that lie in none, below directories, and registers those that you tick.',
  takes: {
    '[dir...]': 'where to look; the working directory if none is given',
    '--depth <levels>': {
      description: 'how far below the directory to look',
      read: wholeNumber,
      default: DEPTH,
    },
    '--yes': 'register all that are found; do not ask',
    '--dry-run': 'only list what is found',
    '--tag <tag>': { description: 'a tag for each; may be given several times', read: collectFilled },
  },
  details: `What lies in a repository or package is a part of it. Left out are what is
registered already, linked worktrees, bare repositories, hidden directories,
node_modules and the like, and what is only reached through links. Equal names
get that of the directory around before theirs: work-api and oss-api.`,
  examples: {
    'gardener scan ~/src': 'tick what is to be registered',
    'gardener scan --dry-run': 'only list what is below here',
    'gardener scan --yes --tag work ~/work': 'register all of it, with a tag',
  },
  document: DOCUMENT,
  async action(ctx, { dir: typed, depth, ...wish }) {
    const roots: string[] = [];
    for (const text of typed.length > 0 ? typed : ['.']) roots.push(await codebaseAt(ctx, text));
    await ctx.withClient(async (client) => {
      requireHere(await elsewhere(ctx, client.hello), 'scan', `gardener scan ${operands(...typed)}`);
      let [directories, found] = [0, 0];
      const finds = await withProgress(
        ctx.host,
        () => `looking at directories: ${thousands(directories)}, with ${plural(found, 'codebase')}`,
        () =>
          findCodebases(roots, {
            depth,
            home: ctx.host.home,
            onProgress: (...now) => ([directories, found] = now),
          }),
      );
      const flags = [...(depth === DEPTH ? [] : [`--depth ${depth}`]), ...tagFlags(wish.tag)];
      const again = ['gardener scan --yes', ...flags, operands(...typed)].join(' ').trimEnd();
      await offer(ctx, client, finds, wish, again);
    });
  },
});
