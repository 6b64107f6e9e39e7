/**
 * What somebody else does to the file: a valid edit becomes the committed state, an invalid one is never written
 * over, and a deleted file comes back. To be called between batches only, when the file is nobody else's.
 */
import type { IsTraining } from '../domain/training/succession.ts';
import type { Logger } from '../log.ts';
import { errorCode } from '../system/errors.ts';
import type { BackupReason } from './backups/backups.ts';
import { decodeRegistry } from './format/decode.ts';
import type { Committed } from './state.ts';
import { difference, succeed } from './difference.ts';
import type { FileFault } from './format/fault.ts';
import {
  blockedEdit,
  danglingLink,
  lookFailed,
  newerVersion,
  type Problem,
  shuttingDown,
  unkept,
  unreadableFile,
} from './problem.ts';
import type { Look, TrackedFile } from './file/tracked-file.ts';

export interface OutsideEditsOptions {
  readonly file: TrackedFile;
  readonly committed: Committed;
  readonly backupsDir: string;
  readonly log: Logger;
  readonly ownsRegistry: () => Promise<boolean>;
  readonly now: () => string;
  readonly isTraining: IsTraining;
  /** The file has just been found missing. */
  readonly deleted: () => void;
  /** Keeps a content in a backup; returns its name. */
  readonly keep: (bytes: Buffer, reason: BackupReason, now: string) => Promise<string>;
}

type FaultKind = 'deleted_file' | 'invalid_file' | 'dangling_link';

export class OutsideEdits {
  /** The file says less than what is committed: an edit left out what a lease needs. To be written soon. */
  owesWrite = false;
  readonly #options: OutsideEditsOptions;
  /** The last good state is in no backup yet. */
  #faultBackupDue = false;
  /** What is wrong with the file, while the backup for it could not be made: the disk was full. Looks try again. */
  #unkept: Problem | null = null;

  constructor(options: OutsideEditsOptions) {
    this.#options = options;
  }

  /**
   * Takes in what somebody else did to the file; returns whether another content was adopted.
   *
   * @throws {RegistryError} `storage_failed` when the file cannot be looked at, or what it says cannot be taken over;
   *   that is a problem until a look succeeds
   */
  async look(): Promise<boolean> {
    const { file, committed } = this.#options;
    let look: Look;
    try {
      look = await file.look();
    } catch (error) {
      throw this.#obstructed(error, unreadableFile(file.path, error, this.#options.now()));
    }
    if (look.kind === 'same') {
      committed.setObstacle(null);
      await this.#keepAgain();
      return false;
    }
    try {
      return await this.#takeIn(look);
    } catch (error) {
      // What could not be taken over must not pass for our own content: the next change would write over it.
      file.forget();
      throw error;
    }
  }

  /** The committed state is a copy, not what the file says: when that is found, the copy is kept. */
  serveCopy(target: string, now: string): void {
    const { committed, file } = this.#options;
    this.#faultBackupDue = committed.registry.size > 0;
    committed.setProblem(danglingLink(file.path, target, now), true);
  }

