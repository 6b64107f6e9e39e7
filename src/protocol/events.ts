/** The one notification of the protocol, `registry.event`, and what can be in it. */
import type { WireProject } from '../domain/encoding.ts';
import type { ChangeEvent, Origin } from '../domain/events.ts';
import type { Result } from './methods.ts';

interface About {
  readonly origin: Origin;
  /** ISO 8601. */
  readonly at: string;
}

/** A trainer has reported; only for subscriptions that ask for progress. */
export interface ProgressEvent extends About {
  readonly type: 'progress';
  readonly project_id: string;
  readonly project: WireProject;
}

/** The file cannot be used. */
export interface ProblemEvent extends About {
  readonly type: 'problem';
  readonly problem: NonNullable<Result<'registry.info'>['problem']>;
  /** Whether changes are refused because of it. */
  readonly read_only: boolean;
}

/** The file is good again, or the daemon drains. */
export interface PlainEvent extends About {
  readonly type: 'recovered' | 'shutdown';
}

/** What holds now, in place of everything that was not delivered. */
export interface ResyncEvent extends About {
  readonly type: 'resync';
  readonly projects: readonly WireProject[];
  readonly active_project: string | null;
  readonly problem: Result<'registry.info'>['problem'];
  /** Whether changes are refused because of the problem. */
  readonly read_only: boolean;
}

export type RegistryEvent = ChangeEvent | ProgressEvent | ProblemEvent | PlainEvent | ResyncEvent;

/** The parameters of a `registry.event` notification. */
export interface EventNotification {
  readonly subscription: string;
  /** Where the history stands after these events: `<epoch>:<sequence>`. */
  readonly cursor: string;
  readonly events: readonly RegistryEvent[];
}
