/** Telling refusals of the registry from other errors. Not in `errors.ts`: the two files of the library share only classes. */
import { type ErrorKind, RegistryError } from '../errors.ts';

/** Whether it is the registry that says no, for one of these reasons. */
export function isRefusal(error: unknown, ...kinds: readonly ErrorKind[]): error is RegistryError {
  return error instanceof RegistryError && kinds.includes(error.kind);
}
