/** What npm runs after it has installed what is needed here, and before it packs: says nothing unless a build fails. */
import { existsSync } from 'node:fs';
import { isFresh } from './id.mjs';

try {
  if (!isFresh('.')) {
    if (!existsSync('node_modules/rolldown'))
      throw new Error('the packages that build it are not installed; run "npm ci", then try again');
    // Needs a package itself.
    const { buildIfStale } = await import('./fresh.mjs');
    await buildIfStale('.');
  }
} catch (error) {
  const { message } = /** @type {Error} */ (error);
  process.stderr.write(`cannot build what is to be run and packed: ${message.trimEnd()}\n`);
  process.exitCode = 1;
}
