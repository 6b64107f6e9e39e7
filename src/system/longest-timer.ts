/** Node takes a longer timer for one of a millisecond. About 25 days, in milliseconds. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
