/**
 * Runs once before all tests, and again when they are run again: most of them start the programs in `dist/`, and these
 * have to be what the sources say. Building them takes seconds, and finding out that it is not needed a few milliseconds.
 */
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { buildIfStale } from '../../build/fresh.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why what is built is not what the sources say; empty when it is. */
    staleBuild: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

export default async function setup(project: TestProject): Promise<void> {
  const freshen = async (): Promise<void> => {
    // Tests that need no program are not kept from running by sources that cannot be built.
    const trouble = await buildIfStale(root, tell).then(
      () => '',
      ({ message }: Error) => `cannot build what the tests start: ${message}`,
    );
    process.stderr.write(trouble);
    // The compiler's words once are enough.
    project.provide('staleBuild', trouble.split('\n', 1).join());
  };
  await freshen();
  project.onTestsRerun(freshen);
}

function tell(): void {
  process.stderr.write('dist/ is not what the sources say: building it\n');
}
