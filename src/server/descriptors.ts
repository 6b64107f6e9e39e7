/** How many connections there may be where the system lets a process open few files. */

/** Kept back for what the daemon opens itself: the registry file, its directory, backups, the log. Descriptors. */
const RESERVE = 64;
/** However few there are. */
const LEAST = 16;

/**
 * So many connections leave enough descriptors for writing what they ask for. Takes a few milliseconds.
 *
 * Node raises the limit that a process starts with to the highest that it may have (256 is launchd's own, where
 * nothing else is said); that one is asked for.
 */
export function affordableConnections(): number {
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft: number | 'unlimited' } };
  };
  const limit = Number(userLimits?.open_files?.soft);
  return Number.isFinite(limit) ? Math.max(LEAST, limit - RESERVE) : Number.POSITIVE_INFINITY;
}
