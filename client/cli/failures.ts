/** What the command line itself can fail with, beside what the registry and the connection say. */
export { systemReason } from '../../src/system/errors.ts';

/** What a failure tells a program that asked with `--json`; `code` is null for what has no number. */
export interface ErrorDocument {
  readonly code: number | null;
  readonly message: string;
  readonly data: unknown;
}

/** The person asked for something that cannot be meant. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** What to do instead, without "try: ". */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Something on this side of the socket went wrong: a file, an editor. Exit code 1. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
  }
}

/** The daemon is not there, as seen by a command that is about the daemon. Exit code 3. */
export class NotRunningError extends Error {
  override readonly name = 'NotRunningError';
  readonly hint = 'gardener daemon start';
}
