/**
 * Runs before each test file: no test sees the registry of whoever runs it.
 *
 * A test that needs a home makes one. One that forgets fails, because nothing can be written below /dev/null,
 * instead of changing what belongs to a person.
 */
import { devNull } from 'node:os';
import { join } from 'node:path';
import { afterAll, vi } from 'vitest';
import { removeDirectories } from './home.ts';

process.env['HOME'] = join(devNull, 'no-home-in-tests');
delete process.env['XDG_RUNTIME_DIR'];
for (const name of Object.keys(process.env)) {
  if (name.startsWith('CODEBASE_GARDENER_')) delete process.env[name];
}

afterAll(async () => {
  // What is still being loaded when a file is over comes to nothing, for the next file, too.
  await vi.dynamicImportSettled();
  await removeDirectories();
});
