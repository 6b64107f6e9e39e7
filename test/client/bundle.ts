/** Programs for tests that need real processes: Node 20 runs no TypeScript, so they are bundled as for release. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll } from 'vitest';

export interface Bundle {
  readonly file: string;
  /** Paths of the modules that are in it, types left out. */
  readonly modules: readonly string[];
}

/**
 * Bundles entries of the work tree into a directory that is there until the file's tests are over.
 *
 * @param entries bundle name to path from the root of the work tree
 */
export async function bundle<N extends string>(entries: Record<N, string>): Promise<Record<N, Bundle>> {
  const directory = await mkdtemp(join(tmpdir(), 'gardener-bundle-'));
  afterAll(() => rm(directory, { recursive: true, force: true }));
  const bundles: Partial<Record<N, Bundle>> = {};
  for (const name of Object.keys(entries) as N[]) {
    const build = await rolldown({
      input: { [name]: entries[name] },
      platform: 'node',
      // The same as for release.
      transform: { target: 'node20', define: { __filename: 'import.meta.filename' } },
      resolve: { mainFields: ['module', 'main'] },
      logLevel: 'silent',
    });
    const { output } = await build.write({ dir: directory, format: 'esm', codeSplitting: false });
    const [chunk] = output;
    bundles[name] = { file: join(directory, chunk.fileName), modules: chunk.moduleIds };
    await build.close();
  }
  return bundles as Record<N, Bundle>;
}
