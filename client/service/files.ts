/** Writing and removing the files of a service. */
import { chmod, copyFile, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { dial } from '../../src/system/dial.ts';
import { errorCode } from '../../src/system/errors.ts';
import { type InstalledService, readIfThere } from './installed.ts';
import { crashLog, movedLauncher, type ServicePlan } from './plan.ts';

/** Writes a file that a service manager reads, whole or not at all, unless it is as it should be. True when it was not. */
export async function writeServiceFile(file: string, text: string): Promise<boolean> {
  if (readIfThere(file) === text) return false;
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, text, { mode: 0o644 });
  return true;
}

/** Makes the directories that the service manager will not make, and puts the launcher where it stays. */
export async function preparePlaces(plan: ServicePlan): Promise<void> {
  for (const directory of [dirname(plan.crashLog), dirname(plan.socket)]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
  if (plan.launcherSource === undefined) return;
  if (readIfThere(plan.launcher) === readIfThere(plan.launcherSource)) return;
  await mkdir(dirname(plan.launcher), { recursive: true, mode: 0o700 });
  const staged = `${plan.launcher}.new`;
  await copyFile(plan.launcherSource, staged);
  await chmod(staged, 0o755);
  await rename(staged, plan.launcher);
}

/** Removes files; gives those that were there. */
export async function removeFiles(files: readonly string[]): Promise<string[]> {
  const removed = files.filter((file) => readIfThere(file) !== undefined);
  for (const file of files) await rm(file, { force: true });
  return removed;
}

/**
 * Removes what an installed service leaves: a socket that nobody listens on, and beside the data a launcher that did not
 * stay in the package, and its log; gives those two, as far as they were there.
 */
export async function removeLeftovers({ dataDir, socket }: Partial<InstalledService> = {}): Promise<
  string[]
> {
  if (socket !== undefined) await removeDeadSocket(socket);
  if (dataDir === undefined) return [];
  const launcher = movedLauncher(dataDir);
  const removed = await removeFiles([launcher, crashLog(dataDir)]);
  // ENOTEMPTY, ENOENT: it stays, or there is none; both are well.
  await rmdir(dirname(launcher)).catch(() => undefined);
  return removed;
}

async function removeDeadSocket(path: string): Promise<void> {
  const dead = await dial(path).then(
    (socket) => void socket.destroy(),
    (error: unknown) => errorCode(error) === 'ECONNREFUSED',
  );
  if (dead) await rm(path, { force: true });
}
