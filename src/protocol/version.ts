/** The version of the protocol; it changes only when an older client could no longer be answered. */
export const PROTOCOL_VERSION = 1;
