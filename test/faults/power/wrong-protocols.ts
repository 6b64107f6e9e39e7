/** Recordings of a daemon that does it wrong, made from one of a daemon that does it right. */
import { dirname } from 'node:path';
import type { Event } from './events.ts';

/** Every file; a protocol may be wrong for those of some paths alone. */
const ANY = /(?:)/;

/** Whatever is synced and is no directory is not synced. */
export function withoutFileSyncs(events: readonly Event[], files = ANY): Event[] {
  const directories = directoriesOf(events);
  return events.filter(
    (event) => event.do !== 'sync' || directories.has(event.path) || !files.test(event.path),
  );
}

/** These files are never written. */
export function withoutFiles(events: readonly Event[], files: RegExp): Event[] {
  return events.filter((event) => !('path' in event && files.test(event.path)));
}

/** These files go before others take their place. */
export function removedBeforeReplaced(events: readonly Event[], files: RegExp): Event[] {
  const there = new Set<string>();
  return events.flatMap((event): Event[] => {
    if (event.do !== 'rename' || !files.test(event.to)) return [event];
    const replaces = there.has(event.to);
    there.add(event.to);
    return replaces ? [{ do: 'remove', path: event.to }, event] : [event];
  });
}

/** What is moved to these names is removed. */
export function removedRatherThanMoved(events: readonly Event[], to: RegExp): Event[] {
  return events.map((event) =>
    event.do === 'rename' && to.test(event.to) ? { do: 'remove', path: event.path } : event,
  );
}

/** The directory into which something is moved under these names is not synced afterwards. */
export function movedWithoutSync(events: readonly Event[], to: RegExp): Event[] {
  const moved = [...events];
  for (const event of events) {
    if (event.do !== 'rename' || !to.test(event.to)) continue;
    const start = moved.indexOf(event);
    const synced = moved.findIndex(
      (other, index) => index > start && other.do === 'sync' && other.path === dirname(event.to),
    );
    if (synced !== -1) moved.splice(synced, 1);
  }
  return moved;
}

/** No directory is synced. */
export function withoutDirectorySyncs(events: readonly Event[]): Event[] {
  const directories = directoriesOf(events);
  return events.filter((event) => event.do !== 'sync' || !directories.has(event.path));
}

/** What others have written is taken over as it is. */
export function withoutSyncsOfEdits(events: readonly Event[]): Event[] {
  return events.filter((event) => event.do !== 'sync' || !event.path.endsWith('/registry.json'));
}

/** A file takes its place first, and is synced there. */
export function renamedBeforeSync(events: readonly Event[], files = ANY): Event[] {
  const moved = [...events];
  const directories = directoriesOf(events);
  for (const [at, event] of events.entries()) {
    if (event.do !== 'rename' || directories.has(event.path) || !files.test(event.to)) continue;
    const synced = moved.findLastIndex(
      (other, index) => index < at && other.do === 'sync' && other.path === event.path,
    );
    if (synced === -1) continue;
    moved.splice(at, 1);
    moved[synced] = { do: 'sync', path: event.to };
    moved.splice(synced, 0, event);
  }
  return moved;
}

/** The bytes go into the file that they are for, not into one beside it. */
export function writtenInPlace(events: readonly Event[], files = ANY): Event[] {
  const moved: Event[] = [];
  const directories = directoriesOf(events);
  for (const [at, event] of events.entries()) {
    const isFile = 'path' in event && !directories.has(event.path);
    const target = isFile ? targetOf(events, at, event.path) : null;
    if (target === null || !files.test(target)) moved.push(event);
    else if (event.do !== 'rename') moved.push({ ...event, path: target } as Event);
  }
  return moved;
}

/** Whoever asked is told as soon as the file has its new content, before that is safe. */
export function toldBeforeSync(events: readonly Event[]): Event[] {
  const moved = [...events];
  for (const [at, event] of events.entries()) {
    if (event.do !== 'say') continue;
    const renamed = moved.findLastIndex(
      (other, index) => index < at && (other.do === 'rename' || other.do === 'say'),
    );
    if (moved[renamed]?.do !== 'rename') continue;
    moved.splice(at, 1);
    moved.splice(renamed + 1, 0, event);
  }
  return moved;
}

/** A project's files go before the registry forgets it. */
export function filesRemovedFirst(events: readonly Event[]): Event[] {
  const removes = events.filter(
    (event) =>
      ((event.do === 'remove' || event.do === 'rename') && event.path.includes('/projects/')) ||
      // Where they are moved to.
      (event.do === 'create' && event.path.endsWith('/trash')),
  );
  const moved: Event[] = [];
  for (const [at, event] of events.entries()) {
    if (removes.includes(event)) continue;
    moved.push(event);
    // Where the step began.
    if (event.do !== 'mark') continue;
    const next = events.findIndex((other, index) => index > at && other.do === 'mark');
    moved.push(
      ...events.slice(at, next === -1 ? events.length : next).filter((other) => removes.includes(other)),
    );
  }
  return moved;
}

function directoriesOf(events: readonly Event[]): Set<string> {
  const made = events.filter((event) => event.do === 'create' && event.directory);
  return new Set(made.map((event) => ('path' in event ? event.path : '')));
}

/** The name that a file under this one is given in the end, where that is another, known by what it has written into. */
function targetOf(events: readonly Event[], at: number, path: string): string | null {
  let target: string | null = null;
  let name = path;
  for (const event of events.slice(at)) {
    if (!('path' in event) || event.path !== name) continue;
    if (event.do === 'remove') return target;
    if (event.do !== 'rename') continue;
    name = event.to;
    target = name;
  }
  return target;
}
