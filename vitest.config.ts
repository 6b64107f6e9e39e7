import { availableParallelism } from 'node:os';
import { defaultExclude, defineConfig } from 'vitest/config';

// `npm test` runs everything but what is slow on purpose; `--mode faults` runs what breaks disks and processes.
export default defineConfig(({ mode }) => ({
  test: {
    include: mode === 'faults' ? ['test/faults/**/*.test.ts'] : ['test/**/*.test.ts'],
    exclude: [...defaultExclude, ...(mode === 'faults' ? [] : ['test/faults/**'])],
    globalSetup: ['test/support/fresh-build.ts'],
    setupFiles: ['test/support/setup.ts'],
    // Processes: threads share a umask and a working directory, and cannot be sent signals.
    pool: 'forks',
    // What holds calls up and kills at moments wants the machine to itself.
    fileParallelism: mode !== 'faults',
    // The tests mostly wait; one worker less than there are cores, as by default, takes twice as long on two cores.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
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
