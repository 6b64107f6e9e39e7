/**
 * Whatever is written in the place of the file: the changes that wait, all in one, or an earlier content as a whole. To be
 * called between batches only.
 */
import { type Effect, effectOf } from '../domain/contents.ts';
import { Draft } from '../domain/draft.ts';
import { Registry } from '../domain/registry.ts';
import { errorCode } from '../system/errors.ts';
import { Turns } from '../system/turns.ts';
import { succeed } from './state.ts';
import type { IsSpared } from './backups/backups.ts';
import { encodeRegistry } from './format/encode.ts';
import { look, lookAsOwner } from './outside.ts';
import type { Parts } from './parts.ts';
import { cannotNote, failedWrite, readOnly, shuttingDown, storageFailed } from './problem.ts';
import type { Job, Outcome } from './queue.ts';
import { Notes } from './undo/notes.ts';

export class Writer {
  /** Writes of the file, the changes that shared them, and the most that shared one. */
  readonly batches = { count: 0, changes: 0, largest: 0 };
  /** The file says less than what is committed: an edit left out what a lease needs. To be written soon. */
  owesWrite = false;
  readonly #parts: Parts;
  readonly #turns = new Turns();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Makes the changes that wait, in order, on a draft, writes it once, and answers whoever waits. */
  async commit(waiting: readonly Job[]): Promise<void> {
    const { file, state, copy, log } = this.#parts;
    let jobs = waiting;
    while (jobs.length > 0) {
      // Somebody may have edited the file meanwhile: their edit first, then the changes on top of it.
      const owns = await lookAsOwner(this.#parts);
      const refusal = state.refusal(file.real) ?? (owns ? null : shuttingDown());
      if (refusal) {
        for (const { reject } of jobs) reject(refusal);
        return;
      }
      const now = this.#parts.now();
      const draft = new Draft(state.registry);
      const outcomes: Outcome[] = [];
      for (const job of jobs) {
        // Reads go on in between: what they see is the committed state.
        if (this.#turns.isOver) await this.#turns.next();
        outcomes.push(job.run(draft, now));
      }
      let notes: Notes;
      try {
        notes = await Notes.ofBatch(this.#parts, jobs, outcomes, now);
      } catch (error) {
        // Those fail that nobody could take back, and no others.
        log.error({ err: error }, 'cannot keep what there is before a change');
        const isLost = (_job: Job, n: number): boolean => outcomes[n]?.done !== undefined;
        for (const { reject } of jobs.filter(isLost)) reject(cannotNote(error));
        jobs = jobs.filter((job, n) => !isLost(job, n));
        continue;
      }
      if (draft.changes.length > 0 || this.owesWrite) {
        const { version, extra } = state.registry;
        const pieces = await encodeRegistry(draft.projects(), draft.active, version, extra, draft.previous);
        if (!(await notes.around(() => this.#replace(pieces, now)))) continue;
        this.batches.count += 1;
        this.batches.changes += jobs.length;
        this.batches.largest = Math.max(this.batches.largest, jobs.length);
      }
      const unsynced = await this.trySync();
      state.registry.apply(draft.changes, draft.previous);
      for (const [n, { applied, done }] of outcomes.entries()) {
        const entry = done && notes.entryOf(done);
        if (entry !== undefined) jobs[n]?.undo?.noted?.(entry);
        applied?.();
      }
      state.publish({ changes: draft.changes, origin: 'rpc', at: now });
      await copy.keepUp(draft.changes);
      await notes.made();
      for (const [n, { applied, answer }] of outcomes.entries()) {
        if (unsynced === null) answer();
        // Also one that was refused: what it was refused for may not survive a power cut.
        else jobs[n]?.reject(storageFailed(unsynced, applied !== null));
      }
      return;
    }
  }

  /**
   * Takes an earlier content in the place of what there is, which becomes a backup.
   *
   * @param isTrial only tells what would change
   * @param isSource whether a backup is the one that it is taken from, which stays
   * @throws {RegistryError} `registry_read_only` for a file of a newer version and a link that leads nowhere;
   *   `shutting_down`; `storage_failed`
   */
  async restore(earlier: Registry, isTrial: boolean, isSource: IsSpared): Promise<Effect> {
    const { file, state, copy, ownsRegistry, isTraining } = this.#parts;
    for (;;) {
      await look(this.#parts);
      const { fault } = state;
      if (fault?.kind === 'newer_version' || fault?.kind === 'dangling_link')
        throw readOnly(fault, file.real);
      if (!(await ownsRegistry())) throw shuttingDown();
      const { registry } = succeed(state.registry, withSchemaOf(state.registry, earlier), isTraining);
      const effect = effectOf(state.registry, registry);
      if (isTrial) return effect;
      const now = this.#parts.now();
      const pieces = await state.encodePieces(registry);
      const replaced = await file.read();
      const differs = replaced && !replaced.equals(Buffer.concat(pieces));
      const backup = differs ? await copy.backUp(replaced, 'restore', now, isSource) : null;
      const notes = await Notes.ofRestore(this.#parts, effect, registry, { at: now, backup });
      if (!(await notes.around(() => this.#replace(pieces, now)))) continue;
      const unsynced = await this.trySync();
      state.adopt(registry, { origin: 'rpc', at: now });
      // Also where no project differs, as after a fault.
      copy.schedule();
      await notes.made();
      if (unsynced !== null) throw storageFailed(unsynced, true);
      return effect;
    }
  }

  /** Writes what the file lacks of what is committed, without a change to wait for; never over an edit that came since. */
  async settle(): Promise<void> {
    const { state, log, ownsRegistry } = this.#parts;
    try {
      while (this.owesWrite && !state.readOnly) {
        if (!(await ownsRegistry())) return;
        if (!(await this.write())) await look(this.#parts);
      }
    } catch (error) {
      // Whoever looked is told what was found, and the next look or change tries again.
      log.error({ err: error }, 'cannot write what a training needs into the edited registry file');
    }
  }

  /** Writes what is committed; returns false when somebody has changed the file since the last look. */
  async write(): Promise<boolean> {
    const { state, now } = this.#parts;
    if (!(await this.#replace(await state.encodePieces(), now()))) return false;
    await this.#sync();
    return true;
  }

  /**
   * Makes new content survive a power cut; returns the error when that failed. It stands in the file in either case:
   * memory follows it, and only then is anybody told.
   */
  async trySync(): Promise<Error | null> {
    try {
      await this.#sync();
      return null;
    } catch (error) {
      this.#parts.log.error({ err: error }, 'cannot make the registry file survive a power cut');
      return error as Error;
    }
  }

  /** The same; throws the error. A write has succeeded only then. */
  async #sync(): Promise<void> {
    const { file, state } = this.#parts;
    try {
      if (await file.sync()) state.writeSucceeded(true);
    } catch (error) {
      this.#failed(error, true);
      throw error;
    }
  }

  /** Puts new content in the file's place, once the original is kept; returns whether it did. */
  async #replace(pieces: readonly Buffer[], now: string): Promise<boolean> {
    const { file, state, copy, log, ownsRegistry } = this.#parts;
    const { original } = state;
    if (original) {
      const name = await copy.backUp(original.bytes, 'migration', now);
      log.info({ backup: name }, 'kept the file of the older version before writing over it');
      state.original = null;
      original.kept?.(name);
    }
    try {
      if (!(await file.replace(pieces))) return false;
    } catch (error) {
      // A successor cleans up before it reads the file: what was staged here may be gone, and is for it to write.
      if (!(await ownsRegistry())) throw shuttingDown();
      this.#failed(error, false);
      throw error;
    }
    this.owesWrite = false;
    state.writeSucceeded(false);
    return true;
  }

  /** Remembers the system's error: a change that fails is told to one caller, and this to whoever asks how things are. */
  #failed(error: unknown, placed: boolean): void {
    if (errorCode(error) === undefined) return;
    const { file, state, now } = this.#parts;
    state.writeFailed(failedWrite(file.real, error, now(), placed), placed);
  }
}

/** What editors check the file by was chosen for the file, and stays when its content goes back. */
function withSchemaOf({ extra: { $schema } }: Registry, earlier: Registry): Registry {
  if ($schema === undefined || earlier.extra['$schema'] !== undefined) return earlier;
  const { active, version, extra, previous, previousInFile } = earlier;
  return new Registry(earlier.projects(), active, version, { ...extra, $schema }, previous, previousInFile);
}
