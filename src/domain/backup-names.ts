/**
 * What the files in `<data>/backups/` are called, and which of them is the newest. Ours are
 * `registry-<time>[-n]-<reason>.json` and `registry-last-good.json`; whatever else lies there, such as the copy that a
 * synchroniser makes of one of these, is left alone.
 *
 * The names alone say the order, which neither a wrong clock nor a program that copies files can turn round.
 * `registry-last-good.json` is the newest: whoever keeps another one brings it up to date first. The others only go up:
 * when the clock says less than the newest name, the new one has the time of that, and a number after it.
 */

/** The copy of the committed content that is written over. */
export const LAST_GOOD = 'registry-last-good.json';

const DATED = /^registry-(\d{8}T\d{6}\.\d{3}Z)(?:-(\d{1,15}))?-([a-z][a-z-]*)\.json$/;

interface Parts {
  /** As it stands in the name; such times compare as texts. */
  readonly time: string;
  /** Which of the backups of that time it is, from 1. */
  readonly nth: number;
  readonly reason: string;
}

/** What is no such name has neither time nor reason, and so comes after all that are. */
function parse(name: string): Parts {
  const [, time = '', nth = '1', reason = ''] = DATED.exec(name) ?? [];
  return { time, nth: Number(nth), reason };
}

/** The greatest number that a name has room for. */
const MAX_NTH = 999_999_999_999_999;

/** Whether a file in the directory is a backup. */
export function isBackupName(name: string): boolean {
  return name === LAST_GOOD || DATED.test(name);
}

/** Why it was made: `edit`, `last-good`. */
export function reasonOf(name: string): string {
  return name === LAST_GOOD ? 'last-good' : parse(name).reason;
}

/** Whether a backup is a content that the registry had; an import of an earlier version laid another's file among them. */
export function wasContent(name: string): boolean {
  return reasonOf(name) !== 'import';
}

/** Orders the names of backups, the newest first. */
export function newestFirst(a: string, b: string): number {
  if (a === LAST_GOOD || b === LAST_GOOD) return Number(b === LAST_GOOD) - Number(a === LAST_GOOD);
  const [left, right] = [parse(a), parse(b)];
  if (left.time !== right.time) return left.time < right.time ? 1 : -1;
  return right.nth - left.nth;
}

/**
 * The name of a new backup, after which none of the others is newer.
 *
 * @param others the names that are there
 * @param now by the clock, as ISO 8601
 */
export function nextName(others: readonly string[], reason: string, now: string): string {
  const [newest = ''] = others.filter((name) => name !== LAST_GOOD).toSorted(newestFirst);
  const last = parse(newest);
  const clock = now.replace(/[-:]/g, '');
  const stamp = last.time >= clock ? stampAfter(last) : clock;
  return `registry-${stamp}-${reason}.json`;
}

/** What comes next after a name that the clock has not reached. */
function stampAfter({ time, nth }: Parts): string {
  if (nth < MAX_NTH) return `${time}-${nth + 1}`;
  // As a number of its digits: nobody reads the time of such a name, and that it is greater is all that counts.
  const next = String(BigInt(time.replace(/\D/g, '')) + 1n).padStart(17, '0');
  return next.replace(/(\d{8})(\d{6})(\d{3})/, '$1T$2.$3Z');
}

/**
 * When a backup was made, as ISO 8601: what its name says, unless the name had to go on from a later one; then what the
 * file system says. A copy of the file is younger than its name.
 *
 * @param written when the file was last written
 */
export function createdAt(name: string, written: Date): string {
  const time = parse(name).time.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, '$1-$2-$3T$4:$5:');
  const named = Date.parse(time);
  return named < written.getTime() ? time : written.toISOString();
}
