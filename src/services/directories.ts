/** The directories around the registry: codebases, what else projects name, and the own one of each. */
import { mkdir, stat } from 'node:fs/promises';
import { RegistryError } from '../domain/errors.ts';
import { normalizePath } from '../domain/places/references.ts';
import type { Logger } from '../log.ts';
import { type Lane, type Lanes, NoAnswerError, PATIENCE_MS } from './lane.ts';
import { errorCode, systemReason } from '../system/errors.ts';

/** What says that there is nothing, or nothing that a path may lead to. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

/** It cannot be told, as in a folder that macOS protects. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly reason: string;
  /** Whether the reason is that its disk, or one that was asked before, does not answer. */
  readonly silent: boolean;
}

/** What is at a path. */
export type Found = { readonly kind: 'directory' | 'other' | 'nothing' } | Unknown;

/**
 * Looks what is at a path, through links.
 *
 * @param lane of the disk that it is on
 * @param within milliseconds; default {@link PATIENCE_MS}
 */
export async function look(path: string, lane: Lane, within: number = PATIENCE_MS): Promise<Found> {
  try {
    const status = await lane.ask(() => stat(path), within);
    return { kind: status.isDirectory() ? 'directory' : 'other' };
  } catch (error) {
    if (isNothing(error)) return { kind: 'nothing' };
    if (errorCode(error) === undefined && !(error instanceof NoAnswerError)) throw error;
    return { kind: 'unknown', reason: systemReason(error), silent: error instanceof NoAnswerError };
  }
}

/** Whether an error says that there is nothing at a path. */
export function isNothing(error: unknown): boolean {
  return GONE.has(errorCode(error) ?? '');
}

/** Whether a path lies in a directory or is it, as both are written. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`);
}

/**
 * Refuses a codebase that is not there. Waits for its turn, and two seconds at most for a disk that does not answer.
 *
 * @param path absolute
 * @throws {RegistryError} `source_path_missing`; not for one of which it cannot be told, because it may not be looked
 *   at or its disk does not answer
 */
export async function requireDirectory(path: string, lane: Lane): Promise<void> {
  const normal = normalizePath(path);
  const { kind } = await look(normal, lane, Number.POSITIVE_INFINITY);
  if (kind === 'nothing' || kind === 'other') {
    const message = `cannot use ${normal}: it does not exist or is no directory`;
    throw new RegistryError('source_path_missing', message, { source_path: normal });
  }
}

/** Makes a project's own directory. What keeps it from that is logged; `registry.validate` finds it missing then. */
export async function makeOwnDirectory(
  path: string,
  { lanes, log }: { readonly lanes: Lanes; readonly log: Logger },
): Promise<void> {
  const make = () => mkdir(path, { recursive: true, mode: 0o700 });
  await lanes.projects.ask(make).catch((error: unknown) => {
    log.error({ err: error, path }, "cannot make a project's directory");
  });
}
