/**
 * The file and the committed state: one queue, one writer.
 *
 * Every waiting change is applied to a draft, the draft is written once, and only then becomes the committed
 * state. Outside edits pass through the same queue, so a change never lands on a state that is no longer the file's.
 */
import { basename, dirname } from 'node:path';
import { bringBack, type Effect, effectOf } from '../domain/contents.ts';
import { RegistryError } from '../domain/errors.ts';
import { type Change, Draft } from '../domain/draft.ts';
import type { Registry, RegistryView } from '../domain/registry.ts';
import { changesLease, type IsTraining } from '../domain/training/succession.ts';
import { timestampOf } from '../domain/values/time.ts';
import type { Logger } from '../log.ts';
import { errorCode } from '../system/errors.ts';
import { makeDirectory } from '../system/make-directory.ts';
import type { Paths } from '../paths.ts';
import { removeStaged } from '../system/staged.ts';
import { Turns } from '../system/turns.ts';
import { type BackupReason, Backups } from './backups/backups.ts';
import { Committed, type StoreListener } from './state.ts';
import { difference, succeed } from './difference.ts';
import { encodeRegistry } from './format/encode.ts';
import { keepInherited, withInheritedLeases } from './inherited-copy.ts';
import { LastGood } from './backups/last-good.ts';
import { OutsideEdits } from './outside.ts';
import { openBackup } from './backups/open.ts';
import { locate } from './file/place.ts';
import {
  copyFailed,
  failedWrite,
  mendedFile,
  newerVersion,
  type Problem,
  readOnly,
  shuttingDown,
  storageFailed,
} from './problem.ts';
import { type Job, Queue } from './queue.ts';
import { load } from './start.ts';
import { leaveBeside, takeUp } from './rescue.ts';
import { requireReadable } from './format/stored-project.ts';
import { TrackedFile } from './file/tracked-file.ts';

export interface StoreOptions {
  readonly paths: Pick<Paths, 'dataDir' | 'registryFile' | 'backupsDir'>;
  readonly log: Logger;
  /** Asked before every write: whether this process still owns the registry. One that was replaced must not write. */
  readonly ownsRegistry?: () => Promise<boolean>;
  /** Whether somebody holds a lease, which goes on whatever another content says of it. Default nobody. */
  readonly isTraining?: IsTraining;
  /** The time as ISO 8601; a test may bring its own clock. */
  readonly now?: () => string;
}

/** A pure change; it may be run again on a newer state, and counts once. */
export type Operation<T> = (draft: Draft, now: string) => T;

/** How long a deleted file may stay away before the last good state is written back, in milliseconds. */
export const DELETED_GRACE_MS = 2_000;

export class Store {
  /** Writes of the file, the changes that shared them, and the most that shared one. */
  readonly batches = { count: 0, changes: 0, largest: 0 };
  readonly backups: Backups;
  readonly #dataDir: string;
  readonly #file: TrackedFile;
  readonly #log: Logger;
  readonly #now: () => string;
  readonly #ownsRegistry: () => Promise<boolean>;
  readonly #isTraining: IsTraining;
  readonly #turns = new Turns();
  readonly #committed = new Committed();
  readonly #outside: OutsideEdits;
  readonly #queue: Queue<Draft>;
  #closed = false;
  #closing: Promise<void> | null = null;
  #deletedTimer: NodeJS.Timeout | null = null;
  readonly #lastGood: LastGood;
  #copyProblem: Problem | null = null;
  /** When the file was read at the start, for as long as the copy is still the one of an earlier daemon. */
  #inheritedAt: string | null = null;
  /** Says where a file is kept that was read without some of it. */
  #mendedKept: (backup: string) => void = () => undefined;

