/** How often each method was called and how long it took, cheap enough to leave on. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Result } from '../protocol/methods.ts';

/** An hour: whatever takes longer counts as an hour. Microseconds. */
const HIGHEST = 3_600_000_000;

export class Metrics {
  readonly #byMethod = new Map<string, RecordableHistogram>();

  /** @param milliseconds from receiving the request to having its answer */
  record(method: string, milliseconds: number): void {
    let histogram = this.#byMethod.get(method);
    if (!histogram) {
      histogram = createHistogram({ lowest: 1, highest: HIGHEST, figures: 2 });
      this.#byMethod.set(method, histogram);
    }
    histogram.record(Math.min(HIGHEST, Math.max(1, Math.round(milliseconds * 1000))));
  }

  requests(): Result<'daemon.status'>['requests'] {
    const ms = (microseconds: number): number => microseconds / 1000;
    return Object.fromEntries(
      [...this.#byMethod].map(([method, histogram]) => [
        method,
        {
          count: histogram.count,
          p50_ms: ms(histogram.percentile(50)),
          p95_ms: ms(histogram.percentile(95)),
          p99_ms: ms(histogram.percentile(99)),
          max_ms: ms(histogram.max),
        },
      ]),
    );
  }
}
