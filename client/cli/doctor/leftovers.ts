/** What killed processes left behind. */
import type { Stats } from 'node:fs';
import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isPrivateName, lockOf, ownerNote, pidFile } from '../../../src/claim/beside.ts';
import { wasContent } from '../../../src/domain/backup-names.ts';
import { type Paths, SCHEMA_FILE } from '../../../src/paths.ts';
import { isMissing } from '../../../src/system/errors.ts';
import { stagedFor } from '../../../src/system/staged.ts';
import { isProbeName } from './writing.ts';
import { type Diagnosis, error, type Fix, moveAside, ok, warning } from './finding.ts';
import { plural } from '../terminal/text.ts';

/** A write takes milliseconds; whatever is older than this belongs to nobody any more. Milliseconds. */
const WRITE_MS = 60_000;
/** The lock of a start is touched every few seconds while somebody holds it. Milliseconds. */
const LOCK_MS = 15_000;

/** Temporary files of interrupted writes and, of earlier versions, imports; locks of interrupted starts; unused sockets. */
export async function checkLeftovers(
  { dataDir, backupsDir, registryFile, runDir, socket }: Paths,
  now: number,
  short: (path: string) => string,
): Promise<Diagnosis[]> {
  const run = dirname(socket);
  const owner = ownerNote(runDir);
  const beside = [basename(registryFile), SCHEMA_FILE];
  const isBackup = (file = ''): boolean => /^registry(-.+)?\.json$/.test(file);
  const writes = [
    ...(await find(dataDir, (name) => beside.includes(stagedFor(name) ?? '') || isProbeName(name))),
    ...(await find(
      backupsDir,
      (name) => isBackup(stagedFor(name)) || !wasContent(name) || isProbeName(name),
    )),
    ...(await find(runDir, (name) => stagedFor(name) === basename(owner))),
  ];
  // A time in the future is of a clock that was set back.
  const old = (age: number) => (one: Found) => Math.abs(now - one.status.mtimeMs) > age;
  const locks = [
    ...(await find(run, (name) => name === basename(lockOf(socket)))),
    ...(await find(runDir, (name) => name === basename(lockOf(owner)))),
  ];
  const others = new Set<Found>();
  for (const lock of locks) if (!(await isEmptyDirectory(lock))) others.add(lock);
  const paths = [
    // No daemon makes a directory of such a name: whatever is in it is somebody's, and in nobody's way.
    ...writes.filter(({ status }) => !status.isDirectory()).filter(old(WRITE_MS)),
    // The daemon binds under such a name and renames it.
    ...(await find(run, isPrivateName)).filter(({ status }) => status.isSocket()).filter(old(WRITE_MS)),
    ...locks.filter((lock) => !others.has(lock)).filter(old(LOCK_MS)),
  ].map(({ path }) => path);
  const notes = await find(run, (name) => name === basename(pidFile(socket)));
  const inTheWay = [
    ...[...others].map(({ path }) => takenName(path, short)),
    ...(await Promise.all(
      notes.filter(({ status }) => status.isDirectory()).map((note) => takenNote(note, short)),
    )),
  ];
  if (paths.length === 0)
    return inTheWay.length > 0 ? inTheWay : [ok('leftovers', 'no killed process left anything behind')];
  const named = paths.slice(0, 3).map(short).join(', ');
  return [
    ...inTheWay,
    warning(
      'leftovers',
      `killed processes left ${plural(paths.length, 'file')} behind: ${named}`,
      undefined,
      removal(paths, short),
    ),
  ];
}

/** No daemon makes such a thing of such a name: whatever is in it is somebody's. */
function takenName(path: string, short: (path: string) => string): Diagnosis {
  return error(
    'leftovers.in_the_way',
    `no daemon can start: something that is no lock is in the way at ${short(path)}`,
    moveAside(path),
  );
}

/** A daemon serves all the same; it only is harder to find when it hangs. An empty directory is nobody's loss. */
async function takenNote(found: Found, short: (path: string) => string): Promise<Diagnosis> {
  const { path } = found;
  const message = `the daemon cannot note its process id: a directory is in the way at ${short(path)}`;
  if (await isEmptyDirectory(found))
    return warning('leftovers.note', message, undefined, removal([path], short));
  return warning('leftovers.note', message, moveAside(path));
}

/**
 * A socket that nobody listens on. Harmless: a daemon that starts replaces it.
 *
 * @param found when nobody listened; a daemon that has started since has another one
 */
export async function deadSocket(
  { socket }: Paths,
  found: Stats,
  short: (path: string) => string,
): Promise<Diagnosis> {
  const note = pidFile(socket);
  const isOther = (await lstat(note).catch(() => undefined))?.isDirectory() ?? false;
  const fix = removal(isOther ? [socket] : [socket, note], short);
  return warning(
    'socket.leftover',
    `nobody listens on ${short(socket)}: a daemon was killed; the next one replaces it`,
    undefined,
    {
      ...fix,
      async run() {
        const now = await lstat(socket);
        if (now.ino !== found.ino || now.ctimeMs !== found.ctimeMs)
          throw new Error('a daemon has been started meanwhile');
        await fix.run();
      },
    },
  );
}

function removal(paths: readonly string[], short: (path: string) => string): Fix {
  const what = paths.map(short).join(', ');
  return {
    does: `remove ${what}`,
    done: `removed ${what}`,
    run: async () => void (await Promise.all(paths.map(removeOne))),
  };
}

/** Whatever is in a directory is somebody's. */
async function removeOne(path: string): Promise<void> {
  const status = await lstat(path).catch(() => undefined);
  await (status?.isDirectory() ? rmdir(path) : rm(path, { force: true }));
}

interface Found {
  readonly path: string;
  readonly status: Stats;
}

/** As the lock of a start is. */
async function isEmptyDirectory({ path, status }: Found): Promise<boolean> {
  if (!status.isDirectory()) return false;
  // One that has just been released was one.
  const names = await readdir(path).catch((cause: unknown) => (isMissing(cause) ? [] : ['']));
  return names.length === 0;
}

async function find(directory: string, wanted: (name: string) => boolean): Promise<Found[]> {
  const names = await readdir(directory).catch(() => []);
  const found: Found[] = [];
  for (const name of names.filter(wanted)) {
    const path = join(directory, name);
    const status = await lstat(path).catch(() => undefined);
    if (status) found.push({ path, status });
  }
  return found;
}
