/** Where things are. Client and daemon share this file, so that both look for the socket in one place. */
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface PathOptions {
  /** Data directory; default `CODEBASE_GARDENER_DATA_DIR`, then `~/.codebase-gardener`. */
  readonly dataDir?: string | undefined;
  /**
   * Socket; default `CODEBASE_GARDENER_SOCKET`, then `<data>/run/registry.sock`. Given alone, without a data directory in
   * the same place, it is somebody else's to serve.
   */
  readonly socket?: string | undefined;
}

export interface Paths {
  readonly dataDir: string;
  readonly registryFile: string;
  readonly projectsDir: string;
  readonly backupsDir: string;
  /** What was removed and is being deleted; on the disk of the data directory. */
  readonly trashDir: string;
  /** What was done and can be taken back. */
  readonly undoDir: string;
  readonly logFile: string;
  /** Directory of the lock and the process id file, private to the user. */
  readonly runDir: string;
  readonly socket: string;
  /**
   * The socket was given and the data directory was not, or somewhere else: it may be forwarded from another machine, and
   * whose data it would serve is not known. Nothing is started, upgraded or restarted for it. A data directory in
   * somebody's profile says nothing about a socket in an option, nor an option about a socket in the environment.
   */
  readonly socketAlone: boolean;
}

/** What an editor knows of the registry file: the schema beside it, for as long as `$schema` there says so. */
export const SCHEMA_FILE = 'registry.schema.json';

/** Whether a `$schema` in the registry file names the schema beside it: editors take any spelling of a path or file URL. */
export function namesSchema($schema: unknown, dataDir: string): boolean {
  if (typeof $schema !== 'string') return false;
  const beside = pathToFileURL(`${dataDir}/`);
  if (!URL.canParse($schema, beside.href)) return false;
  const named = new URL($schema, beside);
  // `#` alone means the whole of it.
  named.hash = '';
  return named.href === new URL(SCHEMA_FILE, beside).href;
}

/** macOS has room for 104 bytes with the terminating NUL; Node 20 and 22 silently cut what is longer. */
export const MAX_SOCKET_PATH_BYTES = 103;

/** Where a short socket is when no variable names a place. */
const LAST_RESORT = '/tmp';
/** Where a short socket may be, the first of them first: as XDG and the system's own temporary directory have it. */
const SHORT_PLACES = ['XDG_RUNTIME_DIR', 'TMPDIR', 'TMP', 'TEMP'] as const;

/** Goes after a colon. */
const NO_UTF8 = 'its name is no UTF-8, so that another one would be used; choose one whose name is';

/** Where things are cannot be told; the message says what to do. */
export class PathError extends Error {
  override readonly name: string = 'PathError';
}

/** The socket path was given explicitly and no system call could take it. */
export class SocketPathError extends PathError {
  override readonly name = 'SocketPathError';
}

/**
 * The user's home directory; null where nobody knows one: no HOME, and no entry in the user database. Null, too, where
 * its name is no UTF-8: the next best would be another directory than the one that the person means.
 */
export function findHome(): string | null {
  // An empty or relative HOME would be another directory in each working directory.
  for (const ask of [homedir, () => userInfo().homedir]) {
    try {
      const home = ask();
      if (isAbsolute(home)) return isWhole(home) ? home : null;
    } catch {
      // The user has no entry, as in a container that runs with any number; nothing else fails here.
    }
  }
  return null;
}

/** The same. @throws {PathError} where nobody knows one */
export function homeDirectory(): string {
  const home = findHome();
  if (home !== null) return home;
  requireWhole('HOME=', process.env['HOME'] ?? '');
  throw new PathError(
    `cannot tell the home directory: HOME is not set, and user ${process.getuid?.() ?? ''} is not in the user database; ` +
      'set HOME, or CODEBASE_GARDENER_DATA_DIR to an absolute path',
  );
}

/**
 * Resolves every path the registry uses.
 *
 * Precedence: option, environment, default. A leading `~/`, which a shell leaves where it is quoted, is the home
 * directory. An option may be relative to the working directory; the environment goes from program to program, and
 * may not. A default socket path that is too long falls back to a short one, named after the data directory, in the
 * first of the runtime and temporary directories that is absolute, as the XDG specification asks, and has room for it.
 *
 * A name that is no UTF-8 is refused. Node has U+FFFD for its bytes, in arguments and variables alike, so that it would
 * use another directory than every other program. A name that has this character itself cannot be told from it.
 *
 * @throws {SocketPathError} when an explicitly given socket path is longer than {@link MAX_SOCKET_PATH_BYTES}
 * @throws {PathError} for a relative path in the environment, for a name that is no UTF-8, and where a home directory
 *   is needed and not known
 */
