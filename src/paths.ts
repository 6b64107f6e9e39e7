/** Where things are. Client and daemon share this file, so that both look for the socket in one place. */
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface PathOptions {
  /** Data directory; default `CODEBASE_GARDENER_DATA_DIR`, then `~/.codebase-gardener`. */
  readonly dataDir?: string | undefined;
  /**
   * Socket; default `CODEBASE_GARDENER_SOCKET`, then `<data>/run/registry.sock`. Given alone, without a data directory,
   * it is somebody else's to serve.
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
  readonly logFile: string;
  /** Directory of the lock and the process id file, private to the user. */
  readonly runDir: string;
  readonly socket: string;
  /**
   * The socket was given and the data directory was not: it may be forwarded from another machine, and whose data it
   * would serve is not known. Nothing is started, upgraded or restarted for it.
   */
  readonly socketAlone: boolean;
}

/** macOS has room for 104 bytes with the terminating NUL; Node 20 and 22 silently cut what is longer. */
export const MAX_SOCKET_PATH_BYTES = 103;

/** The socket path was given explicitly and no system call could take it. */
export class SocketPathError extends Error {
  override readonly name = 'SocketPathError';
}

/**
 * Resolves every path the registry uses.
 *
 * Precedence: option, environment, default. A default socket path that is too long falls back to a short one
 * in the runtime or temporary directory, named after the data directory.
 *
 * @throws {SocketPathError} when an explicitly given socket path is longer than {@link MAX_SOCKET_PATH_BYTES}
 */
export function resolvePaths(options: PathOptions = {}, env: NodeJS.ProcessEnv = process.env): Paths {
  const given = givenPaths(options, env);
  const dataDir = resolve(given.dataDir || join(homedir(), '.codebase-gardener'));
  const runDir = join(dataDir, 'run');
  return {
    dataDir,
    registryFile: join(dataDir, 'registry.json'),
    projectsDir: join(dataDir, 'projects'),
    backupsDir: join(dataDir, 'backups'),
    trashDir: join(dataDir, 'trash'),
    logFile: join(dataDir, 'logs', 'registry.log'),
    runDir,
    socket: resolveSocket(dataDir, runDir, given.socket, env),
    socketAlone: isSocketAlone(options, env),
  };
}

/** See {@link Paths.socketAlone}. */
export function isSocketAlone(options: PathOptions, env: NodeJS.ProcessEnv): boolean {
  const { dataDir, socket } = givenPaths(options, env);
  return Boolean(socket) && !dataDir;
}

function givenPaths({ dataDir, socket }: PathOptions, env: NodeJS.ProcessEnv): PathOptions {
  return {
    dataDir: dataDir || env['CODEBASE_GARDENER_DATA_DIR'],
    socket: socket || env['CODEBASE_GARDENER_SOCKET'],
  };
}

function resolveSocket(
  dataDir: string,
  runDir: string,
  given: string | undefined,
  env: NodeJS.ProcessEnv,
): string {
  if (given) {
    const socket = resolve(given);
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
  const base = env['XDG_RUNTIME_DIR'] || tmpdir();
  // Loaded only here: it would be a third of what the client library costs to import.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return join(base, `codebase-gardener-${process.getuid?.() ?? 0}`, `${name}.sock`);
}
