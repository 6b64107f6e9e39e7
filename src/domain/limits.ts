/**
 * How long what the registry takes may be. This file has no imports: the client libraries cut by the same limits, so that
 * no report is refused for its length.
 */

/** What a client or a trainer calls itself. UTF-16 units, as in what follows. */
export const MAX_CALLER = 100;
/** Why somebody wants something: for the log, or for whoever trains. */
export const MAX_REASON = 1_000;
/** Where a repository is fetched from. */
export const MAX_REMOTE = 1_024;
export const MAX_PHASE = 100;
/** What a slot is called. */
export const MAX_SLOT = 64;
/** Slots that a trainer would take one of. */
export const MAX_SLOTS = 64;
/** The id of a commit: SHA-256 is the longest. */
export const MAX_COMMIT = 64;
export const MAX_BASE_MODEL = 1_024;
export const MAX_MESSAGE = 1_000;
/** Why a training failed. */
export const MAX_ERROR = 4_096;
/** Serialised as compact JSON, in UTF-8. */
export const MAX_DETAILS_BYTES = 4 * 1024;
export const MAX_METADATA_BYTES = 16 * 1024;
/**
 * What a caller may give for a path or a reference: the longest path that Linux takes, and macOS takes less. A file may
 * hold longer ones. UTF-8.
 */
export const MAX_PATH_BYTES = 4096;
