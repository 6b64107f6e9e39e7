/** Directories for tests, gone when the file's tests are over. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';

const made: string[] = [];

/**
 * For the end of a file. Not when a single test is over: a directory made by a hook serves several, and processes may still
 * be ending.
 */
export async function removeDirectories(): Promise<void> {
  for (const directory of made.splice(0))
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Makes a directory of its own, with every link in its path resolved.
 *
 * It is in /tmp whatever TMPDIR says: macOS' own is 49 bytes long, and a socket's path may have no more than 103.
 */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(await realpath('/tmp'), 'gardener-'));
  made.push(directory);
  return directory;
}

/** What a process needs from the environment to take `home` for the person's home and see no other registry. */
export function environment(home: string): NodeJS.ProcessEnv {
  const { PATH, LANG } = process.env;
  return { PATH, LANG, HOME: home };
}
