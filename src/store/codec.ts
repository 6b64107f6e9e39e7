/** What the text of the file means. Nothing here touches a disk; the other direction is in `encode.ts`. */
import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import {
  canonicalTime,
  cleanName,
  completeProject,
  foldName,
  type Json,
  nameFault,
  type Project,
  type StoredProject,
  storedProjectSchema,
} from '../domain/project.ts';
import { Registry, REGISTRY_VERSION } from '../domain/registry.ts';
import {
  duplicateFault,
  encodingFault,
  faultAt,
  type FileFault,
  type Path,
  syntaxFault,
} from './file-fault.ts';

export type Decoded = ({ readonly ok: true } & Content) | { readonly ok: false; readonly fault: FileFault };

interface Content {
  readonly registry: Registry;
  /** Migrated in memory: the original is kept before it is written over. */
  readonly older: boolean;
  /** Of a newer major version: to be served, never written. */
  readonly newer: boolean;
}

/** A fault with its place in the document, before the place is looked up in the text. */
class Fault extends Error {
  readonly path: Path;
  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}

/**
 * Reads a registry file of any version.
 *
 * @param now fills in for timestamps that the file lacks
 */
export function decodeRegistry(bytes: Buffer, now: string): Decoded {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (!isUtf8(bytes)) return { ok: false, fault: encodingFault(text) };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { ok: false, fault: syntaxFault(text, error) };
  }
  try {
    const content = readDocument(document, now);
    const fault = content.newer ? null : duplicateFault(bytes, text, document as Record<string, unknown>);
    return fault ? { ok: false, fault } : { ok: true, ...content };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, fault: faultAt(text, error.path, error.message) };
  }
}

function readDocument(document: unknown, now: string): Content {
  if (!isRecord(document)) throw new Fault([], 'the file must hold a JSON object');
  const { version = '1.0', active_project = null, projects, ...extra } = document;
  if (typeof version !== 'string' || !/^\d+(\.\d+)*$/.test(version)) {
    throw new Fault(['version'], 'must be a version such as "1.1"');
  }
  if (active_project !== null && typeof active_project !== 'string') {
    throw new Fault(['active_project'], 'must be the id of a project or null');
  }
  // A newer version may have other rules: what is understood of it is served, nothing of it is written.
  const newer = major(version) > major(REGISTRY_VERSION);
  if (!isRecord(projects) && !newer) throw new Fault(['projects'], 'must be an object of projects by id');
  const names = new Map<string, string>();
  const read: Project[] = [];
  for (const [key, value] of Object.entries(isRecord(projects) ? projects : {})) {
    try {
      read.push(readProject(key, value, names, now));
    } catch (error) {
      if (!(newer && error instanceof Fault)) throw error;
    }
  }
  const older = isOlder(version);
  const registry = new Registry(
    read,
    active_project,
    older ? REGISTRY_VERSION : version,
    extra as Record<string, Json>,
  );
  return { registry, older, newer };
}

function readProject(key: string, value: unknown, names: Map<string, string>, now: string): Project {
  const at = (...path: Path): Path => ['projects', key, ...path];
  const checked = storedProjectSchema.safeParse(value);
  const issue = checked.error?.issues[0];
  if (issue) throw new Fault(at(...(issue.path as Path)), describe(issue));
  // What zod returns lacks a key named __proto__; what was parsed has everything.
  const stored = value as StoredProject;
  const id = stored.project_id ?? key;
  if (id !== key) throw new Fault(at('project_id'), `must equal its key ${key}`);
  if (!storedProjectSchema.shape.project_id.safeParse(key).success)
    throw new Fault(at(), 'the key must be a UUID');
  const name = cleanName(stored.name);
  const fault = nameFault(name);
  if (fault) throw new Fault(at('name'), fault);
  const other = names.get(foldName(name));
  if (other !== undefined) throw new Fault(at('name'), `the name "${name}" is taken by ${other}`);
  names.set(foldName(name), key);
  for (const field of ['created_at', 'last_updated', 'last_trained', 'last_used'] as const) {
    const time = stored[field];
    if (typeof time === 'string' && canonicalTime(time) === null)
      throw new Fault(at(field), 'must be an ISO 8601 timestamp');
  }
  return completeProject(stored, key, now);
}

function describe(issue: z.core.$ZodIssue): string {
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function major(version: string): number {
  return Number.parseInt(version, 10);
}

function isOlder(version: string): boolean {
  const [minor = 0] = version.split('.').slice(1).map(Number);
  const [ourMinor = 0] = REGISTRY_VERSION.split('.').slice(1).map(Number);
  return (
    major(version) < major(REGISTRY_VERSION) ||
    (major(version) === major(REGISTRY_VERSION) && minor < ourMinor)
  );
}
