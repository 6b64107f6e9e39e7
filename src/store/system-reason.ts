/** Why the system refused something, in words. */
import { errorCode } from './atomic-file.ts';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EBUSY: 'it is in use, or something is mounted there',
  EIO: 'its disk reports an error',
  EROFS: 'its disk is read-only',
  ESTALE: 'its server no longer knows it',
  ENOTCONN: 'its server is gone',
  EHOSTDOWN: 'its server is gone',
  ETIMEDOUT: 'its server does not answer',
  EXDEV: 'it is on another disk than the data directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no directory',
  ELOOP: 'a link is in its place',
};

/** `permission denied`, with the system's own word where that is all there is. */
export function systemReason(error: unknown): string {
  const code = errorCode(error) ?? '';
  if (Object.hasOwn(REASONS, code)) return REASONS[code] ?? code;
  return error instanceof Error ? error.message : String(error);
}
