/** Moments as the registry writes them: ISO 8601, UTC, with milliseconds and `Z`. */

/** The first and the last moment that Python's `datetime` and four digits of a year can hold. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * A moment in the registry's form. One that the form has no words for, as a clock that is set wrong tells it, is taken
 * for the nearest that it has: the file must be readable again.
 *
 * @param ms since the epoch
 */
export function timestampOf(ms: number): string {
  return new Date(Math.min(Math.max(ms, FIRST_MS), LAST_MS)).toISOString();
}

const CANONICAL = /^(?!0000)\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d\.\d{3}Z$/;
const LENIENT =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ]((?:[01]\d|2[0-3]):\d\d)(:\d\d)?(?:[.,](\d{1,9}))?)?\s*([Zz]|[+-]\d\d:?\d\d)?$/;
/** What {@link canonicalTime} takes, as far as a pattern can say it. */
export const TIMESTAMP = LENIENT.source;

/**
 * A timestamp in the registry's form: ISO 8601, UTC, milliseconds, `Z`.
 * One without a zone is local time, as Python's naive `datetime` is.
 *
 * @returns null when the text is no timestamp that Python's `datetime` could hold
 */
export function canonicalTime(text: string): string | null {
  if (CANONICAL.test(text)) return isDay(text) && !Number.isNaN(Date.parse(text)) ? text : null;
  const match = LENIENT.exec(text);
  if (!match || !isDay(text)) return null;
  const [, date, minutes = '00:00', seconds = ':00', fraction = '', zone = ''] = match;
  const normalZone = zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase();
  const time = Date.parse(`${date}T${minutes}${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}${normalZone}`);
  if (Number.isNaN(time)) return null;
  const canonical = new Date(time).toISOString();
  return CANONICAL.test(canonical) ? canonical : null;
}

/** Whether the month has the day; JavaScript takes the 30th of February for the 2nd of March. */
function isDay(date: string): boolean {
  const [year = 0, month = 0, day = 0] = date.slice(0, 10).split('-').map(Number);
  return day <= 28 || day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** The moment that a file has, in the registry's form; null where it has none, or none that can be read. */
export function timeOf(text: string | null | undefined): string | null {
  return text ? canonicalTime(text) : null;
}
