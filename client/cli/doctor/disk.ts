/** Whether there is room, and whether the system tells when a file changes. */
import { type BigIntStatsFs, watch } from 'node:fs';
import { realpath, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Paths } from '../../../src/paths.ts';
import { errorCode, systemReason } from '../../../src/system/errors.ts';
import { type Diagnosis, error, ok, warning } from './finding.ts';
import { byteSize } from '../terminal/text.ts';

/** With less than this somebody should know, in bytes. */
const TIGHT = 100 * 1024 * 1024;
/** A write stages the whole file and keeps the old one as a backup; and the log grows. Bytes. */
const SPARE = 10 * 1024 * 1024;
const COPIES = 3;
const LEAST_INODES = 100n;

/** Linux's numbers for file systems on which changes made elsewhere are not told. */
const REMOTE: Readonly<Record<string, string>> = {
  '6969': 'NFS',
  '517b': 'SMB',
  fe534d42: 'SMB',
  ff534d42: 'CIFS',
  '1021997': '9p',
  '65735546': 'FUSE',
};

export async function checkDisk({ dataDir, registryFile }: Paths): Promise<Diagnosis[]> {
  const place = await existing(dataDir);
  const size = (await stat(registryFile).catch(() => undefined))?.size ?? 0;
  try {
    const disk = await statfs(place, { bigint: true });
    const findings = [spaceFinding(disk, size), ...(await watchFindings(dataDir, disk))];
    // Behind a link the registry may be on another disk. Its backups are not.
    const elsewhere = dirname(await realpath(registryFile).catch(() => registryFile));
    if (elsewhere === dirname(registryFile)) return findings;
    const other = await statfs(elsewhere, { bigint: true });
    const there = [spaceFinding(other, size), ...(await watchFindings(elsewhere, other))];
    return [...findings, ...there.filter(({ level }) => level !== 'ok')];
  } catch (cause) {
    return [warning('disk.space', `cannot tell how much room there is: ${systemReason(cause)}`)];
  }
}

/** @param size of the registry file, in bytes */
export function spaceFinding(
  { bavail, bsize, files, ffree }: Pick<BigIntStatsFs, 'bavail' | 'bsize' | 'files' | 'ffree'>,
  size: number,
): Diagnosis {
  const check = 'disk.space';
  const free = Number(bavail * bsize);
  const room = `${byteSize(free)} free`;
  const remedy = 'make room where the data directory is';
  // Some file systems do not count them.
  if (files > 0n && ffree < LEAST_INODES)
    return error(check, `the disk takes only ${ffree} more files`, remedy);
  if (free < COPIES * size + SPARE) return error(check, `the disk is nearly full: ${room}`, remedy);
  if (free < TIGHT) return warning(check, `the disk is getting full: ${room}`, remedy);
  return ok(check, room);
}

async function watchFindings(directory: string, { type }: Pick<BigIntStatsFs, 'type'>): Promise<Diagnosis[]> {
  const check = 'watching';
  const late = 'edits of the file are noticed after a few seconds instead of at once';
  const remote = process.platform === 'linux' ? REMOTE[type.toString(16)] : undefined;
  if (remote !== undefined) {
    return [warning(check, `${directory} is on ${remote}: ${late}`, 'a data directory on a local disk')];
  }
  try {
    // What the daemon does; it cannot be asked whether that worked.
    watch(directory).close();
    return [ok(check, 'the system tells when the file is edited')];
  } catch (cause) {
    const code = errorCode(cause);
    if (code === 'ENOENT') return [];
    const limit = code === 'ENOSPC' || code === 'EMFILE';
    const remedy = 'sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512';
    const why = limit ? 'all of its watches are in use' : systemReason(cause);
    return [warning(check, `the system takes no more watches: ${why}; ${late}`, limit ? remedy : undefined)];
  }
}

/** The nearest directory that is there. */
async function existing(path: string): Promise<string> {
  for (let place = path; ; place = dirname(place)) {
    const there = await stat(place).catch(() => undefined);
    if (there || place === dirname(place)) return place;
  }
}