  private constructor(options: StoreOptions) {
    this.#dataDir = options.paths.dataDir;
    this.#file = new TrackedFile(options.paths.registryFile);
    this.#log = options.log;
    this.#now = options.now ?? (() => timestampOf(Date.now()));
    this.#ownsRegistry = options.ownsRegistry ?? (async () => true);
    this.#isTraining = options.isTraining ?? (() => false);
    this.backups = new Backups(options.paths.backupsDir);
    this.#queue = new Queue(
      (jobs) => this.#commit(jobs),
      (error) => this.#failed(error),
    );
    this.#lastGood = new LastGood(() => this.#keepLastGood());
    this.subscribe({ committed: () => this.#lastGood.schedule() });
    this.#outside = new OutsideEdits({
      file: this.#file,
      committed: this.#committed,
      backupsDir: options.paths.backupsDir,
      keep: (bytes, reason, now) => this.#keep(bytes, reason, now),
      log: this.#log,
      ownsRegistry: this.#ownsRegistry,
      now: this.#now,
      isTraining: this.#isTraining,
      deleted: () => this.#writeBackLater(),
    });
  }

  /**
   * Opens the registry of a data directory, making what is missing. Call it only as the owner: it cleans up after
   * an earlier daemon and may write a recovered file.
   *
   * @throws when the directory or the file cannot be read for another reason than its content
   */
  static async open(options: StoreOptions): Promise<Store> {
    makeDirectory(options.paths.dataDir);
    const store = new Store(options);
    // What is staged has a name of its own: whatever cannot be removed is in nobody's way.
    const inTheWay = (error: unknown): void =>
      options.log.warn({ err: error }, 'cannot remove what seems to be left of an interrupted write');
    await store.backups
      .prepare(inTheWay)
      .catch((error: unknown) => options.log.warn({ err: error }, 'cannot make the backups ready for use'));
    await takeUp(options.paths.dataDir, store.backups, store.#now()).then(
      (tookUp) => tookUp && options.log.warn('took up the content that the last daemon could not keep'),
      (error: unknown) =>
        options.log.error({ err: error }, 'cannot take up what an earlier daemon left beside the file'),
    );
    // A registry that is kept elsewhere through a link is staged there.
    const { file, dangling } = (await locate(options.paths.registryFile)).place;
    if (dangling === null) {
      const stale = await removeStaged(dirname(file), (name) => name === basename(file), inTheWay);
      if (stale.length > 0)
        options.log.info({ files: stale }, 'removed what an interrupted write left behind');
    }
    await store.#load();
    return store;
  }

  /** The committed state. */
  get registry(): RegistryView & { readonly version: string } {
    return this.#committed.registry;
  }

  /** The registry file, behind any links, where it was last found; the link itself while that leads nowhere. */
  get file(): string {
    return this.#file.real;
  }

  /** Where it is written: its path, or what a link there led to. */
  get target(): string {
    return this.#file.target;
  }

  get problem(): Problem | null {
    return this.#committed.problem;
  }

  /** Whether changes are refused because of the problem. */
  get readOnly(): boolean {
    return this.#committed.readOnly;
  }

  /** When the file's content was last taken over as a whole. */
  get loadedAt(): string {
    return this.#committed.loadedAt;
  }

  /** Tells a listener of every commit and problem from now on; returns how to stop. */
  subscribe(listener: StoreListener): () => void {
    return this.#committed.subscribe(listener);
  }

  /**
   * Queues a change; resolves with what the operation returned once that is durable.
   *
   * @param applied called once, when the change has become the committed state, also if the caller is then told that
   *   it may not survive a power cut; must not throw
   * @param isTrial only tells what the change would come to, or be refused for; default false
   * @throws {RegistryError} what the operation throws; `registry_read_only`; `storage_failed`, after which nothing
   *   has changed unless `applied` is true; `shutting_down`
   * @throws {InvalidParamsError} for a change that would leave a project that this program could not read again
   */
  change<T>(operation: Operation<T>, applied?: (result: T) => void, isTrial = false): Promise<T> {
    if (this.#closed) return Promise.reject(shuttingDown());
    return new Promise<T>((resolve, reject) => {
      this.#queue.add({
        reject,
        run(draft, now) {
          const step = new Draft(draft);
          try {
            const result = operation(step, now);
            requireReadable(step.changes);
            if (!isTrial) draft.absorb(step);
            return { applied: () => applied?.(result), answer: () => resolve(result) };
          } catch (error) {
            return { applied: null, answer: () => reject(error) };
          }
        },
      });
    });
  }

  /** Looks at the file now; resolves with whether another content was adopted. */
  look(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return this.#queue.alone(() => this.#lookAndSettle());
  }

  /**
   * Does something that depends on what is registered, while no change can come between: the registry is as the file
   * has it now. Changes wait meanwhile, so it must be quick.
   *
   * @throws {RegistryError} `registry_read_only` while it is not known what the file should hold; `storage_failed`;
   *   `shutting_down`; and what `task` throws
   */
  async undisturbed<T>(task: (registry: RegistryView) => Promise<T>): Promise<T> {
    if (this.#closed) throw shuttingDown();
    const outcome = await this.#queue.alone(async () => {
      if (!(await this.#lookAsOwner())) throw shuttingDown();
      const { problem, readOnly: refused } = this.#committed;
      if (problem && refused) throw readOnly(problem, this.file);
      // Its errors are not the file's.
      return await task(this.#committed.registry).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
    });
    if ('error' in outcome) throw outcome.error;
    return outcome.result;
  }

  /**
   * Takes the content of a backup in place of the file's, or brings single projects back; what is replaced becomes a
   * backup. Works also while the file is invalid.
   *
   * @param wanted ids or names in the backup; default its whole content
   * @param isTrial only tells what would change; default false
   * @returns what changed, or would
   * @throws {RegistryError} `backup_not_found`, `project_not_found`, `project_exists`, `registry_read_only` for a file
   *   of a newer version, and what {@link Store.change} throws
   */
  async restore(name: string, wanted?: readonly string[], isTrial = false): Promise<Effect> {
    const earlier = await openBackup(this.backups, name, this.#now());
    if (wanted) {
      const bring = (draft: Draft): Effect => bringBack(draft, earlier, wanted, this.#isTraining);
      return await this.change(bring, undefined, isTrial);
    }
    if (this.#closed) throw shuttingDown();
    return await this.#queue.alone(() => this.#replaceAll(earlier, isTrial));
  }

  /**
   * Writes what is waiting, takes in what nobody has seen yet of the file, keeps the last good content and stops; later
   * changes are refused. Who holds a lease must be known until it resolves.
   */
  close(): Promise<void> {
    this.#closed = true;
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#queue.drained();
    // The next daemon knows only what the file says: it has no earlier content to keep, and no leases beside it.
    // What this cannot take in is in the log, as ever, and stays in the file for the next daemon.
    await this.#queue.alone(() => this.#lookAndSettle()).catch(() => undefined);
    clearTimeout(this.#deletedTimer ?? undefined);
    if (this.#committed.fault?.kind === 'deleted_file')
      await this.#queue
        .alone(() => this.#writeBack())
        .catch((error: unknown) =>
          this.#log.error({ err: error }, 'cannot write the deleted registry file back at the end'),
        );
    try {
      await this.#lastGood.flush();
    } catch {
      // That the copy could not be made is in the log. Where the file does not have the content, it must be somewhere.
      if (this.#committed.readOnly) await this.#leaveBeside();
    }
  }

  async #leaveBeside(): Promise<void> {
    try {
      if (!(await this.#ownsRegistry())) return;
      const kept = await leaveBeside(this.#dataDir, await this.#committed.encode());
      this.#log.error(
        { kept },
        'the content of the registry is beside its file, for the next start to take up',
      );
    } catch (error) {
      this.#log.error({ err: error }, 'the content of the registry cannot be kept anywhere, and is lost');
    }
  }

  // Changes.

  /** What the caller is told of an error, once the log has it. */
  #failed(error: unknown): unknown {
    if (error instanceof RegistryError) return error;
    this.#log.error({ err: error }, 'cannot read or write the registry file');
    return storageFailed(error, false);
  }

  async #commit(jobs: readonly Job<Draft>[]): Promise<void> {
    for (;;) {
      // Somebody may have edited the file meanwhile: their edit first, then the changes on top of it.
      const owns = await this.#lookAsOwner();
      const refusal = this.#committed.readOnly
        ? readOnly(this.#committed.problem as Problem, this.file)
        : owns
          ? null
          : shuttingDown();
      if (refusal) {
        for (const { reject } of jobs) reject(refusal);
        return;
      }
      const now = this.#now();
      const draft = new Draft(this.#committed.registry);
      const outcomes: ReturnType<Job<Draft>['run']>[] = [];
      for (const job of jobs) {
        // Reads go on in between: what they see is the committed state.
        if (this.#turns.isOver) await this.#turns.next();
        outcomes.push(job.run(draft, now));
      }
      if (draft.changes.length > 0 || this.#outside.owesWrite) {
        const pieces = await encodeRegistry(
          draft.projects(),
          draft.active,
          this.#committed.registry.version,
          this.#committed.registry.extra,
        );
        if (!(await this.#replace(pieces, now))) continue;
        this.batches.count += 1;
        this.batches.changes += jobs.length;
        this.batches.largest = Math.max(this.batches.largest, jobs.length);
      }
      const unsynced = await this.#sync();
      this.#committed.registry.apply(draft.changes);
      for (const { applied } of outcomes) applied?.();
      this.#committed.publish({ changes: draft.changes, origin: 'rpc', at: now });
      await this.#keepLeases(draft.changes);
      for (const [n, { applied, answer }] of outcomes.entries()) {
        if (unsynced === null) answer();
        // Also one that was refused: what it was refused for may not survive a power cut.
        else jobs[n]?.reject(storageFailed(unsynced, applied !== null));
      }
      return;
    }
  }

  /** Takes in what somebody else did to the file; returns whether another content was adopted. */
  async #takeInEdits(): Promise<boolean> {
    const adopted = await this.#outside.look();
    if (adopted) this.#lastGood.schedule();
    return adopted;
  }

  /** The same, and writes what it left out; resolves with whether another content was adopted. */
  async #lookAndSettle(): Promise<boolean> {
    const adopted = await this.#takeInEdits();
    await this.#writeOwed();
    return adopted;
  }

  /** Writes what an edit left out of a lease, without a change to wait for; never over an edit that came since. */
  async #writeOwed(): Promise<void> {
    try {
      while (this.#outside.owesWrite && !this.#committed.readOnly) {
        if (!(await this.#ownsRegistry())) return;
        if (await this.#replace(await this.#committed.encodePieces(), this.#now())) await this.#syncFile();
        else await this.#takeInEdits();
      }
    } catch (error) {
      // Whoever looked is told what was found, and the next look or change tries again.
      this.#log.error({ err: error }, 'cannot write what a training needs into the edited registry file');
    }
  }

  /**
   * Makes the new content survive a power cut; returns the error when that failed. It stands in the file in either case:
   * memory follows it, and only then is anybody told.
   */
  async #sync(): Promise<Error | null> {
    try {
      await this.#syncFile();
      return null;
    } catch (error) {
      this.#log.error({ err: error }, 'cannot make the registry file survive a power cut');
      return error as Error;
    }
  }

  /** The same; throws the error. A write has succeeded only then. */
  async #syncFile(): Promise<void> {
    try {
      if (await this.#file.sync()) this.#committed.writeSucceeded(true);
    } catch (error) {
      this.#writeFailed(error, true);
      throw error;
    }
  }

  /** Remembers the system's error: a change that fails is told to one caller, and this to whoever asks how things are. */
  #writeFailed(error: unknown, placed = false): void {
    if (errorCode(error) === undefined) return;
    this.#committed.writeFailed(failedWrite(this.file, error, this.#now(), placed), placed);
  }

  /** Looks at the file and, meanwhile, whether it is still this process's to write. */
  async #lookAsOwner(): Promise<boolean> {
    const [look, owns] = await Promise.allSettled([this.#takeInEdits(), this.#ownsRegistry()]);
    if (look.status === 'rejected') throw look.reason;
    if (owns.status === 'rejected') throw owns.reason;
    return owns.value;
  }

  /** Puts new content in the file's place; the original of an older version is kept first. */
  async #replace(pieces: readonly Buffer[], now: string): Promise<boolean> {
    if (this.#committed.original) {
      const name = await this.#keep(this.#committed.original, 'migration', now);
      this.#log.info({ backup: name }, 'kept the file of the older version before writing over it');
      this.#committed.original = null;
      this.#mendedKept(name);
    }
    try {
      const replaced = await this.#file.replace(pieces);
      if (replaced) {
        this.#outside.owesWrite = false;
        this.#committed.writeSucceeded(false);
      }
      return replaced;
    } catch (error) {
      // A successor cleans up before it reads the file: what was staged here may be gone, and is for it to write.
      if (!(await this.#ownsRegistry())) throw shuttingDown();
      this.#writeFailed(error);
      throw error;
    }
  }

  /** Makes a backup; the copy of what is committed comes first, so that it is never older than any backup. */
  async #keep(bytes: Buffer, reason: BackupReason, now: string): Promise<string> {
    await this.#lastGood.flush();
    return await this.backups.keep(bytes, reason, now);
  }

  /**
   * Whoever is told that a lease has begun or ended can rely on the copy, too: should a program that knows nothing of
   * leases write the file while no daemon runs, that is where the next one finds it.
   */
  async #keepLeases(changes: readonly Change[]): Promise<void> {
    if (!changes.some((change) => 'id' in change && changesLease(change.before, change.after))) return;
    try {
      await this.#lastGood.flush();
    } catch {
      // It is in the log and is told as a problem; the lease is in the file.
    }
  }

  async #keepLastGood(): Promise<void> {
    // Of a newer version only a part is understood: a copy of that would be none.
    if (this.#committed.fault?.kind === 'newer_version') return;
    try {
      if (!(await this.#ownsRegistry())) return;
      const bytes = await this.#committed.encode();
      if (!(await this.#isInheritedSame(bytes))) await this.backups.keepLastGood(bytes);
      this.#setCopyProblem(null);
    } catch (error) {
      // It is tried again every few seconds.
      if (!this.#copyProblem) this.#log.error({ err: error }, 'cannot keep a copy of the registry');
      const problem = copyFailed(this.backups.directory, error, this.#now());
      if (problem.message !== this.#copyProblem?.message) this.#setCopyProblem(problem);
      throw error;
    }
  }

  #setCopyProblem(problem: Problem | null): void {
    this.#copyProblem = problem;
    this.#committed.setWarning(problem);
  }

  /** Whether the copy of an earlier daemon says these bytes; what it has and they lack is kept. */
  async #isInheritedSame(bytes: Buffer): Promise<boolean> {
    if (this.#inheritedAt === null) return false;
    const successor = { registry: this.#committed.registry, bytes, readAt: this.#inheritedAt };
    const found = await keepInherited(this.backups, successor, this.#now());
    // Once: what follows may fail, and is tried again.
    this.#inheritedAt = null;
    if (found && 'backup' in found)
      this.#log.warn({ ...found }, 'the registry file lacks what the copy of it had');
    return found !== null && 'same' in found;
  }

  // The file as a whole.

  #writeBackLater(): void {
    clearTimeout(this.#deletedTimer ?? undefined);
    this.#deletedTimer = setTimeout(() => {
      if (this.#closed) return;
      this.#queue
        .alone(() => this.#writeBack())
        .catch((error: unknown) => {
          this.#log.error({ err: error }, 'cannot write the deleted registry file back; trying again');
          this.#writeBackLater();
        });
    }, DELETED_GRACE_MS);
  }

  /** Writes the last good state where the file was deleted and did not come back. */
  async #writeBack(): Promise<void> {
    await this.#takeInEdits();
    if (this.#committed.fault?.kind !== 'deleted_file' || !(await this.#ownsRegistry())) return;
    if (!(await this.#replace(await this.#committed.encodePieces(), this.#now()))) return;
    await this.#syncFile();
    this.#log.warn('wrote the last good state back where the registry file was deleted');
    this.#committed.setProblem(null, false);
  }

  async #replaceAll(earlier: Registry, isTrial: boolean): Promise<Effect> {
    for (;;) {
      await this.#takeInEdits();
      const { fault } = this.#committed;
      if (fault?.kind === 'newer_version' || fault?.kind === 'dangling_link')
        throw readOnly(fault, this.file);
      if (!(await this.#ownsRegistry())) throw shuttingDown();
      const { registry } = succeed(this.#committed.registry, earlier, this.#isTraining);
      const effect = effectOf(this.#committed.registry, registry);
      if (isTrial) return effect;
      const now = this.#now();
      const replaced = await this.#file.read();
      if (replaced) await this.#keep(replaced, 'restore', now);
      if (!(await this.#replace(await this.#committed.encodePieces(registry), now))) continue;
      const unsynced = await this.#sync();
      const changes = difference(this.#committed.registry, registry);
      this.#committed.registry = registry;
      this.#committed.loadedAt = now;
      this.#committed.setProblem(null, false);
      this.#committed.publish({ changes, origin: 'rpc', at: now });
      if (unsynced !== null) throw storageFailed(unsynced, true);
      // Also where no project differs, as after a fault.
      this.#lastGood.schedule();
      return effect;
    }
  }

  // The start.

  async #load(): Promise<void> {
    const loaded = await load(this.#file, this.backups, this.#now);
    const now = this.#now();
    this.#committed.loadedAt = now;
    if (loaded.kind === 'good') {
      const { registry, older, newer, mended } = loaded.decoded;
      // Whoever wrote it while no daemon ran need not have synced it. The next change tries again.
      await this.#sync();
      this.#committed.registry = registry;
      if (older || mended.length > 0) this.#committed.original = loaded.bytes;
      if (newer) this.#committed.setProblem(newerVersion(registry.version, now), true);
      else if (mended.length > 0) this.#tellMended(mended, now);
      // Somebody may have edited it since the last daemon made a copy.
      this.#inheritedAt = loaded.readAt;
      if (!newer) await this.#takeUpLeases(loaded.bytes, now);
      this.#lastGood.schedule(0);
      return;
    }
    this.#committed.registry = loaded.registry;
    if (loaded.kind === 'new') return;
    if (loaded.kind === 'dangling') {
      this.#log.warn({ target: loaded.target }, 'the registry file is a link that leads nowhere');
      this.#outside.serveCopy(loaded.target, now);
      return;
    }
    this.#log.warn(loaded.message);
    this.#committed.setProblem({ kind: 'recovered', message: loaded.message, since: now }, false);
    if (!loaded.writeBack) return;
    try {
      await this.#replace(await this.#committed.encodePieces(), now);
      await this.#syncFile();
    } catch (error) {
      // What there is can be served; the next change writes it, and until then it stays in its backup.
      this.#log.error({ err: error }, 'cannot write back what was restored from a backup');
    }
  }

  /** What the file says of leases may be less than what was known: it is added at the next look. */
  async #takeUpLeases(bytes: Buffer, now: string): Promise<void> {
    try {
      const taken = await withInheritedLeases(this.backups, bytes, this.#committed.registry, now);
      if (taken === null) return;
      this.#committed.registry = taken.registry;
      if (!taken.leasesDiffer) return;
      this.#outside.owesWrite = true;
      this.#log.warn('the registry file lacks what the copy of it knew of a training: the copy counts there');
    } catch (error) {
      this.#log.error({ err: error }, 'cannot find out which trainings went on as the last daemon ended');
    }
  }

  #tellMended(mended: readonly string[], since: string): void {
    const problem = mendedFile(mended, since);
    this.#log.warn({ mended }, problem.message);
    this.#committed.setProblem(problem, false);
    this.#mendedKept = (name) => this.#committed.reword(problem, mendedFile(mended, since, name));
  }
}
