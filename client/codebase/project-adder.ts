/** What `registry.projects.add` takes and gives. */
import type { Result } from '../../src/protocol/methods.ts';

/** What a project is to be called and kept with that a directory does not tell. */
export interface AddOptions {
  /**
   * Unique without regard to case; default that of the directory, with `-` for what no name may have. With a name, a project
   * of another name at that directory does not count: one directory may have several projects.
   */
  readonly name?: string | undefined;
  /**
   * At most 64 characters, by which `projects.list` finds it in this spelling; default that of most files, in lower case, as
   * `typescript`, or `unknown` where no file's name tells.
   */
  readonly language?: string | undefined;
  /** Default none. */
  readonly tags?: readonly string[] | undefined;
  /** Any JSON object, at most 16 KiB serialised; default none. */
  readonly metadata?: object | undefined;
  /** Make it the active project, also one that was there already. */
  readonly activate?: boolean | undefined;
  /** Told now and then how many files have been counted so far. */
  readonly onProgress?: ((files: number) => void) | undefined;
  /**
   * Told, in place of the client's, of what could not be read while files were counted, and of a daemon on another machine,
   * which takes the path for one there.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Ends it by throwing its reason; a registration that was sent by then may still be carried out. */
  readonly signal?: AbortSignal | undefined;
}

/** What stands beside the methods of the protocol in `registry.projects`. */
export interface ProjectAdder {
  /**
   * Registers a codebase, as `gardener add` does: name, language, number of files and repository are found by looking. What
   * git tracks is counted, elsewhere all that no `.gitignore` hides, up to 200,000 files.
   *
   * A project that is there already comes back as it is, also where its directory is written in another way, or reached
   * through a link. Of two programs that add a directory at once both get the same project, unless its name is another one in
   * the way in which one of them has written it, as through a link: then there may be two. The first project becomes active.
   *
   * @param path of a directory; a relative one starts from the working directory, and `~` is a name like any other. A `file:`
   *   URL will do, also as a text
   * @param options what a directory does not tell, whom to tell, and until when
   * @throws {RegistryError} `source_path_missing` where no such directory is on this machine, or its disk does not answer within five
   *   seconds; `project_exists` where another directory has the name; `invalid_name`, also where the directory gives none,
   *   as `/`: pass a `name` then
   * @throws {RpcError} for options that are refused or not known, with their paths in its `issues`
   * @throws {TypeError} where the path is neither a text nor a URL
   * @throws {ConnectionError} when the daemon cannot be reached, or the answer does not come
   * @throws the reason of `options.signal`
   *
   * @example
   * const project = await registry.projects.add('.', { tags: ['work'] });
   * console.log(project.name, project.language, project.file_count);
   */
  add(path: string | URL, options?: AddOptions): Promise<Result<'projects.get'>>;
}
