/**
 * What somebody else does to the file: a valid edit becomes the committed state, an invalid one is never written
 * over, and a deleted file comes back. To be called between batches only, when the file is nobody else's.
 */
import { errorCode } from '../system/errors.ts';
import { succeed } from './state.ts';
import type { Look } from './file/tracked-file.ts';
import { type Content, decodeRegistry } from './format/decode.ts';
import type { Parts } from './parts.ts';
import {
  blockedEdit,
  danglingLink,
  lookFailed,
  type Problem,
  shuttingDown,
  unreadableFile,
} from './problem.ts';

/**
 * Takes in what somebody else did to the file; returns whether another content was adopted.
 *
 * @throws {RegistryError} `storage_failed` when the file cannot be looked at, or what it says cannot be taken over;
 *   that is a problem until a look succeeds
 */
export async function look(parts: Parts): Promise<boolean> {
  const { file, state, unusable } = parts;
  let found: Look;
  try {
    found = await file.look();
  } catch (error) {
    throw obstructed(parts, error, unreadableFile(file.path, error, parts.now()));
  }
  if (found.kind === 'same') {
    state.setObstacle(null);
    await unusable.keepAgain();
    return false;
  }
  try {
    return await takeIn(parts, found);
  } catch (error) {
    // What could not be taken over must not pass for our own content: the next change would write over it.
    file.forget();
    throw error;
  }
}

/** The same; returns whether the file is still this process's to write, which is asked meanwhile. */
export async function lookAsOwner(parts: Parts): Promise<boolean> {
  const [looked, owns] = await Promise.allSettled([look(parts), parts.ownsRegistry()]);
  if (looked.status === 'rejected') throw looked.reason;
  if (owns.status === 'rejected') throw owns.reason;
  return owns.value;
}

/** Tells of what stands between the file and us, once; returns what callers are told. */
function obstructed({ file, state, log }: Parts, error: unknown, problem: Problem): Error {
  const known = state.problem;
  const same = known?.kind === problem.kind && known.message === problem.message;
  if (!same) log.error({ err: error }, problem.message);
  const told = same ? known : problem;
  state.setObstacle(told);
  // Another error than the system's is a fault of this program, and no more than that is known of it.
  return error instanceof Error && errorCode(error) === undefined ? error : lookFailed(told, file.real);
}

async function takeIn(parts: Parts, found: Exclude<Look, { kind: 'same' }>): Promise<boolean> {
  const { file, unusable, ownsRegistry } = parts;
  // What a successor writes is no edit, and is not for us to keep copies of.
  if (!(await ownsRegistry())) throw shuttingDown();
  const now = parts.now();
  if (found.kind === 'missing')
    await unusable.found('deleted_file', { message: 'the registry file was deleted' }, now);
  else if (found.kind === 'dangling')
    await unusable.found('dangling_link', danglingLink(file.path, found.target, now), now);
  else {
    const decoded = decodeRegistry(found.bytes, now);
    if (decoded.ok) await adopt(parts, decoded, found.bytes, now);
    else await unusable.found('invalid_file', decoded.fault, now);
    return decoded.ok;
  }
  return false;
}

async function adopt(
  parts: Parts,
  { registry, older, newer }: Content,
  bytes: Buffer,
  now: string,
): Promise<void> {
  const { file, state, backups, copy, writer, unusable, log, isTraining } = parts;
  const blocked = (why: string, error: unknown): Error =>
    obstructed(parts, error, blockedEdit(why, error, now));
  const next = succeed(state.registry, registry, isTraining);
  const earlier = await state.encode();
  // A fault was answered with a backup of this same state already. The order of the projects, and fields that nobody
  // here knows, are content, too.
  const wantsBackup =
    (!state.fault || unusable.backupDue) && !earlier.equals(await state.encode(next.registry));
  let backup: string | undefined;
  try {
    if (wantsBackup) backup = await copy.backUp(earlier, 'edit', now);
  } catch (error) {
    throw blocked(`the content before it cannot be kept in ${backups.directory}`, error);
  }
  try {
    // Few editors sync: whoever is told of it by us must not find another registry after a power cut.
    await file.sync();
  } catch (error) {
    throw blocked('it cannot be made to survive a power cut', error);
  }
  unusable.isOver();
  writer.owesWrite = next.leasesDiffer;
  const original = older ? { bytes } : null;
  const changes = state.adopt(next.registry, { origin: 'file', at: now, original, newer });
  // Also where no project differs.
  copy.schedule();
  const removed = changes.filter((change) => 'id' in change && !change.after).length;
  // A program with an old copy in memory drops what it never saw; whether it meant to cannot be known.
  const level = removed > 0 ? 'warn' : 'info';
  log[level]({ changes: changes.length, removed, backup }, 'took over an edit of the registry file');
}
