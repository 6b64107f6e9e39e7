/** The last line of the screen: a question, what has come of a key, or the keys that there are, as far as there is room. */
import type { Style } from '../../terminal/colour.ts';
import { printable } from '../../terminal/text.ts';
import { cutText, textWidth } from '../../terminal/width.ts';
import type { WatchState } from '../state.ts';
import type { Canvas } from './table.ts';
import type { ViewState } from '../keys/view.ts';

/** A key with what it does; of those with the greatest number there is room for last. */
type Hint = readonly [text: string, rank: number];

const CHANGES: readonly Hint[] = [
  ['c cancel', 3],
  ['r retrain', 5],
  ['u use', 6],
];
const KEYS: Hint = ['? keys', 1];
const LEAVES: Hint = ['q leaves', 0];
const TABLE: readonly Hint[] = [['↑↓ enter', 2], ...CHANGES, ['/ filter', 4], KEYS, LEAVES];
const ONE: readonly Hint[] = [...CHANGES, KEYS, LEAVES];
const PROJECT: readonly Hint[] = [['esc back', 0], ...CHANGES, KEYS];
const TYPING: readonly Hint[] = [
  ['enter keeps the filter', 1],
  ['esc ends it', 0],
];
const BACK: readonly Hint[] = [['esc back', 0]];
const GAP = '  ';

/**
 * @param view undefined where no keys are read
 * @param where which part of all is seen; empty where all of it is
 */
export function lastLine(
  state: WatchState,
  { columns, paint }: Pick<Canvas, 'columns' | 'paint'>,
  view: ViewState | undefined,
  where = '',
): string {
  const line = (style: Style, text: string): string => paint(style, cutText(printable(text), columns, 'end'));
  if (view?.asks) return line('yellow', question(view.asks.id, state, columns));
  if (!state.connected) return line('yellow', 'no daemon answers; reconnecting …');
  if (view?.says) return line(view.says.isBad ? 'red' : 'bold', view.says.text);
  const hints = view ? hintsOf(view) : [['Ctrl-C leaves', 0] as const];
  return paint(
    'dim',
    cutText(fitted(where === '' ? hints : [[where, 2.5], ...hints], columns), columns, 'end'),
  );
}

/** The answers are seen in any case. */
function question(id: string, state: WatchState, columns: number): string {
  const answers = '? y/n';
  const asked = `cancel the training of ${printable(state.get(id)?.name ?? '')}`;
  return cutText(asked, columns - answers.length, 'end') + answers;
}

function hintsOf({ page, isOne, isTyping }: ViewState): readonly Hint[] {
  if (page === 'keys') return BACK;
  if (page === 'project') return isOne ? ONE : PROJECT;
  return isTyping ? TYPING : TABLE;
}

function fitted(hints: readonly Hint[], columns: number): string {
  const text = hints.map(([hint]) => hint).join(GAP);
  if (hints.length < 2 || textWidth(text) <= columns) return text;
  const last = Math.max(...hints.map(([, rank]) => rank));
  return fitted(
    hints.filter(([, rank]) => rank !== last),
    columns,
  );
}
