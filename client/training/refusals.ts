/** What an error means to whoever holds a lease. */
import { RegistryError } from '../../src/domain/errors.ts';
import { isRefusal } from '../../src/domain/values/refusal.ts';
import { INVALID_PARAMS } from '../../src/protocol/errors.ts';
import { ConnectionError, OutputError, RpcError } from '../errors.ts';

/** The lease is somebody else's, or nobody's. */
export function isLost(error: unknown): error is RegistryError {
  return isRefusal(error, 'lease_lost', 'project_not_found');
}

/** The change stands, and the registry could not make sure that it survives a power cut. */
export function isApplied(error: unknown): error is RegistryError {
  return isRefusal(error, 'storage_failed') && error.data['applied'] === true;
}

/** What may be different in a moment, or when somebody has made room or mended the file. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.reason !== 'closed' && error.reason !== 'not_allowed';
  return isRefusal(error, 'shutting_down', 'storage_failed', 'registry_read_only', 'too_many_connections');
}

/** There is a daemon, which cannot write its file. */
export function isUnwritten(error: unknown): boolean {
  return isRefusal(error, 'storage_failed', 'registry_read_only');
}

/**
 * Why what was made cannot come into service, whatever its trainer ended with: the disk does not take it, or its place is no
 * directory any more. Undefined for another error.
 */
export function unfit(error: unknown): string | undefined {
  if (error instanceof OutputError) return error.reason;
  if (!(error instanceof RpcError) || error.code !== INVALID_PARAMS) return undefined;
  return error.issues.find(({ path }) => path === 'output')?.message;
}

/** The registry, which has it no more, can only call it what it was asked for: an id that nobody typed. */
export function removed({ kind, data }: RegistryError, message: string): RegistryError {
  return new RegistryError(kind, message, { ...data, suggestions: [] });
}

export function reasonOf(error: unknown): string {
  const issues = error instanceof RpcError ? error.issues : [];
  if (issues.length > 0) return issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return error instanceof Error ? error.message : String(error);
}
