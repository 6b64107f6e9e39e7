/** A content that a caller named or brought, as a registry, or why it cannot be one. */
import { InvalidParamsError } from '../../domain/errors.ts';
import type { Registry } from '../../domain/registry.ts';
import { decodeRegistry } from './decode.ts';
import type { FileFault } from './fault.ts';

/**
 * Reads a registry file of any version up to this one.
 *
 * @param param that the caller gave it by
 * @param now fills in for timestamps that it lacks
 * @throws {InvalidParamsError} for one that cannot be read, with the place of the fault, or only by a newer version
 */
export function openContent(bytes: Buffer, param: string, now: string): Registry {
  const decoded = decodeRegistry(bytes, now, { mend: true });
  if (decoded.ok && !decoded.newer) return decoded.registry;
  const fault: FileFault = decoded.ok ? { message: 'it is of a newer version' } : decoded.fault;
  const { message, line, column } = fault;
  const place = line === undefined ? '' : `line ${line}, column ${column}: `;
  throw new InvalidParamsError([{ path: param, message: place + message }]);
}
