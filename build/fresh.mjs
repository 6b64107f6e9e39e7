/** Builds what is not built of the sources as they are. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { lock } from 'proper-lockfile';
import { isFresh } from './id.mjs';

/** While somebody else builds, who may have a busy machine: asked every so many milliseconds, for so many times. */
const WAIT = { retries: 3_000, factor: 1, minTimeout: 200, maxTimeout: 200 };

/**
 * Builds unless what is built is fresh; of several at once one does, and the others wait for it.
 *
 * @param {string} root of the work tree
 * @param {() => void} [onBuild] called before it builds
 * @returns {Promise<void>} rejects with what the build says of its reason; `npm run build` also shows where in itself
 */
export async function buildIfStale(root, onBuild) {
  if (isFresh(root)) return;
  const release = await lock(root, { lockfilePath: join(root, 'dist.lock'), retries: WAIT });
  try {
    if (isFresh(root)) return;
    onBuild?.();
    await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: root });
  } catch (error) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    throw new Error(`npm run build fails\n${reasonIn(stdout + stderr)}`, { cause: error });
  } finally {
    await release();
  }
}

/**
 * Without colours, which go to logs, too, and without the bundler's own frames and empty lines.
 *
 * @param {string} printed
 */
function reasonIn(printed) {
  const lines = stripVTControlCharacters(printed).split('\n');
  return lines
    .filter((line) => !/^[\s│╯─]*$|^\s+at .*:\d+:\d+\)?$|^ *ERROR +Build failed/.test(line))
    .join('\n');
}