  /** Tells of what stands between the file and us, once; returns what callers are told. */
  #obstructed(error: unknown, problem: Problem): Error {
    const { committed, file, log } = this.#options;
    const known = committed.problem;
    const same = known?.kind === problem.kind && known.message === problem.message;
    if (!same) log.error({ err: error }, problem.message);
    const told = same ? known : problem;
    committed.setObstacle(told);
    // Another error than the system's is a fault of this program, and no more than that is known of it.
    return error instanceof Error && errorCode(error) === undefined ? error : lookFailed(told, file.real);
  }

  async #takeIn(look: Exclude<Look, { kind: 'same' }>): Promise<boolean> {
    const { ownsRegistry, deleted } = this.#options;
    // What a successor writes is no edit, and is not for us to keep copies of.
    if (!(await ownsRegistry())) throw shuttingDown();
    const now = this.#options.now();
    if (look.kind === 'dangling') {
      await this.#fault('dangling_link', danglingLink(this.#options.file.path, look.target, now), now);
      return false;
    }
    if (look.kind === 'missing') {
      await this.#fault('deleted_file', { message: 'the registry file was deleted' }, now);
      deleted();
      return false;
    }
    const decoded = decodeRegistry(look.bytes, now);
    if (!decoded.ok) {
      await this.#fault('invalid_file', decoded.fault, now);
      return false;
    }
    await this.#adopt(decoded, look.bytes, now);
    return true;
  }

  async #adopt(
    { registry, older, newer }: Extract<ReturnType<typeof decodeRegistry>, { ok: true }>,
    bytes: Buffer,
    now: string,
  ): Promise<void> {
    const { committed, file, backupsDir, keep, log, isTraining } = this.#options;
    const blocked = (why: string, error: unknown): Error =>
      this.#obstructed(error, blockedEdit(why, error, now));
    const { registry: next, leasesDiffer } = succeed(committed.registry, registry, isTraining);
    const changes = difference(committed.registry, next);
    const earlier = await committed.encode();
    // A fault was answered with a backup of this same state already. The order of the projects, and fields that nobody
    // here knows, are content, too.
    const wantsBackup =
      (!committed.fault || this.#faultBackupDue) && !earlier.equals(await committed.encode(next));
    let backup: string | undefined;
    try {
      if (wantsBackup) backup = await keep(earlier, 'edit', now);
    } catch (error) {
      throw blocked(`the content before it cannot be kept in ${backupsDir}`, error);
    }
    try {
      // Few editors sync: whoever is told of it by us must not find another registry after a power cut.
      await file.sync();
    } catch (error) {
      throw blocked('it cannot be made to survive a power cut', error);
    }
    this.#faultBackupDue = false;
    this.#unkept = null;
    this.owesWrite = leasesDiffer;
    committed.registry = next;
    committed.original = older ? bytes : null;
    committed.loadedAt = now;
    committed.setProblem(newer ? newerVersion(next.version, now) : null, newer);
    committed.publish({ changes, origin: 'file', at: now });
    const removed = changes.filter((change) => 'id' in change && !change.after).length;
    // A program with an old copy in memory drops what it never saw; whether it meant to cannot be known.
    const level = removed > 0 ? 'warn' : 'info';
    log[level]({ changes: changes.length, removed, backup }, 'took over an edit of the registry file');
  }

  /** Keeps serving the last good state and refuses changes until the file is good again. */
  async #fault(kind: FaultKind, fault: FileFault & Pick<Problem, 'remedy'>, now: string): Promise<void> {
    const { committed, file, backupsDir, log } = this.#options;
    const known = committed.fault;
    const problem = { ...fault, kind, since: known?.since ?? now };
    committed.setProblem(problem, true);
    log.warn({ fault }, 'the registry file is not usable; serving the last good state');
    if (!known) this.#faultBackupDue = true;
    this.#unkept = this.#faultBackupDue ? problem : null;
    if (!this.#unkept) return;
    try {
      await this.#keepServed(now);
    } catch (error) {
      // What is wrong with the file is what everybody has to know, and a deleted one is to be written back all the same.
      log.error({ err: error }, 'cannot keep what the registry file no longer has; trying again');
      if (kind !== 'deleted_file') committed.setProblem(unkept(problem, file.real, backupsDir, error), true);
    }
  }

  /** Makes the backup that could not be made when the file was found to be unusable. */
  async #keepAgain(): Promise<void> {
    const { committed, log, now, ownsRegistry } = this.#options;
    const problem = this.#unkept;
    if (!problem || !committed.fault || !(await ownsRegistry())) return;
    try {
      await this.#keepServed(now());
    } catch (error) {
      log.debug({ err: error }, 'cannot keep what the registry file no longer has yet');
      return;
    }
    committed.setProblem(problem, true);
  }

  async #keepServed(now: string): Promise<void> {
    const { committed, keep } = this.#options;
    await keep(await committed.encode(), 'fault', now);
    this.#faultBackupDue = false;
    this.#unkept = null;
  }
}
