/**
 * The name under which an import lays its file among the backups.
 *
 * With the oldest of dates, because a spoilt registry is replaced by its newest backup, and this is none.
 */
const LAID = /^registry-19700101T000000\.000Z-\d+-import\.json$/;

/** @param pid two imports at once must not take each other's file away */
export function importName(pid: number): string {
  return `registry-19700101T000000.000Z-${pid}-import.json`;
}

/** Whether an import that was killed left this behind. */
export function isImportName(name: string): boolean {
  return LAID.test(name);
}
