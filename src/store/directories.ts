/** The directories around the registry: codebases, and each project's own under `<data>/projects/`. */
import { realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InvalidParamsError, RegistryError } from '../domain/errors.ts';
import { normalizePath } from '../domain/references.ts';
import type { Logger } from '../log.ts';
import { errorCode } from './atomic-file.ts';

/** Whether there is a directory; null where it cannot be told, as in a folder that macOS protects. */
export async function isDirectory(path: string): Promise<boolean | null> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return false;
    return null;
  }
}

/**
 * Refuses a codebase that is not there.
 *
 * @throws {InvalidParamsError} for a relative path
 * @throws {RegistryError} `source_path_missing`; not for one that exists and may not be looked at
 */
export async function requireDirectory(path: string): Promise<void> {
  if (!path.startsWith('/'))
    throw new InvalidParamsError([{ path: 'source_path', message: 'must be an absolute path' }]);
  if (path.includes('\0')) {
    throw new InvalidParamsError([{ path: 'source_path', message: 'must not contain a NUL character' }]);
  }
  const normal = normalizePath(path);
  if ((await isDirectory(normal)) === false) {
    throw new RegistryError(
      'source_path_missing',
      `cannot use ${normal}: it does not exist or is no directory`,
      {
        source_path: normal,
      },
    );
  }
}

/**
 * Deletes a project's own directory, and nothing else: not what a link there points to, and nothing at all where
 * `projects/` itself is a link. A failure is logged, as the project is gone from the registry already.
 */
export async function removeProjectDirectory(projectsDir: string, id: string, log: Logger): Promise<void> {
  try {
    const real = await realpath(projectsDir);
    const expected = join(await realpath(dirname(projectsDir)), basename(projectsDir));
    if (real !== expected) {
      log.warn({ projectsDir, real }, "left a removed project's directory: projects/ is a link");
      return;
    }
    // rm removes a link, not what it points to.
    await rm(join(real, id), { recursive: true, force: true });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT')
      log.error({ err: error, project: id }, "cannot remove the project's directory");
  }
}
