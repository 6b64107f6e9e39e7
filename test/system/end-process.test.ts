import { expect, test } from 'vitest';
import { EndSignals } from '../../src/system/end-process.ts';

type Step = readonly [ms: number, signal: NodeJS.Signals, meant: 'end' | 'same' | 'force'];

test.for<[what: string, steps: readonly Step[]]>([
  [
    'the same signal at once is the same wish, as of timeout, which signals its command and the group',
    [
      [0, 'SIGTERM', 'end'],
      [0, 'SIGTERM', 'same'],
      [499, 'SIGTERM', 'same'],
    ],
  ],
  [
    'the same signal later forces, as a second Ctrl-C',
    [
      [0, 'SIGINT', 'end'],
      [500, 'SIGINT', 'force'],
    ],
  ],
  [
    'one that was taken for a repetition does not put off the next one',
    [
      [0, 'SIGINT', 'end'],
      [400, 'SIGINT', 'same'],
      [600, 'SIGINT', 'force'],
    ],
  ],
  [
    'another signal forces at once',
    [
      [0, 'SIGTERM', 'end'],
      [0, 'SIGINT', 'force'],
    ],
  ],
])('%s', ([, steps]) => {
  let now = 0;
  const signals = new EndSignals(() => now);
  for (const [ms, signal, meant] of steps) {
    now = 1e6 + ms;
    expect(signals.heard(signal), `${signal} after ${ms} ms`).toBe(meant);
  }
});
