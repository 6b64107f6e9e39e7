/** Why nothing is taken back. */
import { RegistryError } from '../domain/errors.ts';
import { timestampOf } from '../domain/values/time.ts';

/** @param until when it will be deleted for good; milliseconds since 1970 */
export function isLost(path: string, until: number, projectsDir: string): RegistryError {
  const message = `cannot put back what was at ${path}: it is in no trash, where it would be kept until ${timestampOf(until)}`;
  return new RegistryError('storage_failed', message, {
    applied: false,
    suggestions: [
      `see whether the disk of ${projectsDir} is mounted; if the directory is gone for good: gardener undo --without-directories`,
    ],
  });
}

export function inTheWay(path: string): RegistryError {
  return new RegistryError('storage_failed', `cannot put back what was at ${path}: something else is there`, {
    applied: false,
    suggestions: ['move it away, then again'],
  });
}
