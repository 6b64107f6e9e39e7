/**
 * Anything may happen in any order: changes, alone and in batches, edits of the file, good and bad, writes that fail,
 * kills and restarts. The daemon, the file and a model of twenty lines agree after each step.
 */
import { array, assert, asyncProperty } from 'fast-check';
import { test } from 'vitest';
import { requireTools } from '../support/tools.ts';
import { expectAgreement } from './support/both.ts';
import { anyStep, type Step } from './support/steps.ts';

const RUNS = 25;
const MOST_STEPS = 40;
/** When no more runs are begun, however few there were, milliseconds; one that has begun goes on to its end. */
const LONGEST = 40_000;

/** What was found in this way, shrunk. */
const FOUND: [what: string, steps: Step[]][] = [
  [
    'a change in a batch, after one that has to look at the disk first',
    [
      {
        do: 'batch',
        operations: [
          { do: 'register', name: 'a', activate: false },
          { do: 'count', name: 'a', count: 7 },
        ],
      },
    ],
  ],
  [
    'a write beyond the limit on the length of files',
    [
      { do: 'register', name: 'a', activate: false },
      { do: 'fail', operation: { do: 'rename', name: 'a', to: 'b' } },
    ],
  ],
  [
    'a change that changes nothing where nothing can be written',
    [
      { do: 'register', name: 'a', activate: false },
      { do: 'fail', operation: { do: 'rename', name: 'a', to: 'a' } },
      { do: 'fail', operation: { do: 'count', name: 'a', count: 0 } },
      { do: 'fail', operation: { do: 'status', name: 'a', status: 'not_started' } },
      { do: 'fail', operation: { do: 'activate', name: 'a' } },
      { do: 'fail', operation: { do: 'touch', name: 'a' } },
    ],
  ],
];

test.for(FOUND)('the daemon, its file and the model agree after %s', async ([, steps], context) => {
  requireTools(context, 'prlimit');
  await expectAgreement(steps);
});

test('the daemon, its file and the model agree whatever happens', { timeout: 120_000 }, async (context) => {
  requireTools(context, 'prlimit');
  const steps = array(anyStep, { maxLength: MOST_STEPS, size: 'max' });
  const start = performance.now();
  // Not interrupted: what is left behind then goes on to start daemons that nobody ends.
  const property = asyncProperty(steps, async (steps) => {
    if (performance.now() - start < LONGEST) await expectAgreement(steps);
  });
  await assert(property, { numRuns: RUNS });
});
