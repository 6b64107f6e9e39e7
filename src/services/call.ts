/** One call, as the services see it: who calls, and what can be said to them beside the answer. */
import type { Outlet } from './feed/subscription.ts';

/** Who calls: stands in the log beside what is done for them, where `pid` is the daemon's own number. */
export interface Peer {
  readonly connection: number;
  client?: string;
  client_pid?: number;
}

export interface Context {
  readonly peer: Peer;
  readonly connection: Outlet & {
    /** Whether the peer will ask nothing more. */
    readonly ended: boolean;
  };
  /** Has something done once the answer is on its way. */
  afterAnswer(action: () => void): void;
  /** Says that this call waits from now on for something that may be long in coming; its parameters are short. */
  parks(): void;
  /** Puts a change that was made into the log, beside the method and the caller; `about` says what was changed. */
  changed(about: Readonly<Record<string, unknown>>): void;
}
