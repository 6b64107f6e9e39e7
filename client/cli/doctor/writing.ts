/** Whether files can be written where the registry and its backups are. Only trying tells: a quota, a disk that was
 * mounted anew read-only, and a network file system say yes to everything but that. */
import { randomBytes } from 'node:crypto';
import { constants, open, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Paths } from '../../../src/paths.ts';
import { mountPoints } from '../../../src/system/mount-table.ts';
import { errorCode, isMissing, systemReason } from '../../../src/system/errors.ts';
import { type Diagnosis, error, ok, remedyOf } from './finding.ts';

/** As much as a small registry: some quotas let a file be made, and not be filled. Bytes. */
const PROBE_BYTES = 4096;
const PROBE = /^\.gardener-doctor-[0-9a-f]{16}$/;

/** Whether a doctor that was killed left this behind. */
export function isProbeName(name: string): boolean {
  return PROBE.test(name);
}

export async function checkWriting(
  { registryFile, backupsDir }: Pick<Paths, 'registryFile' | 'backupsDir'>,
  short: (path: string) => string,
): Promise<Diagnosis[]> {
  // The file is replaced where it is, behind a link.
  const file = await realpath(registryFile).catch(() => registryFile);
  const places = [
    { check: 'writing.file', directory: dirname(file), what: 'changes of the registry cannot be written' },
    {
      check: 'writing.backups',
      directory: backupsDir,
      what: 'no backup can be made, and no edit taken over',
    },
  ];
  const findings: Diagnosis[] = [];
  for (const { check, directory, what } of places) {
    try {
      await tryToWrite(directory);
    } catch (cause) {
      // One that is not there is made when it is needed.
      if (isMissing(cause)) continue;
      const where = short(directory);
      findings.push(error(check, `${what} in ${where}: ${systemReason(cause)}`, remedyOf(cause, directory)));
    }
  }
  const kept = await whyNotReplaced(file, short(file));
  if (kept) findings.push(kept);
  return findings.length > 0
    ? findings
    : [ok('writing', 'files can be written beside the registry and in the backups')];
}

/** Makes, fills, syncs and removes a file of a name that nobody else uses. */
async function tryToWrite(directory: string): Promise<void> {
  const path = join(directory, `.gardener-doctor-${randomBytes(8).toString('hex')}`);
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(Buffer.alloc(PROBE_BYTES));
    await handle.sync();
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

/** Why no other file can be put in the place of this one, whatever its directory allows. */
async function whyNotReplaced(file: string, name: string): Promise<Diagnosis | null> {
  const check = 'writing.file';
  if (await isMountedAlone(file))
    return error(check, `${name} is mounted by itself and cannot be replaced`, 'mount its directory');
  const refusal = await whyUntouchable(file);
  return (
    refusal && error(check, `${name} cannot be replaced: ${systemReason(refusal)}`, remedyOf(refusal, file))
  );
}

/**
 * The system's error for a file that is immutable, or to which one can only append. Opening it for writing meets that,
 * too, and changes nothing; any other error there, such as for its mode, keeps nobody from replacing it.
 */
async function whyUntouchable(file: string): Promise<Error | null> {
  try {
    if (!(await stat(file)).isFile()) return null;
    // Should somebody put a pipe there meanwhile, it is not waited for.
    await (await open(file, constants.O_WRONLY | constants.O_NONBLOCK)).close();
    return null;
  } catch (cause) {
    return errorCode(cause) === 'EPERM' ? (cause as Error) : null;
  }
}

/** A rename over a mount fails. A mount is of another disk than its directory, or in Linux's list. */
async function isMountedAlone(file: string): Promise<boolean> {
  if ((await mountPoints())?.includes(file)) return true;
  const [own, around] = await Promise.all([
    stat(file).catch(() => undefined),
    stat(dirname(file)).catch(() => undefined),
  ]);
  return own !== undefined && around !== undefined && own.dev !== around.dev;
}
