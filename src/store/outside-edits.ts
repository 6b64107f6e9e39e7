/**
 * What somebody else does to the file: a valid edit becomes the committed state, an invalid one is never written
 * over, and a deleted file comes back. To be called between batches only, when the file is nobody else's.
 */
import type { Logger } from '../log.ts';
import type { Backups } from './backups.ts';
import { decodeRegistry } from './codec.ts';
import type { Committed } from './committed.ts';
import { difference, succeed } from './difference.ts';
import type { FileFault } from './file-fault.ts';
import { newerVersion, shuttingDown } from './problem.ts';
import type { Look, TrackedFile } from './tracked-file.ts';

export interface OutsideEditsOptions {
  readonly file: TrackedFile;
  readonly committed: Committed;
  readonly backups: Backups;
  readonly log: Logger;
  readonly ownsRegistry: () => Promise<boolean>;
  readonly now: () => string;
  /** The file has just been found missing. */
  readonly deleted: () => void;
}

export class OutsideEdits {
  readonly #options: OutsideEditsOptions;
  /** The last good state is in no backup yet: the disk was full. The next look tries again. */
  #faultBackupDue = false;

  constructor(options: OutsideEditsOptions) {
    this.#options = options;
  }

  /** Takes in what somebody else did to the file; returns whether another content was adopted. */
  async look(): Promise<boolean> {
    const { file } = this.#options;
    const look = await file.look();
    if (look.kind === 'same') return false;
    try {
      return await this.#takeIn(look);
    } catch (error) {
      // What could not be taken over must not pass for our own content: the next change would write over it.
      file.forget();
      throw error;
    }
  }

  async #takeIn(look: Exclude<Look, { kind: 'same' }>): Promise<boolean> {
    const { ownsRegistry, deleted } = this.#options;
    // What a successor writes is no edit, and is not for us to keep copies of.
    if (!(await ownsRegistry())) throw shuttingDown();
    const now = this.#options.now();
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
    const { committed, backups, log } = this.#options;
    const next = succeed(committed.registry, registry);
    const changes = difference(committed.registry, next);
    const earlier = await committed.encode();
    // A fault was answered with a backup of this same state already. The order of the projects, and fields that nobody
    // here knows, are content, too.
    const wantsBackup =
      (!committed.readOnly || this.#faultBackupDue) && !earlier.equals(await committed.encode(next));
    const backup = wantsBackup ? await backups.keep(earlier, 'edit', now) : undefined;
    this.#faultBackupDue = false;
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
  async #fault(kind: 'deleted_file' | 'invalid_file', fault: FileFault, now: string): Promise<void> {
    const { committed, backups, log } = this.#options;
    const wasGood = !committed.readOnly;
    committed.setProblem({ kind, ...fault, since: wasGood ? now : (committed.problem?.since ?? now) }, true);
    log.warn({ fault }, 'the registry file is not usable; serving the last good state');
    if (wasGood) this.#faultBackupDue = true;
    if (!this.#faultBackupDue) return;
    await backups.keep(await committed.encode(), 'fault', now);
    this.#faultBackupDue = false;
  }
}
