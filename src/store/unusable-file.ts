/**
 * A file that cannot be used: the last good state is served, changes are refused until the file is good again, and what
 * is served, which the file does not have any more, is kept in a backup. A deleted file is written back.
 */
import type { FileFault } from './format/fault.ts';
import { look } from './outside.ts';
import type { Parts } from './parts.ts';
import { danglingLink, type Problem, unkept } from './problem.ts';

/** How long a deleted file may stay away before the last good state is written back, in milliseconds. */
export const DELETED_GRACE_MS = 2_000;

export class UnusableFile {
  /** What is served is in no backup yet, and would be lost if another content took its place now. */
  backupDue = false;
  readonly #parts: Parts;
  /** What is wrong with the file, while the backup for it could not be made: the disk was full. Looks try again. */
  #unkept: Problem | null = null;
  #deletedTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The file was found to be unusable, or to be missing. */
  async found(
    kind: 'deleted_file' | 'invalid_file' | 'dangling_link',
    fault: FileFault & Pick<Problem, 'remedy'>,
    now: string,
  ): Promise<void> {
    const { file, state, backups, log } = this.#parts;
    const known = state.fault;
    const problem = { ...fault, kind, since: known?.since ?? now };
    state.setProblem(problem, true);
    log.warn({ fault }, 'the registry file is not usable; serving the last good state');
    if (!known) this.backupDue = true;
    this.#unkept = this.backupDue ? problem : null;
    try {
      if (this.#unkept) await this.#keepServed(now);
    } catch (error) {
      // What is wrong with the file is what everybody has to know, and a deleted one is to be written back all the same.
      log.error({ err: error }, 'cannot keep what the registry file no longer has; trying again');
      if (kind !== 'deleted_file')
        state.setProblem(unkept(problem, file.real, backups.directory, error), true);
    }
    if (kind === 'deleted_file') this.#writeBackLater();
  }

  /** At a start: what is served is a copy, to be kept when another content than that is found. */
  serveCopy(target: string, now: string): void {
    const { file, state } = this.#parts;
    this.backupDue = state.registry.size > 0;
    state.setProblem(danglingLink(file.path, target, now), true);
  }

  /** Makes the backup that could not be made when the file was found to be unusable. */
  async keepAgain(): Promise<void> {
    const { state, log, now, ownsRegistry } = this.#parts;
    const problem = this.#unkept;
    if (!problem || !state.fault || !(await ownsRegistry())) return;
    try {
      await this.#keepServed(now());
    } catch (error) {
      log.debug({ err: error }, 'cannot keep what the registry file no longer has yet');
      return;
    }
    state.setProblem(problem, true);
  }

  /** Another content takes the place of what was served, which is kept as far as it has to be. */
  isOver(): void {
    this.backupDue = false;
    this.#unkept = null;
  }

  /** Waits for a deleted file no longer. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#deletedTimer);
    const { state, queue, log } = this.#parts;
    if (state.fault?.kind !== 'deleted_file') return;
    await queue
      .alone(() => this.#writeBack())
      .catch((error: unknown) =>
        log.error({ err: error }, 'cannot write the deleted registry file back at the end'),
      );
  }

  async #keepServed(now: string): Promise<void> {
    const { state, copy } = this.#parts;
    await copy.backUp(await state.encode(), 'fault', now);
    this.isOver();
  }

  #writeBackLater(): void {
    clearTimeout(this.#deletedTimer);
    if (this.#closed) return;
    const { queue, log } = this.#parts;
    this.#deletedTimer = setTimeout(() => {
      queue
        .alone(() => this.#writeBack())
        .catch((error: unknown) => {
          log.error({ err: error }, 'cannot write the deleted registry file back; trying again');
          this.#writeBackLater();
        });
    }, DELETED_GRACE_MS);
  }

  /** Writes what is served where the file was deleted and did not come back. */
  async #writeBack(): Promise<void> {
    const { state, writer, log, ownsRegistry } = this.#parts;
    await look(this.#parts);
    if (state.fault?.kind !== 'deleted_file' || !(await ownsRegistry())) return;
    if (!(await writer.write())) return;
    log.warn('wrote the last good state back where the registry file was deleted');
    state.setProblem(null, false);
  }
}
