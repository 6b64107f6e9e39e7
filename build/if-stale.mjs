/** What npm runs after it has installed what is needed here, and before it packs: says nothing unless a build fails. */
import { existsSync } from 'node:fs';
import { isFresh } from './id.mjs';

const fail = (/** @type {string} */ reason) => {
  process.stderr.write(`cannot build what is to be run and packed: ${reason.trimEnd()}\n`);
  process.exitCode = 1;
};

if (!isFresh('.')) {
  if (existsSync('node_modules/rolldown')) {
    // Needs a package itself.
    const { buildIfStale } = await import('./fresh.mjs');
    await buildIfStale('.').catch((/** @type {Error} */ { message }) => fail(message));
  } else {
    fail('the packages that build it are not installed; run "npm ci", then try again');
  }
}
