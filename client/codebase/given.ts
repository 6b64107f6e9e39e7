/** What a program gives when it adds a codebase, looked at before anything is done: one without types may give anything. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ParamIssue, RegistryError } from '../../src/domain/errors.ts';
import { isJsonObject } from '../../src/domain/values/json.ts';
import { isMissing } from '../../src/system/errors.ts';
import { refusal } from '../carried.ts';
import type { AddOptions } from './project-adder.ts';

const OPTIONS: Readonly<Record<keyof AddOptions, true>> = {
  name: true,
  language: true,
  tags: true,
  metadata: true,
  activate: true,
  onProgress: true,
  onWarning: true,
  signal: true,
};

const URL_START = /^(?:file:\/|[a-z][a-z\d+.-]*:\/\/)/i;

/**
 * Of what is given on the way to the daemon that says more.
 *
 * @throws {RpcError} for what are no options, and for those that are not known
 */
export function requireOptions(options: unknown): void {
  const issues: ParamIssue[] = [];
  if (!isJsonObject(options)) issues.push({ path: '', message: 'the options are no object' });
  else {
    for (const key of Object.keys(options))
      if (!Object.hasOwn(OPTIONS, key)) issues.push({ path: key, message: 'is not known' });
    // By it is looked for a project that is there already.
    const { name = '' } = options;
    if (typeof name !== 'string') issues.push({ path: 'name', message: 'is no text' });
  }
  if (issues.length > 0) throw refusal(issues);
}

/** @throws {RegistryError} `source_path_missing` where the working directory is gone, or no path is named */
export function absolute(given: unknown): string {
  const path = localPath(given);
  if (path === '') throw missing('', 'cannot add a project: the path is empty; "." is the working directory');
  if (path.includes('\0'))
    throw missing(path, `cannot add ${JSON.stringify(path)}: no path has a NUL character`);
  try {
    return resolve(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw missing(path, `cannot add ${path}: the working directory is gone; give an absolute path`);
  }
}

function localPath(given: unknown): string {
  const text = given instanceof URL ? given.href : given;
  if (typeof text !== 'string')
    throw new TypeError('cannot add a project: its path is neither a text nor a URL');
  if (!URL_START.test(text) && text === given) return text;
  try {
    return fileURLToPath(text);
  } catch {
    // Of another scheme or host, or with an escaped slash.
    throw missing(text, `cannot add ${text}: the URL names no directory of this machine; give a path`);
  }
}

export function missing(source_path: string, message: string): RegistryError {
  return new RegistryError('source_path_missing', message, { source_path });
}