export function resolvePaths(options: PathOptions = {}, env: NodeJS.ProcessEnv = process.env): Paths {
  if (!options.dataDir) requireAbsolute('CODEBASE_GARDENER_DATA_DIR', env);
  if (!options.socket) requireAbsolute('CODEBASE_GARDENER_SOCKET', env);
  const given = options.dataDir || env['CODEBASE_GARDENER_DATA_DIR'];
  const dataDir = given ? absolute(given) : join(homeDirectory(), '.codebase-gardener');
  requireWhole('data directory ', dataDir);
  const runDir = join(dataDir, 'run');
  return {
    dataDir,
    registryFile: join(dataDir, 'registry.json'),
    projectsDir: join(dataDir, 'projects'),
    backupsDir: join(dataDir, 'backups'),
    trashDir: join(dataDir, 'trash'),
    undoDir: join(dataDir, 'undo'),
    logFile: join(dataDir, 'logs', 'registry.log'),
    runDir,
    socket: resolveSocket(dataDir, runDir, options.socket || env['CODEBASE_GARDENER_SOCKET'], env),
    socketAlone: isSocketAlone(options, env),
  };
}

/**
 * Where what is removed goes while `projects/` is on a disk of its own, from which nothing can be renamed into the trash.
 * No id of a project is such a name.
 */
export function trashWithin(projectsDir: string): string {
  return join(projectsDir, '.trash');
}

/** See {@link Paths.socketAlone}. */
export function isSocketAlone(options: PathOptions, env: NodeJS.ProcessEnv): boolean {
  if (options.socket) return !options.dataDir;
  if (!env['CODEBASE_GARDENER_SOCKET']) return false;
  return Boolean(options.dataDir) || !env['CODEBASE_GARDENER_DATA_DIR'];
}

/** Whether the environment gave the socket, and the data directory if anybody: one of them may be of somebody's profile. */
export function isFromEnvironment(options: PathOptions, env: NodeJS.ProcessEnv): boolean {
  return !options.dataDir && !options.socket && Boolean(env['CODEBASE_GARDENER_SOCKET']);
}

/**
 * A path that a variable names, as {@link resolvePaths} takes them; undefined where it is empty or not set.
 *
 * @throws {PathError} for a relative one, and one that is no UTF-8
 */
export function pathFromEnvironment(name: string, env: NodeJS.ProcessEnv): string | undefined {
  requireAbsolute(name, env);
  const given = env[name];
  if (!given) return undefined;
  const path = absolute(given);
  requireWhole(`${name}=`, path);
  return path;
}

function requireAbsolute(name: string, env: NodeJS.ProcessEnv): void {
  const path = env[name];
  if (!path || isAbsolute(path) || isInHome(path)) return;
  throw new PathError(
    `cannot use ${name}=${path}: a relative path is another one in each working directory; set it to an absolute one`,
  );
}

/** Whether a path reaches the system as the person wrote it: half of a surrogate pair becomes U+FFFD on its way there. */
function isWhole(path: string): boolean {
  return path.isWellFormed() && !path.includes('\uFFFD');
}

function requireWhole(what: string, path: string): void {
  if (!isWhole(path)) throw new PathError(`cannot use ${what}${path}: ${NO_UTF8}`);
}

function isInHome(path: string): boolean {
  return path === '~' || path.startsWith('~/');
}

function absolute(path: string): string {
  if (isInHome(path)) return join(homeDirectory(), path.slice(1));
  try {
    return resolve(path);
  } catch (cause) {
    throw new PathError(
      `cannot use ${path}: it is relative, and the working directory is gone; give an absolute path`,
      { cause },
    );
  }
}

function resolveSocket(
  dataDir: string,
  runDir: string,
  given: string | undefined,
  env: NodeJS.ProcessEnv,
): string {
  if (given) {
    const socket = absolute(given);
    requireWhole('socket ', socket);
    const bytes = Buffer.byteLength(socket);
    if (bytes > MAX_SOCKET_PATH_BYTES) {
      throw new SocketPathError(
        `cannot use socket ${socket}: the path has ${bytes} bytes and the system takes at most ${MAX_SOCKET_PATH_BYTES}; give a shorter one`,
      );
    }
    return socket;
  }
  const socket = join(runDir, 'registry.sock');
  if (Buffer.byteLength(socket) <= MAX_SOCKET_PATH_BYTES) return socket;
  // Loaded only here: it would be a third of what the client library costs to import.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const within = (place: string): string =>
    join(place, `codebase-gardener-${process.getuid?.() ?? 0}`, `${name}.sock`);
  for (const variable of SHORT_PLACES) {
    const place = env[variable];
    if (!place || !isAbsolute(place)) continue;
    requireWhole(`${variable}=`, place);
    if (Buffer.byteLength(within(place)) <= MAX_SOCKET_PATH_BYTES) return within(place);
  }
  return within(LAST_RESORT);
}
