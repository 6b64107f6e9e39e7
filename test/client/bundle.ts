/** Programs for tests that need real processes: Node 20 runs no TypeScript, so they are bundled as for release. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll } from 'vitest';

export interface Bundle {
  readonly file: string;
  /** Paths of the modules that are in it, types left out. */
  readonly modules: readonly string[];
}

/**
 * Bundles entries of the work tree before the tests of a file, and removes them afterwards. Call it outside of tests.
 *
 * @param entries bundle name to path from the root of the work tree
 * @returns filled when the tests begin
 */
export function bundles<N extends string>(entries: Record<N, string>): Readonly<Record<N, Bundle>> {
  const made = {} as Record<N, Bundle>;
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gardener-bundle-'));
    for (const name of Object.keys(entries) as N[]) made[name] = await bundle(name, entries[name], directory);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return made;
}

async function bundle(name: string, entry: string, directory: string): Promise<Bundle> {
  const build = await rolldown({
    input: { [name]: entry },
    platform: 'node',
    // The same as for release.
    transform: { target: 'node20', define: { __filename: 'import.meta.filename' } },
    resolve: { mainFields: ['module', 'main'] },
    logLevel: 'silent',
  });
  const { output } = await build.write({ dir: directory, format: 'esm', codeSplitting: false });
  await build.close();
  return { file: join(directory, output[0].fileName), modules: output[0].moduleIds };
}
