/** What a client adds to calls about a codebase that is here: git is asked by clients, as the daemon runs no programs. */
import { isAbsolute } from 'node:path';
import { isJsonObject } from '../../src/domain/values/json.ts';
import { late } from '../late.ts';

/** Gives where the codebase of a project is; undefined where that cannot be told. */
type PathOf = (project: string) => Promise<string | undefined>;

/** Whether something is added to calls of a method. */
export function isAboutCodebase(method: string): boolean {
  return Object.hasOwn(ADDED, method);
}

/** @param ms milliseconds; what git has not told by then is left out, and the call does its work all the same */
export async function withCodebase(
  method: string,
  params: unknown,
  ms: number,
  pathOf: PathOf,
): Promise<unknown> {
  const add = ADDED[method];
  return add && isJsonObject(params) ? { ...params, ...(await add(params, ms, pathOf)) } : params;
}

type Params = Readonly<Record<string, unknown>>;

const ADDED: Readonly<Record<string, (params: Params, ms: number, pathOf: PathOf) => Promise<object>>> = {
  async 'projects.register'({ repository: given, source_path: path }, ms) {
    if (given !== undefined || !isPath(path)) return {};
    const { repositoryAt } = await late(import('./repository.ts'));
    const repository = await repositoryAt(path, process.env, ms);
    return repository ? { repository } : {};
  },
  async 'training.begin'({ source: given, project }, ms, pathOf) {
    if (given !== undefined || typeof project !== 'string') return {};
    const end = performance.now() + ms;
    const path = await pathOf(project);
    if (!isPath(path)) return {};
    const { sourceAt } = await late(import('./source.ts'));
    const source = await sourceAt(path, process.env, Math.max(1, end - performance.now()));
    return source ? { source } : {};
  },
};

function isPath(path: unknown): path is string {
  return typeof path === 'string' && isAbsolute(path) && !path.includes('\0');
}
