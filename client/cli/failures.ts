/** What the command line itself can fail with, beside what the registry and the connection say. */

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

/** The text of a system error without what Node puts around it: `permission denied`. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && Object.hasOwn(REASONS, code)) return REASONS[code] ?? code;
  return error instanceof Error ? error.message : String(error);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'it is a directory',
  ENOSPC: 'the disk is full',
  ELOOP: 'the links go round in a circle',
  ENAMETOOLONG: 'the path is too long',
};
