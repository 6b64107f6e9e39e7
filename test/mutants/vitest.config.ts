import { defineConfig } from 'vitest/config';

/** The tests that need no process and no file: what they find, they find in milliseconds. */
export default defineConfig({
  test: {
    include: ['test/domain/**/*.test.ts', 'test/protocol/**/*.test.ts'],
    // As for all tests: a loaded machine is no reason to stop. A mutant that never ends is ended by Stryker. Milliseconds.
    testTimeout: 60_000,
  },
});
