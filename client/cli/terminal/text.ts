/** Small pieces of text as people read them. Pure: the time and the home directory come in. */
import { resolve } from 'node:path';
import { printable, shellWord } from '../../../src/system/printable.ts';
import { cutText } from './width.ts';

export { printable, shellWord } from '../../../src/system/printable.ts';

/** A path with the home directory as `~`. */
export function tilde(path: string, home: string): string {
  if (home === '' || home === '/') return path;
  if (path === home) return '~';
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** A message with `~` in every path in it that is below the home directory. */
export function tildes(message: string, home: string): string {
  if (home === '' || home === '/') return message;
  const escaped = home.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  // The whole of a path, from its beginning, and not `/home/ada` in `/home/adam`.
  return message.replace(new RegExp(`(?<![^\\s"'(=])${escaped}(?![^\\s/"':;,)])`, 'g'), '~');
}

/** The opposite of {@link tilde}, for what no shell has expanded; `~ada` stays as it is. */
export function expandTilde(path: string, home: string): string {
  return home !== '' && (path === '~' || path.startsWith('~/')) ? home + path.slice(1) : path;
}

/**
 * A project as the person named it, as the daemon takes it: what looks like a path becomes absolute, because the
 * daemon has another working directory; an id or a name stays.
 *
 * @param cwd where such a path starts; called only for a relative one
 */
export function projectReference(text: string, cwd: (path: string) => string, home: string): string {
  const path = expandTilde(text, home);
  if (path === '.' || path === '..' || path.includes('/')) {
    return path.startsWith('/') ? resolve(path) : resolve(cwd(path), path);
  }
  return text;
}

const STEPS: readonly (readonly [seconds: number, unit: string])[] = [
  [365.25 * 86_400, 'year'],
  [30.44 * 86_400, 'month'],
  [7 * 86_400, 'week'],
  [86_400, 'day'],
  [3_600, 'h'],
  [60, 'min'],
];

/**
 * How long ago a timestamp was: `just now`, `5 min ago`, `2 days ago`; one in the future, `in 2 days`. What is none is
 * shown as it is, as far as it can be.
 *
 * @param now milliseconds since the epoch
 */
export function relativeTime(timestamp: string, now: number): string {
  const elapsed = (now - Date.parse(timestamp)) / 1000;
  if (Number.isNaN(elapsed)) return noTime(timestamp);
  const span = largestUnit(Math.abs(elapsed));
  // Clocks of two machines differ by seconds; nobody wants to read about it.
  if (span === undefined) return 'just now';
  return elapsed < 0 ? `in ${span}` : `${span} ago`;
}

/** What stands where a timestamp should and is none: as wide as one at most. */
export function noTime(text: string): string {
  return cutText(printable(text), 24, 'end');
}

/** A length of time in its largest unit; undefined under a minute. */
function largestUnit(seconds: number): string | undefined {
  for (const [length, unit] of STEPS) {
    if (seconds < length) continue;
    const count = Math.floor(seconds / length);
    return unit === 'h' || unit === 'min' ? `${count} ${unit}` : plural(count, unit);
  }
  return undefined;
}

/** A length of time in seconds: `42 s`, `3 min`, `2 days`. */
export function duration(seconds: number): string {
  return largestUnit(seconds) ?? `${Math.floor(seconds)} s`;
}

/** How long something will take that nobody knows to the second: `12 min`, `a minute`, `seconds`. */
export function timeLeft(seconds: number): string {
  return seconds < 45 ? 'seconds' : seconds < 90 ? 'a minute' : duration(seconds + 30);
}

/** The same as a sentence has it: `about 12 min left`. */
export function leftWords(seconds: number): string {
  const left = timeLeft(seconds);
  return left === 'seconds' ? 'seconds left' : `about ${left} left`;
}

/** A timestamp in the person's time zone: `2026-01-05 09:30`. */
export function localTime(timestamp: string): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime())
    ? noTime(timestamp)
    : `${localDay(date)} ${localClock(date).slice(0, 5)}`;
}

/** `2026-01-05` in the local time zone. */
export function localDay(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `09:30:07.042` in the local time zone. */
export function localClock(date: Date): string {
  const milliseconds = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

/** `12,345`. Not toLocaleString: loading the locales costs ten milliseconds. */
export function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 file`, `2 files`, `12,345 files`. */
export function plural(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `512 B`, `12.3 KiB`, `48.6 MiB`. */
export function byteSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), 4);
  return `${(bytes / 1024 ** power).toFixed(1)} ${['', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

/** So many are named on a screen. */
export const MAX_NAMED = 10;

/**
 * `a, b and 3 more`: the first of them, as they are to be shown.
 *
 * @param count how many there are in all, where these are only the first
 */
export function firstOf(words: readonly string[], count = words.length): string {
  const shown = words.slice(0, MAX_NAMED);
  const more = count - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${thousands(more)} more` : ''}`;
}

/** The same for projects. */
export function namesOf(projects: readonly { readonly name: string }[]): string {
  return firstOf(projects.map(({ name }) => printable(name)));
}

/** `a`, `a or b`, `a, b or c`. */
export function anyOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/**
 * `not started`, `failed: stalled`: a status as a person says it.
 *
 * @param outcome how the last training ended, where that says more
 */
export function statusWords(status: string, outcome?: string): string {
  if (status !== 'failed') return status.replaceAll('_', ' ');
  if (outcome === 'cancelled') return outcome;
  return outcome === 'stalled' || outcome === 'lost' ? `failed: ${outcome}` : status;
}

/** Words that end a command, with dashes before them where one of them would be taken for a flag. */
export function operands(...words: readonly string[]): string {
  const quoted = words.map(shellWord).join(' ');
  return words.some((word) => word.startsWith('-')) ? `-- ${quoted}` : quoted;
}
