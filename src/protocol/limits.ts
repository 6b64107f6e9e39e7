/**
 * What a peer may ask for at once. Client and daemon share this file, which brings nothing with it; `docs/contract.md` has
 * the same numbers.
 */

/** A longer line is refused, and the connection closed: where it ends cannot be known. Bytes. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** A longer file is not imported: it is read in one go, and nobody else has a turn meanwhile. Bytes. */
export const MAX_IMPORT_BYTES = 64 * 1024 * 1024;
export const MAX_BATCH = 1_000;
export const MAX_DEPTH = 64;
/** A list that a caller gives holds no more; a longer one is refused before each of its items is looked at. */
export const MAX_LIST = 1_000;
/** So many faults of one request are told: each key of four megabytes may be one. */
export const MAX_ISSUES = 32;
/** How long a call may have the daemon wait, in milliseconds. */
export const MAX_WAIT_MS = 60_000;
export const MAX_CONNECTIONS = 1_024;
/** Requests under way on one connection; beyond that it is not read. */
export const MAX_IN_FLIGHT = 1_024;
/** Every subscription has a queue; a connection needs few. */
export const MAX_SUBSCRIPTIONS = 64;
/** The answers of a batch go out as one line; no further one is put together beyond this length. UTF-16 units. */
export const MAX_BATCH_ANSWER_LENGTH = 64 * 1024 * 1024;
/** Committed changes that are kept for resuming. */
export const HISTORY_LENGTH = 1_000;
/**
 * What may wait for a subscriber that does not read what it was sent before; beyond it the queue becomes one resync.
 * One that reads gets every event, however many a single step of the registry brings. Bytes.
 */
export const MAX_WAITING_BYTES = 1024 * 1024;
