/** Which projects a directory is registered as, and registering it. */
import type { WireProject } from '../../src/domain/encoding.ts';
import { isRefusal } from '../../src/domain/values/refusal.ts';
import type { Params } from '../../src/protocol/methods.ts';
import type { Client } from '../client.ts';
import { isSameDirectory, realPlace } from '../reach/here.ts';
import type { CallOptions } from '../verbs.ts';
import { nameFor, sameName } from './names.ts';

/**
 * The projects that this very directory is registered as: those in this spelling, where there are any, otherwise those in
 * another one.
 *
 * @param isHere whether the registry is of this machine; other ones know nothing of its links
 */
async function registeredAt(
  client: Client,
  path: string,
  isHere: boolean,
  options?: CallOptions,
): Promise<readonly WireProject[]> {
  const { projects: written } = await client.projects.list({ source_path: path }, options);
  if (written.length > 0 || !isHere) return written;
  const { projects } = await projectsAround(client, path, options);
  const [first] = projects;
  // All of them have one directory.
  return first && (await isSameDirectory(path, first.source_path)) ? projects : [];
}

/**
 * The one of them that is meant. Without a name any will do: a second one by accident would make the path ambiguous.
 *
 * @param name as somebody has given it; undefined for that of the directory
 */
export async function projectAt(
  client: Client,
  path: string,
  name: string | undefined,
  isHere: boolean,
  options?: CallOptions,
): Promise<WireProject | undefined> {
  const here = await registeredAt(client, path, isHere, options);
  const named = here.find((project) => sameName(project.name, name ?? nameFor(path)));
  return named ?? (name === undefined ? here[0] : undefined);
}

/** The number of files as which a project begins. */
const UNTOLD = 0;

interface Around {
  readonly projects: readonly WireProject[];
  readonly isWorktree: boolean;
}

/** The projects that a place belongs to: several where they have one directory. */
export async function projectsAround(client: Client, cwd: string, options?: CallOptions): Promise<Around> {
  try {
    const { project, resolved_by: by } = await client.projects.resolve({ cwd }, options);
    return { projects: by === 'active' ? [] : [project], isWorktree: by === 'worktree' };
  } catch (error) {
    if (isRefusal(error, 'ambiguous_project')) {
      const projects = error.data['projects'] as WireProject[];
      return { projects, isWorktree: !(await isWithin(cwd, projects)) };
    }
    // There is none around it, and none is active.
    if (isRefusal(error, 'project_not_found')) return { projects: [], isWorktree: false };
    throw error;
  }
}

/** Whether a place is in the one directory of these projects, or could be; otherwise it is in a worktree of that. */
async function isWithin(cwd: string, [project]: readonly WireProject[]): Promise<boolean> {
  if (!project) return true;
  const [place, directory] = await Promise.all([realPlace(cwd), realPlace(project.source_path)]);
  return `${place}/`.startsWith(directory === '/' ? directory : `${directory}/`);
}

/** A project, and whether it has come to be just now, by this call. */
export interface Registered {
  readonly project: WireProject;
  readonly isNew: boolean;
}

/** As {@link registerOnce}. */
export async function registerCounted(...args: Parameters<typeof registerOnce>): Promise<WireProject> {
  return (await registerOnce(...args)).project;
}

/**
 * Registers a codebase with the number of its files. One that somebody else has registered meanwhile is what they have
 * made it, also where they have reached it in another way.
 *
 * @param files how many it has
 * @param isHere as above
 */
export async function registerOnce(
  client: Client,
  params: Params<'projects.register'>,
  files: number,
  isHere: boolean,
  options?: CallOptions,
): Promise<Registered> {
  const { project, isNew } = await client.projects.register(params, options).then(
    (made) => ({ project: made, isNew: true }),
    async (error: unknown) => {
      const other = isRefusal(error, 'project_exists') && (error.data['project'] as WireProject);
      if (!other || !(await isAt(other, params.source_path, isHere))) throw error;
      return { project: params.activate ? await activated(client, other, options) : other, isNew: false };
    },
  );
  // What others have counted or said stays.
  if (project.file_count !== UNTOLD || files === UNTOLD) return { project, isNew };
  const counted = { project: project.project_id, file_count: files };
  return { project: await client.projects.update(counted, options), isNew };
}

async function isAt({ source_path: own }: WireProject, path: string, isHere: boolean): Promise<boolean> {
  return own === path || (isHere && (await isSameDirectory(own, path)));
}

/** The project as it is once it is the active one. */
export async function activated(
  client: Client,
  project: WireProject,
  options?: CallOptions,
): Promise<WireProject> {
  const { active_project: active } = await client.projects.activate({ project: project.project_id }, options);
  return active ?? project;
}
