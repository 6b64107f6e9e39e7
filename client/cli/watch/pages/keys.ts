/** What each key does. */
import { foldText } from '../../terminal/wrap.ts';
import { cutText } from '../../terminal/width.ts';
import type { Canvas } from './table.ts';

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['↑ ↓  k j', 'selects a project, or scrolls'],
  ['PgUp PgDn', 'the same by a screen'],
  ['Home End  g G', 'the first or the last'],
  ['Enter', 'opens the project'],
  ['Esc q', 'goes back; from the table, q leaves'],
  ['c', 'cancels the training, after a question'],
  ['r', 'asks for another training'],
  ['u', 'makes the project the active one'],
  ['/', 'shows only projects with these words in name, path, tags or status; Enter keeps them, Esc does not'],
  ['Ctrl-L', 'draws all of it again'],
];
const WIDTH = Math.max(...KEYS.map(([keys]) => keys.length));

/** A terminal this narrow has what they do below them, and room for words. */
const BESIDE_FROM = WIDTH + 2 + 20;

/** Lines of at most `columns` columns. */
export function keysPage({ columns, paint }: Pick<Canvas, 'columns' | 'paint'>): string[] {
  if (columns < BESIDE_FROM)
    return KEYS.flatMap(([keys, does]) => [
      paint('bold', cutText(keys, columns, 'end')),
      ...foldText(does, columns - 2).map((line) => cutText(`  ${line}`, columns, 'end')),
    ]);
  return KEYS.flatMap(([keys, does]) =>
    foldText(does, columns - WIDTH - 2).map(
      (line, at) => `${at === 0 ? paint('bold', keys.padEnd(WIDTH)) : ' '.repeat(WIDTH)}  ${line}`,
    ),
  );
}
