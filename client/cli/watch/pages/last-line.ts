/** The last line of the screen: a question, what has come of a key, or the keys that there are, as far as there is room. */
import type { Style } from '../../terminal/colour.ts';
import { printable } from '../../terminal/text.ts';
import { cutText, textWidth } from '../../terminal/width.ts';
import { foldText } from '../../terminal/wrap.ts';
import type { WatchState } from '../state.ts';
import type { Canvas } from './table.ts';
import { selectedOf, type ViewState } from '../keys/view.ts';

/** A key with what it does; of those with the greatest number there is room for last. */
export type Hint = readonly [text: string, rank: number];

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
const GONE: readonly Hint[] = [['the project was removed', 1], LEAVES];
const TYPING: readonly Hint[] = [
  ['enter keeps the filter', 1],
  ['esc ends it', 0],
];
const BACK: readonly Hint[] = [['esc back', 0]];
const GAP = '  ';

/** What is said may be as long as the message of an error; lines. */
const MOST_SAID = 4;

/**
 * Puts them below what a page shows, in the place of its end where there is no room beside it.
 *
 * @param view undefined where no keys are read
 * @param where which part of all is seen, if not all of it is
 */
export function withLastLine(
  lines: readonly string[],
  state: WatchState,
  canvas: Pick<Canvas, 'columns' | 'rows' | 'paint'>,
  view: ViewState | undefined,
  where: readonly Hint[] = [],
): string[] {
  const last = lastLines(state, canvas, view, where);
  return [...lines.slice(0, Math.max(0, canvas.rows - last.length)), ...last];
}

function lastLines(
  state: WatchState,
  { columns, rows, paint }: Pick<Canvas, 'columns' | 'rows' | 'paint'>,
  view: ViewState | undefined,
  where: readonly Hint[],
): string[] {
  const line = (style: Style, text: string): string => paint(style, cutText(printable(text), columns, 'end'));
  if (view?.asks) return [line('yellow', question(view.asks.id, state, columns))];
  if (!state.connected) return [line('yellow', 'no daemon answers; reconnecting …')];
  if (view?.says) {
    const { text, isBad = false } = view.says;
    const said = foldText(printable(text), columns, Math.min(MOST_SAID, rows));
    return said.map((part) => line(isBad ? 'red' : 'bold', part));
  }
  const hints = view ? hintsOf(view, state) : [['Ctrl-C leaves', 0] as const];
  return [line(hints === GONE ? 'yellow' : 'dim', fitted([...where, ...hints], columns))];
}

/** The answers are seen in any case. */
function question(id: string, state: WatchState, columns: number): string {
  const answers = '? y/n';
  const asked = `cancel the training of ${printable(state.get(id)?.name ?? '')}`;
  return cutText(asked, columns - answers.length, 'end') + answers;
}

function hintsOf(view: ViewState, state: WatchState): readonly Hint[] {
  const { page, isOne, isTyping } = view;
  if (page === 'keys') return BACK;
  if (page === 'project' && isOne) return state.get(selectedOf(view) ?? '') ? ONE : GONE;
  if (page === 'project') return PROJECT;
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
