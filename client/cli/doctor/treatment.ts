/** What `gardener doctor --fix` does: it says what it is about, asks whoever sits at a terminal, and does it. */
import { confirm } from '../terminal/ask.ts';
import { plural } from '../terminal/text.ts';
import type { Context } from '../context.ts';
import { explain } from '../errors.ts';
import type { Diagnosis, Fix, Treatment } from './finding.ts';

/** Lines that a question is explained by. */
const MAX_LISTED = 10;

/**
 * Does what can be done, each thing once. At a terminal nothing is done that nobody has agreed to; elsewhere what changes
 * the registry is left, unless the person has said yes beforehand.
 */
export async function applyFixes(
  ctx: Context,
  found: readonly Diagnosis[],
  { done, failed, notAgreed }: Treatment,
  yes: boolean,
): Promise<void> {
  const fixes = [...new Set<Fix>(found.flatMap(({ fix }) => (fix ? [fix] : [])))];
  const small = fixes.filter(({ about }) => !about);
  const areSmallAgreed = small.length === 0 || yes || !isAsked(ctx) || (await smallAgreed(ctx, small));
  for (const fix of fixes) {
    const isAgreed = fix.about
      ? yes || (isAsked(ctx) && (await agreed(ctx, fix, fix.about)))
      : areSmallAgreed;
    if (!isAgreed) {
      notAgreed.push(fix.does);
      continue;
    }
    try {
      await fix.run();
      done.push(fix.done);
    } catch (cause) {
      failed.push(`${fix.done}: ${explain(cause).message}`);
    }
  }
}

function isAsked({ host }: Context): boolean {
  return host.stdin.isTTY === true && host.stderr.isTTY === true;
}

/** What changes nothing in the registry, all together. */
async function smallAgreed(ctx: Context, fixes: readonly Fix[]): Promise<boolean> {
  const [only, ...others] = fixes.map(({ does }) => does);
  if (others.length === 0) return await confirm(ctx.host, `${only}?`);
  return await agreed(ctx, { does: `do these ${plural(fixes.length, 'thing')}` }, [only ?? '', ...others]);
}

async function agreed(ctx: Context, { does }: Pick<Fix, 'does'>, about: readonly string[]): Promise<boolean> {
  for (const line of about.slice(0, MAX_LISTED)) ctx.note(line);
  if (about.length > MAX_LISTED) ctx.note(`and ${about.length - MAX_LISTED} more`);
  return await confirm(ctx.host, `${does}?`);
}
