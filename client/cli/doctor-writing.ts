/** Whether files can be written where the registry and its backups are. Only trying tells: a quota, a disk that was
 * mounted anew read-only, and a network file system say yes to everything but that. */
import { randomBytes } from 'node:crypto';
import { open, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Paths } from '../../src/paths.ts';
import { systemReason, systemRemedy } from '../../src/system-error.ts';
import { type Diagnosis, error, ok } from './finding.ts';

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
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') continue;
      const where = short(directory);
      findings.push(
        error(check, `${what} in ${where}: ${systemReason(cause)}`, systemRemedy(cause) ?? undefined),
      );
    }
  }
  const alone = await isMountedAlone(file);
  if (alone)
    findings.push(
      error(
        'writing.file',
        `${short(file)} is mounted by itself and cannot be replaced`,
        'mount its directory',
      ),
    );
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

/** A file of another disk than its directory is a mount; a rename over it fails. */
async function isMountedAlone(file: string): Promise<boolean> {
  const [own, around] = await Promise.all([
    stat(file).catch(() => undefined),
    stat(dirname(file)).catch(() => undefined),
  ]);
  return own !== undefined && around !== undefined && own.dev !== around.dev;
}
