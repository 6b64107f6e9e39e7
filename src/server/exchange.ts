import type { Holdings } from './holdings.ts';
import type { Context } from '../services/call.ts';
import type { Turns } from '../system/turns.ts';

/** What all connections have in common. */
export interface Shared {
  readonly turns: Turns;
  readonly holdings: Holdings;
}

/** One message that is being answered. */
export interface Exchange extends Omit<Context, 'changed'> {
  /** Says that so much will be answered, before the answer is put together. Bytes. */
  expect(bytes: number): void;
  /** Resolves when the peer has read enough of what it was answered before, or has gone; null when it has. */
  room(): Promise<void> | null;
}
