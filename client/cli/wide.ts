/** The measure for any text: ideographs and emoji take two columns, combining marks none. */
import stringWidth from 'string-width';
import { ELLIPSIS, type Measure } from './width.ts';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

export const wide: Measure = {
  width: (text) => stringWidth(text),
  cut(text, max, side) {
    if (stringWidth(text) <= max) return text;
    if (max <= 0) return '';
    // Never through the middle of what the terminal shows as one character.
    const clusters = Array.from(graphemes.segment(text), ({ segment }) => segment);
    if (side === 'start') clusters.reverse();
    const kept: string[] = [];
    let width = 1;
    for (const cluster of clusters) {
      width += stringWidth(cluster);
      if (width > max) break;
      kept.push(cluster);
    }
    return side === 'end' ? kept.join('') + ELLIPSIS : ELLIPSIS + kept.reverse().join('');
  },
};
