/**
 * What is in a trash is called `<what it was>-<when it was moved there>-<chance>`; earlier versions left out the time.
 * The time is for people and for finding what came last: how long something has been kept is counted otherwise.
 */

/** How long what was removed is kept before it is deleted for good. Milliseconds. */
export const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

/** Enough of what it was to recognise it, with room for what comes after it. */
const MAX_LENGTH = 80;
const ENTRY = /^(.+?)(?:-(\d{8}T\d{6}Z))?-[0-9a-f]{8}$/;
/** Of what is not whole any more, or may not be: nobody gets it back. */
const DOOMED = '.deleting';

/**
 * @param was the name or path below `projects/`
 * @param at by the clock, milliseconds since the epoch
 * @param chance eight hexadecimal digits
 */
export function trashName(was: string, at: number, chance: string): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${shortened(was)}-${time}-${chance}`;
}

/** The name under which something is deleted. */
export function doomedName(name: string): string {
  return name + DOOMED;
}

/** Whether something is kept, and can be had back. */
export function isKept(name: string): boolean {
  return ENTRY.test(name);
}

/** Whether something is to be deleted, and may have been in part. */
export function isDoomed(name: string): boolean {
  return name.endsWith(DOOMED) && isKept(name.slice(0, -DOOMED.length));
}

/** Whether something that is kept was this. */
export function isOf(was: string, name: string): boolean {
  return ENTRY.exec(name)?.[1] === shortened(was);
}

/** When it was moved there, in milliseconds since the epoch; null for what an earlier version has moved. */
export function movedAt(name: string): number | null {
  const time = ENTRY.exec(name)?.[2];
  return time === undefined
    ? null
    : Date.parse(time.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, '$1-$2-$3T$4:$5:'));
}

function shortened(was: string): string {
  return was.replaceAll('/', '.').slice(0, MAX_LENGTH);
}
