/** What npm runs after it has installed what is needed here, and before it packs: says nothing unless a build fails. */
import { buildIfStale } from './fresh.mjs';

await buildIfStale('.').catch((/** @type {Error} */ { message }) => {
  process.stderr.write(`cannot build what is to be run and packed: ${message}`);
  process.exitCode = 1;
});
