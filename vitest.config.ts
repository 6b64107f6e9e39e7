import { availableParallelism } from 'node:os';
import { defaultExclude, defineConfig } from 'vitest/config';

const SLOW = 'test/**/*.slow.test.ts';
const FAULTS = 'test/faults/**/*.test.ts';
const CLIENTS = 'test/mcp/clients/**/*.test.ts';
/** What else a mode may run. */
const MODES: Readonly<Record<string, string>> = { slow: SLOW, faults: FAULTS, clients: CLIENTS };

// `npm test` runs what is quick; `--mode slow` what starts dozens of programs or waits for a limit of time to pass,
// `--mode faults` what breaks disks and processes, and `--mode clients` what needs clients that others wrote.
export default defineConfig(({ mode }) => ({
  test: {
    include: [MODES[mode] ?? 'test/**/*.test.ts'],
    exclude: [...defaultExclude, ...(mode in MODES ? [] : Object.values(MODES))],
    globalSetup: ['test/support/fresh-build.ts'],
    setupFiles: ['test/support/setup.ts'],
    // Processes: threads share a umask and a working directory, and cannot be sent signals.
    pool: 'forks',
    // What holds calls up and kills at moments wants the machine to itself.
    fileParallelism: mode !== 'faults',
    // The tests mostly wait; one worker less than there are cores, as by default, takes twice as long on two cores.
    maxWorkers: 2 * availableParallelism(),
    // Little here takes long, but a loaded machine with two cores is ten times as slow, and may stall for seconds. It only
    // passes when something is broken. Milliseconds.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
    // One file for each run: the same tests may be run with several versions of Node.
    reporters: process.env['TEST_RESULTS']
      ? [
          'default',
          ['json', { outputFile: `${process.env['TEST_RESULTS']}/${mode}-${process.version}.json` }],
        ]
      : ['default'],
  },
}));
