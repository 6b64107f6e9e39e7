import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defaultExclude, defineConfig } from 'vitest/config';

const SLOW = 'test/**/*.slow.test.ts';
const FAULTS = 'test/faults/**/*.test.ts';
const CLIENTS = 'test/mcp/clients/**/*.test.ts';
/** What else a mode may run. */
const MODES: Readonly<Record<string, string>> = { slow: SLOW, faults: FAULTS, clients: CLIENTS };
// What puts something else in the place of a module needs one that nobody has loaded.
const MOCKING = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name}`)
  .filter((path) => readFileSync(path, 'utf8').includes('\nvi.mock('));

/** What no mode has. To load every module anew for each file would take a third of the time of these. */
const QUICK = {
  exclude: [...defaultExclude, ...Object.values(MODES)],
  projects: [
    { extends: true as const, test: { name: 'alone', include: MOCKING } },
    {
      extends: true as const,
      test: { name: 'together', include: ['test/**/*.test.ts'], exclude: MOCKING, isolate: false },
    },
  ],
};

// `npm test` runs what is quick; `--mode slow` what starts dozens of programs or waits for a limit of time to pass,
// `--mode faults` what breaks disks and processes, and `--mode clients` what needs clients that others wrote.
export default defineConfig(({ mode }) => ({
  test: {
    ...(MODES[mode] === undefined ? QUICK : { include: [MODES[mode]] }),
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
