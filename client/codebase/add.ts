/** Adding a codebase: what a person would have to say of it is found by looking. */
import { homedir } from 'node:os';
import { RegistryError } from '../../src/domain/errors.ts';
import { isRefusal } from '../../src/domain/values/refusal.ts';
import type { JsonObject } from '../../src/domain/project.ts';
import type { Params, Result } from '../../src/protocol/methods.ts';
import type { Footing } from '../client.ts';
import { abortable } from '../wire/deadline.ts';
import type { AddOptions } from './project-adder.ts';
import { answers, PATIENCE_MS } from './disk-answer.ts';
import { notesOf } from './files/notes.ts';
import { scan } from './files/scan.ts';
import { absolute, missing, requireOptions } from './given.ts';
import { directoryFault } from './look.ts';
import { nameFor } from './names.ts';
import { activated, projectAt, type Registered, registerOnce } from './registered.ts';
import { repositoryAt } from './repository.ts';

type Project = Result<'projects.get'>;

/** See {@link ProjectAdder.add}. */
export async function add(footing: Footing, given: string | URL, options?: AddOptions): Promise<Project> {
  try {
    return (await addOnce(footing, given, options)).project;
  } catch (error) {
    if (isRefusal(error, 'project_exists'))
      throw withRemedy(error, "give another name with the path: { name: '...' }");
    if (isRefusal(error, 'invalid_name') && options?.name === undefined)
      throw withRemedy(error, "give one with the path: { name: 'files' }");
    throw error;
  }
}

/**
 * The same with whether this call has made the project, and without advice on what to pass: each caller has names of its own.
 *
 * @throws what `add` does
 */
export async function addOnce(
  { client, isHere, tell }: Footing,
  given: string | URL,
  options: AddOptions = {},
): Promise<Registered> {
  requireOptions(options);
  const { signal } = options;
  signal?.throwIfAborted();
  const path = absolute(given);
  await requireDirectory(path, signal);
  const name = options.name ?? nameFor(path);
  if (name === '' && options.name === undefined)
    throw new RegistryError('invalid_name', `cannot find a name for ${path}`, { name });
  const warn = options.onWarning ?? ((message: string) => tell(`adding ${path}: ${message}`));
  if (!isHere())
    warn(`the daemon is on another machine, or another person's; it takes ${path} for a path there`);
  const known = await projectAt(client, path, options.name, isHere(), { signal });
  if (known)
    return {
      project: options.activate ? await activated(client, known, { signal }) : known,
      isNew: false,
    };
  const found = await abortable(
    scan(path, { env: process.env, signal, onProgress: options.onProgress }),
    signal,
  );
  for (const note of notesOf(found)) warn(note);
  const { tags, metadata, activate, language = found.language } = options;
  const repository = await abortable(repositoryAt(path, process.env), signal);
  const params: Params<'projects.register'> = {
    name,
    source_path: path,
    language,
    repository,
    // As they are given: the daemon refuses what it cannot take.
    tags: tags as string[] | undefined,
    metadata: metadata as JsonObject | undefined,
    activate,
  };
  return await registerOnce(client, params, found.files, isHere(), { signal });
}

async function requireDirectory(path: string, signal: AbortSignal | undefined): Promise<void> {
  if (!(await abortable(answers(path), signal))) {
    const why = `its disk has not answered for ${PATIENCE_MS / 1000} s`;
    throw missing(path, `cannot add ${path}: ${why}; add it when it does`);
  }
  const fault = await directoryFault(path);
  if (fault === undefined) return;
  const hint = /(^|\/)~/.test(path)
    ? `; "~" is a name like any other here: ${homedir()} is the home directory`
    : '';
  throw missing(path, `cannot add ${path}: ${fault}${hint}`);
}

function withRemedy({ kind, message, data }: RegistryError, remedy: string): RegistryError {
  return new RegistryError(kind, `${message}; ${remedy}`, data);
}
