import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @type {ConstructorParameters<typeof import('@stryker-mutator/core').Stryker>[0]} */
export default {
  mutate: ['src/domain/**/*.ts', 'src/protocol/{wire,long-ids}.ts'],
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/mutants/vitest.config.ts', related: false },
  // The compiler checks the project; mutants need not compile.
  disableTypeChecks: true,
  // It would rewrite the paths of a tsconfig.json with what TypeScript 7 no longer has.
  tsconfigFile: 'none',
  ignoreStatic: true,
  coverageAnalysis: 'perTest',
  concurrency: 2,
  reporters: ['clear-text', 'progress'],
  // Not in the tree, where the project's own tests and checks would find the copies.
  tempDirName: join(tmpdir(), 'codebase-gardener-mutants'),
  cleanTempDir: 'always',
  thresholds: { high: 95, low: 90, break: 90 },
};
