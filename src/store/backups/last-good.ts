/**
 * The copy of the committed content, `registry-last-good.json`. It is made soon after the first change that it lacks, at
 * once at a start, since a daemon that is killed again and again would never come to it, and before anything else becomes
 * a backup, so that no backup is ever newer than it.
 */
import type { Change } from '../../domain/draft.ts';
import { changesLease } from '../../domain/training/succession.ts';
import { copyFailed, type Problem } from '../problem.ts';
import type { Parts } from '../parts.ts';
import type { BackupReason, IsSpared } from './backups.ts';
import { keepInherited } from './inherited.ts';
import { leaveBeside } from './rescue.ts';

/** How long after the first change that the copy lacks, in milliseconds; changes that follow do not put it off. */
export const LAST_GOOD_DELAY_MS = 10_000;

/** When the copy is made. */
export class LastGood {
  readonly #keep: () => Promise<void>;
  #timer: NodeJS.Timeout | null = null;
  /** Copies are made one after the other: an earlier one must not take the place of a later one. */
  #copying: Promise<void> = Promise.resolve();

  /** @param keep makes the copy of what is committed when it is called */
  constructor(keep: () => Promise<void>) {
    this.#keep = keep;
  }

  /**
   * There is something new to keep.
   *
   * @param delay how long it may wait, in milliseconds; default {@link LAST_GOOD_DELAY_MS}
   */
  schedule(delay = LAST_GOOD_DELAY_MS): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => void this.flush().catch(() => undefined), delay);
    this.#timer.unref();
  }

  /**
   * Makes a copy that is due now rather than later; resolves when there is none that lacks anything.
   *
   * @throws what making the copy threw; it is still due then
   */
  flush(): Promise<void> {
    const copy = (): Promise<void> => this.#copy();
    return (this.#copying = this.#copying.then(copy, copy));
  }

  async #copy(): Promise<void> {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    try {
      await this.#keep();
    } catch (error) {
      this.schedule();
      throw error;
    }
  }
}

/** What is written to it, and what becomes of the one that was there. */
export class Copy {
  readonly #parts: Parts;
  readonly #due = new LastGood(() => this.#write());
  #problem: Problem | null = null;
  /** When the file was read at the start, for as long as the copy is still the one of an earlier daemon. */
  #inheritedAt: string | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** There is another content, soon to be copied. */
  schedule(): void {
    this.#due.schedule();
  }

  /** The file was read at a start, and may have been edited since the last daemon made a copy. ISO 8601. */
  replaceInherited(readAt: string): void {
    this.#inheritedAt = readAt;
    this.#due.schedule(0);
  }

  /**
   * There are changes, soon to be copied.
   *
   * Whoever is told that a lease has begun or ended can rely on the copy, too: should a program that knows nothing of
   * leases write the file while no daemon runs, that is where the next one finds it. This waits for that.
   */
  async keepUp(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    this.#due.schedule();
    if (!changes.some((change) => 'id' in change && changesLease(change.before, change.after))) return;
    // What fails is in the log and is told as a problem; the lease is in the file.
    await this.#due.flush().catch(() => undefined);
  }

  /** Makes a backup and returns its name; the copy is made first, so that no backup is ever newer than it. */
  async backUp(bytes: Buffer, reason: BackupReason, now: string, isSpared?: IsSpared): Promise<string> {
    await this.#due.flush();
    return await this.#parts.backups.keep(bytes, reason, now, isSpared);
  }

  /** Makes a copy that is due. Where neither it nor the file can have the content, that is left somewhere else. */
  async close(): Promise<void> {
    try {
      await this.#due.flush();
    } catch {
      // That the copy could not be made is in the log.
      if (this.#parts.state.readOnly) await this.#leaveBeside();
    }
  }

  async #write(): Promise<void> {
    const { state, backups, log, now, ownsRegistry } = this.#parts;
    const readAt = this.#inheritedAt;
    // Of a newer version only a part is understood: a copy of that would be none.
    if (state.fault?.kind === 'newer_version') return;
    try {
      if (!(await ownsRegistry())) return;
      const bytes = await state.encode();
      const isSame = readAt !== null && (await keepInherited(this.#parts, bytes, readAt));
      // Once: what follows may fail, and is tried again.
      this.#inheritedAt = null;
      if (!isSame) await backups.keepLastGood(bytes);
      this.#setProblem(null);
    } catch (error) {
      // It is tried again every few seconds.
      if (!this.#problem) log.error({ err: error }, 'cannot keep a copy of the registry');
      const problem = copyFailed(backups.directory, error, now());
      if (problem.message !== this.#problem?.message) this.#setProblem(problem);
      throw error;
    }
  }

  #setProblem(problem: Problem | null): void {
    this.#problem = problem;
    this.#parts.state.setWarning(problem);
  }

  async #leaveBeside(): Promise<void> {
    const { paths, state, log, ownsRegistry } = this.#parts;
    try {
      if (!(await ownsRegistry())) return;
      const kept = await leaveBeside(paths.dataDir, await state.encode());
      log.error({ kept }, 'the content of the registry is beside its file, for the next start to take up');
    } catch (error) {
      log.error({ err: error }, 'the content of the registry cannot be kept anywhere, and is lost');
    }
  }
}
