/** What tells a codebase's repository wherever it lies: the commit it began with, and where it is kept. */
import { MAX_REMOTE } from '../../src/domain/limits.ts';
import type { Repository } from '../../src/domain/project.ts';
import { answerOrNull, type GitOptions } from './git.ts';

/** Walking back to the first of a million commits takes seconds; whoever adds a codebase waits for it. Milliseconds. */
const DEADLINE_MS = 3_000;

/**
 * The repository around a directory; null where there is none, or nothing that would tell it from others.
 *
 * @param deadline milliseconds; default 3 s. What has not been told by then is not known
 */
export async function repositoryAt(
  directory: string,
  env: NodeJS.ProcessEnv,
  deadline: number = DEADLINE_MS,
): Promise<Repository | null> {
  const options: GitOptions = { env, deadline: Math.min(deadline, DEADLINE_MS) };
  const [root_commit, remote] = await Promise.all([
    rootCommit(directory, options),
    remoteOf(directory, options),
  ]);
  return root_commit === null && remote === null ? null : { root_commit, remote };
}

/** Whether two codebases are of one repository, as far as can be told. A fork shares the first commit, not the remote. */
export function isSameRepository(a: Repository | null, b: Repository | null): boolean {
  if (!a || !b) return false;
  const sameRemote = a.remote !== null && a.remote === b.remote;
  if (a.root_commit === null || b.root_commit === null) return sameRemote;
  return a.root_commit === b.root_commit && (sameRemote || a.remote === null || b.remote === null);
}

/**
 * Where a remote is, in one spelling for all ways to reach it: host in lower case and path, without scheme, user, port and
 * `.git`. Null for one that is a directory of some machine.
 *
 * @param url as https://git-scm.com/docs/git-fetch#_git_urls describes them
 */
export function remotePlace(url: string): string | null {
  const [, host, path] =
    /^(?:https?|ssh|git|ftps?|git\+ssh|ssh\+git):\/\/(?:[^/]*@)?(\[[^\]]+\]|[^/:]+)(?::\d*)?\/(.*)$/i.exec(
      url,
    ) ??
    // As scp has it; what has a slash before the colon is a path, two colons name a program, one letter is a drive.
    /^(?:[^/]*@)?(\[[^\]]+\]|[^/:\s]{2,}):(?!\/\/|:)(.*)$/.exec(url) ??
    [];
  if (host === undefined || path === undefined) return null;
  const clean = path
    .replace(/[?#].*$/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .replace(/^\/+/, '');
  const place = `${host.toLowerCase()}/${clean}`;
  return clean === '' || place.length > MAX_REMOTE ? null : place;
}

async function rootCommit(directory: string, options: GitOptions): Promise<string | null> {
  const shallow = await answerOrNull(directory, ['rev-parse', '--is-shallow-repository'], options);
  // Where a shallow clone begins, the history does not.
  if (shallow?.trim() !== 'false') return null;
  const commits = await answerOrNull(directory, ['rev-list', '--max-parents=0', 'HEAD'], options);
  // Where histories were joined there are several; the oldest comes last.
  return commits?.trim().split('\n').at(-1) || null;
}

async function remoteOf(directory: string, options: GitOptions): Promise<string | null> {
  const settings = await answerOrNull(
    directory,
    ['config', '-z', '--get-regexp', '^remote\\..*\\.url$'],
    options,
  );
  const urls = (settings ?? '').split('\0').flatMap((setting): [string, string][] => {
    const end = setting.indexOf('\n');
    return end < 0 ? [] : [[setting.slice(0, end), setting.slice(end + 1)]];
  });
  const [, url] = urls.find(([name]) => name === 'remote.origin.url') ?? urls[0] ?? [];
  return url === undefined ? null : remotePlace(url);
}
