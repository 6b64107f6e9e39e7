/** Whether the registry's files belong to the person, and to nobody else. */
import type { Stats } from 'node:fs';
import { access, chmod, constants, lstat, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Paths } from '../../../src/paths.ts';
import { isBackupName, LAST_GOOD } from '../../../src/domain/backup-names.ts';
import { errorCode, isNowhere, systemReason } from '../../../src/system/errors.ts';
import { startLog } from '../../reach/spawn.ts';
import { answers } from '../../codebase/disk-answer.ts';
import { type Diagnosis, error, type Fix, moveAside, ok, remedyOf, warning } from './finding.ts';
import { plural, shellWord } from '../terminal/text.ts';

type Shorten = (path: string) => string;

/** Write permission for others than the owner. */
const OTHERS_WRITE = 0o022;
/** Any permission for others than the owner. */
const OTHERS = 0o077;

export async function checkPermissions(paths: Paths, short: Shorten): Promise<Diagnosis[]> {
  return [
    ...(await checkDataDirectory(paths.dataDir, short)),
    ...(await checkFile('file.permissions', paths.registryFile, short)),
    ...(await checkRunDirectory(paths, short)),
    ...(await checkSocket(paths.socket, short)),
    ...(await checkOwn('logs.permissions', dirname(paths.logFile), short)),
    ...(await checkBackups(paths.backupsDir, short)),
    ...(await checkOwn('trash.permissions', paths.trashDir, short)),
    ...(await checkOwn('undo.permissions', paths.undoDir, short)),
    // That may be a disk of its own, and dead; the daemon tells of it then.
    ...((await answers(paths.projectsDir))
      ? await checkOwn('projects.permissions', paths.projectsDir, short)
      : []),
    ...(await checkRegular([startLog(paths), paths.logFile, join(paths.dataDir, LAST_GOOD)], short)),
  ];
}

async function checkDataDirectory(path: string, short: Shorten): Promise<Diagnosis[]> {
  const check = 'data.permissions';
  const { status, found } = await examine(check, path, short, {
    absent: ok(check, `${short(path)} is not there yet; the first command makes it`),
    other: error(check, `${short(path)} is no directory`, 'move it, or choose another with --data-dir'),
  });
  if (!status) return found;
  if ((status.mode & OTHERS_WRITE) !== 0) {
    const message = `others can write to ${short(path)}, and so replace the registry`;
    return [error(check, message, undefined, setMode(path, status.mode & 0o777 & ~OTHERS_WRITE, short))];
  }
  return [(await whyUnusable(check, path, status, short)) ?? ok(check, `${short(path)} is yours`)];
}

/** What is wrong where the owner of a file cannot read it, or that of a directory not change what is in it. */
async function whyUnusable(
  check: string,
  path: string,
  status: Stats,
  short: Shorten,
): Promise<Diagnosis | undefined> {
  const [mode, what] = status.isDirectory() ? [0o700, 'use'] : [0o600, 'read'];
  const needed = status.isDirectory() ? constants.R_OK | constants.W_OK | constants.X_OK : constants.R_OK;
  try {
    await access(path, needed);
    return undefined;
  } catch (cause) {
    const message = `cannot ${what} ${short(path)}: ${systemReason(cause)}`;
    // Of a disk that can only be read no mode is at fault.
    const isDenied = errorCode(cause) === 'EACCES';
    if (isDenied && (status.mode & mode) !== mode)
      return error(check, message, undefined, setMode(path, mode, short));
    return error(check, message, remedyOf(cause, path));
  }
}

async function checkFile(check: string, path: string, short: Shorten): Promise<Diagnosis[]> {
  const { status, found } = await examine(check, path, short, { isRight: () => true });
  if (!status) return found;
  const unusable = status.isFile() ? await whyUnusable(check, path, status, short) : undefined;
  if (unusable) return [unusable];
  if ((status.mode & OTHERS) === 0) return [ok(check, `only you can read ${short(path)}`)];
  return [warning(check, `others can read ${short(path)}`, undefined, setMode(path, 0o600, short))];
}

/** The directory of the socket is what keeps others away from the daemon. */
async function checkRunDirectory({ socket, runDir }: Paths, short: Shorten): Promise<Diagnosis[]> {
  const check = 'run.permissions';
  const path = dirname(socket);
  const isOurs = path === runDir || basename(path).startsWith('codebase-gardener-');
  const elsewhere = 'another one: --socket, or CODEBASE_GARDENER_SOCKET';
  const remedy = isOurs ? undefined : elsewhere;
  const { status, found } = await examine(check, path, short, {
    absent: ok(check, `${short(path)} is not there yet; the daemon makes it`),
    other: error(check, `${short(path)} is no directory, and the socket must be in one`, elsewhere),
    foreignRemedy: remedy,
  });
  if (!status) return found;
  const fix = isOurs ? setMode(path, 0o700, short) : undefined;
  if ((status.mode & OTHERS_WRITE) !== 0) {
    const message = `others can write to ${short(path)}, and so take the place of the daemon`;
    return [error(check, message, remedy, fix)];
  }
  if (isOurs && (status.mode & OTHERS) !== 0) {
    return [warning(check, `others can look into ${short(path)}`, undefined, fix)];
  }
  return [ok(check, `${short(path)} keeps others away from the socket`)];
}

