/** What killed processes left behind. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Paths } from '../../src/paths.ts';
import { type Diagnosis, type Fix, ok, warning } from './finding.ts';
import { plural } from './text.ts';

/** A write takes milliseconds; whatever is older than this belongs to nobody any more. Milliseconds. */
const WRITE_MS = 60_000;
/** The lock of a start is touched every few seconds while somebody holds it. Milliseconds. */
const LOCK_MS = 15_000;

/** Temporary files of interrupted writes, locks of interrupted starts, sockets that were never used. */
export async function checkLeftovers(
  { dataDir, backupsDir, registryFile, socket }: Paths,
  now: number,
  short: (path: string) => string,
): Promise<Diagnosis[]> {
  const run = dirname(socket);
  const staged = /^(registry\.json|registry-.+\.json)\.staged(\.\d+)?$/;
  const paths = [
    ...(await find(
      dataDir,
      (name) => staged.test(name) && name.startsWith(basename(registryFile)),
      now - WRITE_MS,
    )),
    ...(await find(backupsDir, (name) => staged.test(name), now - WRITE_MS)),
    // The daemon binds under such a name and renames it.
    ...(await find(run, (name) => /^\.[0-9a-f]{1,16}$/.test(name), now - WRITE_MS)),
    ...(await find(run, (name) => name === `${basename(socket)}.lock`, now - LOCK_MS)),
  ];
  if (paths.length === 0) return [ok('leftovers', 'no killed process left anything behind')];
  const named = paths.slice(0, 3).map(short).join(', ');
  return [
    warning(
      'leftovers',
      `killed processes left ${plural(paths.length, 'file')} behind: ${named}`,
      undefined,
      removal(paths, short),
    ),
  ];
}

/** A socket that nobody listens on. Harmless: a daemon that starts replaces it. */
export function deadSocket({ socket }: Paths, short: (path: string) => string): Diagnosis {
  return warning(
    'socket.leftover',
    `nobody listens on ${short(socket)}: a daemon was killed; the next one replaces it`,
    undefined,
    removal([socket, `${socket}.pid`], short),
  );
}

function removal(paths: readonly string[], short: (path: string) => string): Fix {
  return {
    done: `removed ${paths.map(short).join(', ')}`,
    run: async () =>
      void (await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })))),
  };
}

/** @param before milliseconds since the epoch; what was changed later may be in use */
async function find(directory: string, wanted: (name: string) => boolean, before: number): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  const found: string[] = [];
  for (const name of names.filter(wanted)) {
    const path = join(directory, name);
    const status = await lstat(path).catch(() => undefined);
    if (status && status.mtimeMs < before) found.push(path);
  }
  return found;
}
