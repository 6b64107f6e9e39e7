/** The parameters of a call against their declaration; whatever is wrong with them is told at once, each with its path. */
import type { z } from 'zod';
import { InvalidParamsError, type ParamIssue } from '../domain/errors.ts';
import { issueText } from '../domain/values/issue-text.ts';
import { jsonFault } from '../domain/values/json.ts';
import { MAX_DEPTH, MAX_ISSUES, MAX_LIST } from '../protocol/limits.ts';
import { type Given, type MethodName, methods } from '../protocol/methods.ts';

/** @throws {InvalidParamsError} */
export function checkParams<M extends MethodName>(name: M, given: unknown): Given<M> {
  const { kind, params: schema } = methods[name];
  // Libraries that call a method without parameters may send an empty list.
  const params = given === undefined || (Array.isArray(given) && given.length === 0) ? {} : (given as object);
  if (Array.isArray(params)) refuse('', 'parameters go by name, in an object');
  refuseLong(params);
  const parsed = schema.safeParse(params);
  const issues = parsed.success ? [] : describeAll(parsed.error.issues);
  // zod passes over this one name, though not everywhere.
  if (Object.hasOwn(params, '__proto__') && !issues.some(({ path }) => path === '__proto__'))
    issues.push({ path: '__proto__', message: 'is not known' });
  if (issues.length > 0) throw new InvalidParamsError(issues);
  const valid = parsed.data as Given<M>;
  if (kind !== 'read') refuseUnreadable(valid);
  return valid;
}

function refuse(path: string, message: string): never {
  throw new InvalidParamsError([{ path, message }]);
}

/** What is written into the file comes to everybody: half a surrogate pair, say, which many parsers refuse. */
function refuseUnreadable(params: object): void {
  // A name has an error of its own.
  const { name: _name, ...rest } = params as { name?: unknown };
  const fault = jsonFault(rest, MAX_DEPTH);
  if (fault) refuse(fault.path.join('.'), fault.message);
}

/** Before the schema looks at each item, and finds fault with each. */
function refuseLong(params: object): void {
  const members = Object.keys(params).length;
  if (members > MAX_LIST) refuse('', `${members} parameters were given and ${MAX_LIST} are allowed`);
  for (const [path, value] of Object.entries(params))
    if (Array.isArray(value) && value.length > MAX_LIST)
      refuse(path, `has ${value.length} items and ${MAX_LIST} are allowed`);
}

function describeAll(issues: readonly z.core.$ZodIssue[]): ParamIssue[] {
  const described = issues.slice(0, MAX_ISSUES + 1).flatMap(describe);
  if (described.length <= MAX_ISSUES) return described;
  return [...described.slice(0, MAX_ISSUES), { path: '', message: 'and more' }];
}

function describe(issue: z.core.$ZodIssue): ParamIssue[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issueText(issue) }];
  return [...new Set(issue.keys.slice(0, MAX_ISSUES + 1))].map((key) => ({
    path: [...path, key].join('.'),
    message: 'is not known',
  }));
}
