/** How far a training is, in one line that fits a terminal. Pure. */
import { progressBar } from '../terminal/bar.ts';
import type { Paint } from '../terminal/colour.ts';
import { leftWords, printable } from '../terminal/text.ts';
import { cutText, textWidth } from '../terminal/width.ts';

export interface Standing {
  readonly name: string;
  /** What the person has to know at once, in the place of what the trainer is at. */
  readonly notice?: string | undefined;
  /** From 0 to 1. */
  readonly progress?: number | undefined;
  readonly phase?: string | undefined;
  readonly message?: string | undefined;
  /** Seconds since it began, and until it will have ended, as far as that can be told. */
  readonly elapsed: number;
  readonly left?: number | undefined;
}

/** Of a bar, from that of a roomy terminal on. */
const BARS = [20, 10, 0] as const;
const GAP = '  ';
const WIDE_GAP = '     ';
/** What the trainer is at gives way only beyond so many columns. */
const ENOUGH = 40;
const HOUR = 3_600;

/** One line of at most `columns` columns: what does not fit is left out as a whole, and the trainer's words come last. */
export function progressLine(standing: Standing, columns: number, paint: Paint): string {
  const { progress, elapsed, left } = standing;
  const words = printable(wordsOf(standing));
  const bars = progress === undefined ? [''] : BARS.map((width) => progressBar(progress, width).trimStart());
  const whole = [clock(elapsed), ...(left === undefined ? [] : [leftOf(left)])].join(', ');
  const [shortest = ''] = bars.slice(-1);
  const layouts = [
    ...bars.map((bar) => [bar, whole] as const),
    [shortest, clock(elapsed)] as const,
    [shortest, ''] as const,
  ];
  const room = ([bar, times]: (typeof layouts)[number]): number =>
    columns -
    (bar === '' ? 0 : textWidth(bar) + GAP.length) -
    (times === '' ? 0 : times.length + WIDE_GAP.length);
  const wanted = Math.min(textWidth(words), ENOUGH);
  const chosen = layouts.find((layout) => room(layout) >= wanted) ?? layouts.at(-1);
  if (!chosen) return '';
  const [bar, times] = chosen;
  const doing = cutText(words, Math.max(0, room(chosen)), 'end');
  const begin = [bar === '' ? '' : paint('cyan', cutText(bar, columns, 'end')), doing]
    .filter(Boolean)
    .join(GAP);
  return times === '' ? begin : `${begin}${WIDE_GAP}${paint('dim', times)}`;
}

function wordsOf({ name, notice, phase, message }: Standing): string {
  return notice ?? ([phase, message].filter(Boolean).join(': ') || `training ${name}`);
}

/** `0:07`, `3:12`, `1:03:12`. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / HOUR), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number: number): string => String(number).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** To the second where that is near; what is far is told as roughly as it is known. */
function leftOf(seconds: number): string {
  return seconds < HOUR ? `about ${clock(seconds)} left` : leftWords(seconds);
}

/** How long something took: `17 s`, `5 min 17 s`, `2 h 5 min`, `3 days 4 h`. */
export function tookWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / (24 * HOUR));
  const units = [
    [days, days === 1 ? 'day' : 'days'],
    [Math.floor(whole / HOUR) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  if (first === -1) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}
