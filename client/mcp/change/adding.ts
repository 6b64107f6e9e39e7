/** What an agent is told of a directory that it adds: it may not have looked where it is, and nothing here takes back what it adds. */
import type { WireProject } from '../../../src/domain/encoding.ts';
import { shellWord } from '../../../src/system/printable.ts';
import type { Client } from '../../client.ts';
import { goneFrom, isLikely } from '../../codebase/gone.ts';
import { nameFor, sameName } from '../../codebase/names.ts';
import { projectsAround } from '../../codebase/registered.ts';
import { repositoryAt } from '../../codebase/repository.ts';
import { isSameDirectory } from '../../reach/here.ts';
import { plainOrQuoted, quoted } from '../words.ts';

/** Others are only counted. */
const MAX_NAMED = 3;
/** Where there are more, that many are looked through. */
const MAX_LOOKED = 1_000;
/** More are hardly added at once. */
const MAX_LATEST = 20;
/** Nor does adding one take longer. Other projects may lie on disks that do not answer by now. Milliseconds. */
const AT_ONCE_MS = 60_000;

/** What was asked for of a project that there is already. */
export function notesOnKnown(
  { name, tags }: WireProject,
  wanted: { readonly name?: string | undefined; readonly tags?: readonly string[] | undefined },
): string[] {
  const kept = [
    ...(wanted.name === undefined || sameName(wanted.name, name) ? [] : ['name']),
    ...((wanted.tags ?? []).every((tag) => tags.includes(tag)) ? [] : ['tags']),
  ].join(' and ');
  if (kept === '') return [];
  return [
    `its ${kept} ${kept === 'name' ? 'stays' : 'stay'} as before; the person can change that with gardener edit`,
  ];
}

/** Which projects a directory belongs to, and which are in it. */
export async function notesOnPlace(client: Client, path: string, signal: AbortSignal): Promise<string[]> {
  const below = path.endsWith('/') ? path : `${path}/`;
  const [{ projects: around, isWorktree }, { projects: found, next_cursor: rest }] = await Promise.all([
    projectsAround(client, path, { signal }),
    client.projects.list({ query: below, limit: MAX_LOOKED }, { signal }),
  ]);
  const inside = found.filter(({ source_path: place }) => place.startsWith(below) && place !== path);
  const how = isWorktree ? 'is a worktree of' : 'lies in';
  return [
    ...around.map(({ name }) => `it ${how} ${quoted(name)}, which is registered, too`),
    ...(inside.length === 0 ? [] : [`registered, too, and in it: ${namesOf(inside, rest === null)}`]),
  ];
}

/**
 * What to say of a directory to which a project has moved, as far as its repository tells.
 *
 * @returns undefined where it is none
 * @throws {Error} where nothing tells that another project is meant
 */
export async function noteOnMoved(
  client: Client,
  path: string,
  named: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const all = async () => (await client.projects.list({}, { signal })).projects;
  const gone = await goneFrom(client, all, path, await repositoryAt(path, process.env));
  if (!gone) return undefined;
  const what = `${quoted(gone.name)} is registered for the same repository at ${plainOrQuoted(gone.source_path)}, which is gone`;
  const isUnsure = !(await isLikely(gone, path));
  const remedy = `${isUnsure ? 'if it is this one, ' : ''}the person can have it here instead: gardener mv ${gone.name.startsWith('-') ? '-- ' : ''}${shellWord(gone.name)} ${shellWord(path)}`;
  if (isUnsure || (named !== undefined && !sameName(named, gone.name))) return `${what}; ${remedy}`;
  const other = sameName(nameFor(path), gone.name) ? 'with another name' : 'with a name';
  throw new Error(`cannot add ${path}: ${what}; ${remedy}; ${other}, it is added as another project`);
}

/**
 * The other projects of its directory: programs that add one at once do not see each other.
 *
 * @param isHere whether the registry is of this machine
 */
export async function notesOnTwins(
  client: Client,
  { project_id: id, source_path, created_at: since }: WireProject,
  isHere: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  // By a link it has another path; only those that have just been added were not seen before.
  const [{ projects: written }, { projects: latest }] = await Promise.all([
    client.projects.list({ source_path }, { signal }),
    isHere ? client.projects.list({ sort: 'created_at', limit: MAX_LATEST }, { signal }) : { projects: [] },
  ]);
  const others = latest.filter(
    ({ source_path: path, created_at: then }) =>
      path !== source_path && Math.abs(Date.parse(then) - Date.parse(since)) <= AT_ONCE_MS,
  );
  const isLinked = await Promise.all(
    others.map(({ source_path: path }) => isSameDirectory(path, source_path)),
  );
  const twins = [...written, ...others.filter((_, at) => isLinked[at])].filter(
    ({ project_id: other }) => other !== id,
  );
  if (twins.length === 0) return [];
  return [`another program has added the same directory meanwhile, as ${namesOf(twins)}: tell the person`];
}

/** @param isAll whether there are no others than these */
function namesOf(projects: readonly WireProject[], isAll = true): string {
  const named = projects.slice(0, MAX_NAMED).map(({ name }) => quoted(name));
  const more = projects.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${isAll ? '' : 'at least '}${more} more` : ''}`;
}
