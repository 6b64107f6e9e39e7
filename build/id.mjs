/**
 * Which sources a build is made of: `build.json` in `dist/` says it, and so does a daemon of its own build.
 *
 * In JavaScript, because npm's scripts ask for it, too, and Node 20 runs nothing else.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a build depends on, by its path from the root of the work tree. */
const SOURCE =
  /^(?:src|client|build)\/.*\.m?[jt]s$|^(?:package(?:-lock)?|tsconfig)\.json$|^rolldown\.config\.ts$/;

/**
 * The id that a build of these sources has: the same for the same sources, whoever builds them, and when.
 *
 * @param {string} root
 */
export function sourcesId(root) {
  const names = ['src', 'client', 'build'].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((name) => join(top, name)),
  );
  const hash = createHash('sha256');
  for (const name of [...readdirSync(root), ...names].filter((path) => SOURCE.test(path)).toSorted()) {
    const content = readFileSync(join(root, name));
    hash.update(`${name}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 12);
}

/**
 * When a build is made that is made now.
 *
 * Packagers who want the same bytes again set it, in seconds: https://reproducible-builds.org/specs/source-date-epoch/
 *
 * @throws {Error} where it is set to anything else
 */
export function buildTime() {
  return timeAskedFor() ?? new Date();
}

/** Undefined where none is asked for; what is empty counts as not set. */
function timeAskedFor() {
  const { SOURCE_DATE_EPOCH: epoch = '' } = process.env;
  if (epoch === '') return undefined;
  const time = new Date(Number(epoch) * 1_000);
  if (/^\d+$/.test(epoch) && !Number.isNaN(time.valueOf())) return time;
  throw new Error(
    `SOURCE_DATE_EPOCH is ${JSON.stringify(epoch)}, which is no time; set it to seconds since 1970, such as 1780000000`,
  );
}

/**
 * Whether what is built is what would be built now, from these sources and, where that is asked for, as of that time.
 *
 * @param {string} root
 */
export function isFresh(root) {
  const built = readBuild(root);
  const time = timeAskedFor();
  if (built?.id !== sourcesId(root)) return false;
  return time === undefined || built.built_at === time.toJSON();
}

/**
 * @param {string} root
 * @returns {import('../src/version.ts').Build | undefined} undefined where nothing is built
 */
function readBuild(root) {
  try {
    const text = readFileSync(join(root, 'dist', 'build.json'), 'utf8');
    return /** @type {import('../src/version.ts').Build} */ (JSON.parse(text));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}
