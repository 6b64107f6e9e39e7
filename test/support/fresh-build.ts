/**
 * Runs once before all tests, and again when they are run again: most of them start the programs in `dist/`, and these
 * have to be what the sources say. Building them takes seconds, and finding out that it is not needed a few milliseconds.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { lock } from 'proper-lockfile';
import type { TestProject } from 'vitest/node';
import { builtId, sourcesId } from '../../build/id.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why what is built is not what the sources say; empty when it is. */
    staleBuild: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** While somebody else builds, who may have a busy machine: asked every so many milliseconds, for so many times. */
const WAIT = { retries: 3_000, factor: 1, minTimeout: 200, maxTimeout: 200 };

export default async function setup(project: TestProject): Promise<void> {
  const freshen = async (): Promise<void> => {
    // Tests that need no program are not kept from running by sources that cannot be built.
    const trouble = (await build(root).catch((error: unknown) => (error as Error).message)) ?? '';
    process.stderr.write(trouble);
    // The compiler's words once are enough.
    project.provide('staleBuild', trouble.split('\n', 1).join());
  };
  await freshen();
  project.onTestsRerun(freshen);
}

/** Builds what is not what the sources say; of several at once one does, and the others wait for it. */
export async function build(directory: string): Promise<void> {
  if (isFresh(directory)) return;
  const release = await lock(directory, { lockfilePath: join(directory, 'dist.lock'), retries: WAIT });
  try {
    if (isFresh(directory)) return;
    process.stderr.write('dist/ is not what the sources say: building it\n');
    await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: directory });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`cannot build what the tests start: npm run build fails\n${stdout}${stderr}`, {
      cause: error,
    });
  } finally {
    await release();
  }
}

function isFresh(directory: string): boolean {
  return builtId(directory) === sourcesId(directory);
}
