/** A line of the daemon's log as people read it. */
import type { Style } from '../terminal/colour.ts';
import { localClock, localDay, printable } from '../terminal/text.ts';
import { isJsonObject } from '../../../src/domain/values/json.ts';

const LEVELS: readonly (readonly [least: number, name: string, style: Style])[] = [
  [50, 'ERROR', 'red'],
  [40, 'WARN', 'yellow'],
  [30, 'INFO', 'green'],
  [0, 'DEBUG', 'dim'],
];

/** What is in each line and says nothing new, and what is shown in a place of its own. */
const LEFT_OUT = new Set(['time', 'level', 'msg', 'pid', 'hostname', 'err', 'v']);

/**
 * Time, level, message, then the fields. A line that is not the logger's stays as it is.
 *
 * @param today lines of this local day have no date
 */
export function prettyLine(
  line: string,
  today: string,
  paint: (style: Style, text: string) => string,
): string {
  const entry = parseLine(line);
  if (!entry) return printable(line);
  const { time, level, msg, err } = entry;
  const [, name, style] = LEVELS.find(([least]) => Number(level) >= least) ?? ([0, 'DEBUG', 'dim'] as const);
  const parts = [
    paint('dim', timeText(time, today)),
    paint(style, name.padEnd(5)),
    typeof msg === 'string' ? printable(msg) : '',
    ...Object.entries(entry)
      .filter(([key]) => !LEFT_OUT.has(key))
      .map(([key, value]) => `${paint('dim', `${printable(key)}=`)}${valueText(value)}`),
  ].filter((part) => part !== '');
  const error = isJsonObject(err) && typeof err['message'] === 'string' ? err['message'] : undefined;
  if (error !== undefined) parts.push(`${paint('dim', 'error=')}${paint('red', valueText(error))}`);
  return parts.join('  ');
}

/**
 * Whether a line is of this level or above. One that is not the logger's, such as a crash prints, always is.
 *
 * @param level as on the command line: `WARNING`, in any case of letters
 */
export function isAtLeast(line: string, level: string): boolean {
  const entry = parseLine(line);
  const [least] = LEVELS.find(([, name]) => level.toUpperCase().startsWith(name)) ?? [0];
  return entry === undefined || typeof entry['level'] !== 'number' || entry['level'] >= least;
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return isJsonObject(entry) ? entry : undefined;
  } catch {
    // A crash report or half a line; shown as it is.
    return undefined;
  }
}

function timeText(time: unknown, today: string): string {
  const date = new Date(typeof time === 'number' || typeof time === 'string' ? time : Number.NaN);
  if (Number.isNaN(date.getTime())) return '?';
  const day = localDay(date);
  return day === today ? localClock(date) : `${day} ${localClock(date)}`;
}

function valueText(value: unknown): string {
  const plain = typeof value === 'string' && /^[^\s"=]+$/.test(value);
  return printable(plain ? value : JSON.stringify(value));
}