async function checkSocket(path: string, short: Shorten): Promise<Diagnosis[]> {
  const check = 'socket.permissions';
  const { status, found } = await examine(check, path, short, {
    isRight: (one) => one.isSocket(),
    other: error(check, `something that is no socket is in the way at ${short(path)}`, moveAside(path)),
  });
  if (!status) return found;
  if ((status.mode & OTHERS) === 0) return [];
  return [warning(check, `others may connect to ${short(path)}`, undefined, setMode(path, 0o600, short))];
}

/** A directory of the daemon's own: private when it is made, and again at the next start. */
async function checkOwn(
  check: string,
  path: string,
  short: Shorten,
  further: (status: Stats) => Promise<Diagnosis[]> = () => Promise.resolve([]),
): Promise<Diagnosis[]> {
  // Something else there is found by the write that fails.
  const { status, found } = await examine(check, path, short);
  if (!status) return found;
  if ((status.mode & OTHERS_WRITE) === 0) return further(status);
  const message = `others can write to ${short(path)}, and so put there what they like`;
  return [error(check, message, undefined, setMode(path, 0o700, short))];
}

/** Files that the daemon opens by their names, and takes only for what they should be. */
async function checkRegular(paths: readonly string[], short: Shorten): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  for (const path of paths) {
    const status = await lstat(path).catch(() => undefined);
    if (status === undefined || status.isFile()) continue;
    found.push(error('files.kind', `${short(path)} is no regular file, and is not used`, moveAside(path)));
  }
  return found;
}

function checkBackups(directory: string, short: Shorten): Promise<Diagnosis[]> {
  const check = 'backups.permissions';
  return checkOwn(check, directory, short, async (own) => {
    const unusable = await whyUnusable(check, directory, own, short);
    if (unusable) return [unusable];
    let names: string[];
    try {
      names = (await readdir(directory)).filter(isBackupName);
    } catch (cause) {
      if (isNowhere(cause)) return [];
      return [error(check, `cannot look into ${short(directory)}: ${systemReason(cause)}`)];
    }
    const open: string[] = [];
    for (const path of names.map((name) => join(directory, name))) {
      const status = await lstat(path).catch(() => undefined);
      if (status?.isFile() && (status.mode & OTHERS) !== 0) open.push(path);
    }
    if (open.length === 0) return [];
    const backups = plural(open.length, 'backup');
    const fix: Fix = {
      does: `make ${backups} private`,
      done: `made ${backups} private`,
      run: async () => void (await Promise.all(open.map((path) => chmod(path, 0o600)))),
    };
    return [warning(check, `others can read ${backups} in ${short(directory)}`, undefined, fix)];
  });
}

interface Expected {
  /** Whether it is of the right kind; default whether it is a directory. */
  readonly isRight?: (status: Stats) => boolean;
  /** What is to be said of nothing, and of something else. */
  readonly absent?: Diagnosis;
  readonly other?: Diagnosis;
  /** Advice where it is another user's. */
  readonly foreignRemedy?: string | undefined;
}

/** What is there, or what a link there leads to. Where it is not right, or not the user's own, what is to be said of that. */
async function examine(
  check: string,
  path: string,
  short: Shorten,
  { isRight = (status) => status.isDirectory(), absent, other, foreignRemedy }: Expected = {},
): Promise<{ readonly status?: Stats; readonly found: Diagnosis[] }> {
  const only = (finding?: Diagnosis) => ({ found: finding ? [finding] : [] });
  let status: Stats;
  try {
    status = await stat(path);
  } catch (cause) {
    if (isNowhere(cause)) return only(absent);
    return only(error(check, `cannot look at ${short(path)}: ${systemReason(cause)}`));
  }
  if (!isRight(status)) return only(other);
  const { uid } = status;
  const own = process.getuid?.() ?? uid;
  if (uid === own) return { status, found: [] };
  const remedy = foreignRemedy ?? `sudo chown -R ${own} ${shellWord(path)}, unless it is meant to be theirs`;
  return only(error(check, `${short(path)} belongs to user ${uid} and not to you (${own})`, remedy));
}

function setMode(path: string, mode: number, short: Shorten): Fix {
  const command = `chmod ${mode.toString(8)} ${short(path)}`;
  return { does: command, done: command, run: () => chmod(path, mode) };
}
