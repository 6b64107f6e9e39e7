/** What is measured, with whom, and where it should be. */
import type { ContenderName } from './contenders/contender.ts';

/** How thorough a run is. Milliseconds for what is timed by the clock. */
export interface Effort {
  readonly rounds: number;
  readonly warmUp: number;
  readonly duration: number;
}

export type Target =
  /** At least so many times as fast as a contender, by the median of the ratios within each round. */
  | { readonly against: ContenderName; readonly speed: number }
  /** At most so much, in the unit of the workload. */
  | { readonly atMost: number };

export interface Workload {
  readonly title: string;
  /** Less is better in all of them. */
  readonly unit: 'µs' | 'ms' | 'MiB';
  /** The registry comes first. */
  readonly contenders: readonly ContenderName[];
  readonly targets: readonly Target[];
  /** Left out where it is only tried whether everything works: it is done like another one, with other numbers. */
  readonly isLikeAnother?: boolean;
  measure(contender: ContenderName, effort: Effort): Promise<number>;
}
