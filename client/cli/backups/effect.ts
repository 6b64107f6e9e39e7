/** What a change of the registry as a whole comes to, as a person and as a program is shown it. */
import type { Result } from '../../../src/protocol/methods.ts';
import type { Context } from '../context.ts';
import type { Style } from '../terminal/colour.ts';
import { plural, printable } from '../terminal/text.ts';

export type Effect = Result<'registry.restore'>['effect'];

type Affected = Effect['goes'][number] & { readonly fields?: readonly string[] };

/** Projects shown of each kind. */
const MAX_SHOWN = 20;
/** Below the names. */
export const HANGING = ' '.repeat(14);

/** A line that begins with what becomes of something. */
export function row(what: string, text: string, paint = (label: string) => label): string {
  return `  ${paint(what.padEnd(10))}  ${text}`;
}

/** A line for each project, and for all that stay. */
export function effectLines(
  ctx: Context,
  { comes_back: back, goes, changes, stay, active_project: active }: Effect,
): string[] {
  const called = (one: { readonly name: string } | null): string => printable(one?.name ?? 'none');
  return [
    ...projectLines(ctx, 'comes back', 'green', back),
    ...projectLines(ctx, 'goes', 'red', goes),
    ...projectLines(ctx, 'changes', 'yellow', changes),
    ...(stay > 0 ? [row('stays', plural(stay, 'project'))] : []),
    ...(active ? [row('active', `${called(active.from)} → ${called(active.to)}`)] : []),
  ];
}

export function projectLines(
  ctx: Context,
  what: string,
  style: Style,
  affected: readonly Affected[],
): string[] {
  const paint = (label: string): string => ctx.paint(style, label);
  const lines = affected.slice(0, MAX_SHOWN).map(({ name: project, fields }) => {
    const about = fields ? `  ${ctx.paint('dim', fields.map(printable).join(', '))}` : '';
    return row(what, printable(project) + about, paint);
  });
  const more = affected.length - MAX_SHOWN;
  return more > 0 ? [...lines, row(what, `${more} more`, paint)] : lines;
}
