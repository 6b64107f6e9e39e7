/** What the doctor says. */
import type { Style } from '../terminal/colour.ts';
import type { Context } from '../context.ts';
import type { Diagnosis, Finding, Treatment } from './finding.ts';
import { tame } from '../terminal/gate.ts';
import { plural, tildes } from '../terminal/text.ts';
import { wrapText } from '../terminal/wrap.ts';

const STYLES: Readonly<Record<Finding['level'], Style>> = { ok: 'green', warning: 'yellow', error: 'red' };
const WIDTH = Math.max(...Object.keys(STYLES).map((level) => level.length));
/** Findings of one kind that are shown; a registry may have thousands of projects. */
const MAX_OF_A_KIND = 5;

export function report(ctx: Context, findings: readonly Diagnosis[], treatment: Treatment | undefined): void {
  if (ctx.json) {
    const plain = findings.map(({ fix: _function, remedy, ...finding }) => ({
      ...finding,
      ...(remedy !== undefined && { remedy: ctx.advise(remedy) }),
    }));
    return ctx.printJson({
      findings: plain,
      ...(treatment && {
        fixed: treatment.done,
        not_fixed: treatment.failed,
        not_agreed: treatment.notAgreed,
      }),
    });
  }
  for (const done of treatment?.done ?? []) say(ctx, 'fixed', 'green', done);
  for (const failed of treatment?.failed ?? []) say(ctx, 'failed', 'red', failed);
  const unasked = ctx.advise('not done without your consent; gardener doctor --fix --yes');
  for (const what of treatment?.notAgreed ?? []) say(ctx, 'left', 'yellow', `${what}: ${unasked}`);
  const shown = new Map<string, number>();
  for (const { check, level, message, remedy } of findings) {
    const count = (shown.get(check) ?? 0) + 1;
    shown.set(check, count);
    if (count > MAX_OF_A_KIND) continue;
    say(ctx, level, STYLES[level], tildes(message, ctx.host.home));
    if (remedy !== undefined) say(ctx, '', 'dim', ctx.advise(`try: ${remedy}`));
  }
  for (const [check, count] of shown) {
    if (count > MAX_OF_A_KIND)
      say(ctx, '', 'dim', ctx.advise(`${count - MAX_OF_A_KIND} more of ${check}: gardener doctor --json`));
  }
  ctx.print();
  ctx.print(summary(ctx, findings));
}

/** A word in the margin, and text beside it as wide as the terminal. */
function say(ctx: Context, word: string, style: Style, text: string): void {
  const margin = ' '.repeat(WIDTH + 2);
  const head = word === '' ? margin : ctx.paint(style, word) + margin.slice(word.length);
  const tamed = tame(text);
  const painted = style === 'dim' ? ctx.paint('dim', tamed) : tamed;
  for (const line of wrapText(painted, ctx.columns, head, margin)) ctx.print(line);
}

function summary(ctx: Context, findings: readonly Diagnosis[]): string {
  const count = (level: Finding['level']): number => findings.filter((one) => one.level === level).length;
  const errors = count('error');
  const warnings = count('warning');
  if (errors + warnings === 0) return ctx.paint('green', 'all is well');
  const parts = [
    errors > 0 && ctx.paint('red', plural(errors, 'error')),
    warnings > 0 && ctx.paint('yellow', plural(warnings, 'warning')),
  ].filter((part) => part !== false);
  const fixable = findings.filter(({ fix }) => fix).length;
  const advice = fixable > 0 ? ctx.advise(`; ${fixable} can be fixed: gardener doctor --fix`) : '';
  return parts.join(', ') + advice;
}
