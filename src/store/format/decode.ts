/** What the text of the file means. Nothing here touches a disk; the other direction is in `encode.ts`. */
import { isUtf8 } from 'node:buffer';
import { InvalidParamsError } from '../../domain/errors.ts';
import { doWithout, isJsonObject, jsonFault, MAX_FILE_DEPTH, TOO_DEEP } from '../../domain/values/json.ts';
import type { Project } from '../../domain/project.ts';
import { Registry, REGISTRY_VERSION } from '../../domain/registry.ts';
import { mendJson } from '../../domain/values/text.ts';
import { depthFault, duplicateFault, encodingFault, faultAt, type FileFault, syntaxFault } from './fault.ts';
import { Fault, readOrMend, readProject } from './stored-project.ts';

export type Decoded = ({ readonly ok: true } & Content) | { readonly ok: false; readonly fault: FileFault };

export interface Content {
  readonly registry: Registry;
  /** Migrated in memory: the original is kept before it is written over. */
  readonly older: boolean;
  /** Of a newer major version: to be served, never written. */
  readonly newer: boolean;
  /** What was done without, and why; only where that was wanted. */
  readonly mended: readonly string[];
}

/**
 * Reads a registry file of any version.
 *
 * @param now fills in for timestamps that the file lacks
 * @param options `mend`: whether to do without what nobody misses, such as a broken note of how a project stood before
 *   its training, rather than without the file. For a file that is all there is, not for one that somebody is editing.
 *   Default false
 */
export function decodeRegistry(bytes: Buffer, now: string, { mend = false } = {}): Decoded {
  const written = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (!isUtf8(bytes)) return { ok: false, fault: encodingFault(written) };
  // Python writes halves of characters for file names that are not UTF-8. No place in the text moves.
  const text = mendJson(written);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { ok: false, fault: syntaxFault(text, error) };
  }
  try {
    const content = readDocument(document, now, mend);
    const fault = content.newer ? null : duplicateFault(bytes, text, document as Record<string, unknown>);
    return fault ? { ok: false, fault } : { ok: true, ...content };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // The parser that finds places gives up where the nesting is deep enough.
    if (error.message === TOO_DEEP) return { ok: false, fault: depthFault(text, MAX_FILE_DEPTH) };
    return { ok: false, fault: faultAt(text, error.path, error.message) };
  }
}

/**
 * Reads a content that a caller named or brought, of any version up to this one.
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

function readDocument(document: unknown, now: string, mend: boolean): Content {
  if (!isJsonObject(document)) throw new Fault([], 'the file must hold a JSON object');
  const { version = '1.0', active_project = null, previous_project, projects, ...extra } = document;
  const mended: string[] = [];
  if (typeof version !== 'string' || !/^\d+(\.\d+)*$/.test(version)) {
    throw new Fault(['version'], 'must be a version such as "1.1"');
  }
  if (active_project !== null && typeof active_project !== 'string') {
    throw new Fault(['active_project'], 'must be the id of a project or null');
  }
  const [major = 0, minor = 0] = numbersOf(version);
  const [ourMajor = 0, ourMinor = 0] = numbersOf(REGISTRY_VERSION);
  const older = major < ourMajor || (major === ourMajor && minor < ourMinor);
  // A newer version may have other rules: what is understood of it is served, nothing of it is written.
  const newer = major > ourMajor;
  if (mend || newer) {
    for (const { path, message } of doWithout(extra, MAX_FILE_DEPTH))
      mended.push(`${path.join('.')}: ${message}`);
  } else {
    const fault = jsonFault(extra, MAX_FILE_DEPTH);
    if (fault) throw new Fault(fault.path, fault.message);
  }
  if (!isJsonObject(projects) && !newer) throw new Fault(['projects'], 'must be an object of projects by id');
  const names = new Map<string, string>();
  const read: Project[] = [];
  for (const [key, value] of Object.entries(isJsonObject(projects) ? projects : {})) {
    try {
      if (mend) read.push(readOrMend(document, key, value, names, now, mended));
      else read.push(readProject(key, value, names, now));
    } catch (error) {
      if (!(newer && error instanceof Fault)) throw error;
    }
  }
  // What it is good for is to go back by one word: anything else than an id is none.
  const previous = typeof previous_project === 'string' ? previous_project : null;
  const registry = new Registry(read, active_project, older ? REGISTRY_VERSION : version, extra, previous);
  return { registry, older, newer, mended };
}

function numbersOf(version: string): number[] {
  return version.split('.').map(Number);
}
