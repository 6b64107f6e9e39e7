/**
 * The file and the committed state: one queue, one writer.
 *
 * Every waiting change is applied to a draft, the draft is written once, and only then becomes the committed
 * state. Outside edits pass through the same queue, so a change never lands on a state that is no longer the file's.
 */
import { mkdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InvalidParamsError, RegistryError } from '../domain/errors.ts';
import { bringBack } from '../domain/operations.ts';
import { type Change, Draft, Registry, type RegistryView } from '../domain/registry.ts';
import type { Logger } from '../log.ts';
import type { Paths } from '../paths.ts';
import { errorCode, isMissing, removeStaged } from './atomic-file.ts';
import { Backups } from './backups.ts';
import { decodeRegistry, encodeRegistry, type FileFault } from './codec.ts';
import { difference } from './difference.ts';
import { load } from './recovery.ts';
import { type Look, TrackedFile } from './tracked-file.ts';

/** What is wrong with the file. */
export interface Problem {
  readonly kind: 'invalid_file' | 'deleted_file' | 'newer_version' | 'recovered';
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  readonly since: string;
}

/** A step of the history: durable changes, in the order in which they were made. */
export interface Commit {
  readonly changes: readonly Change[];
  readonly origin: 'rpc' | 'file';
  readonly at: string;
}

export interface StoreListener {
  committed?(commit: Commit): void;
  /** The problem came, changed or (null) went. */
  problem?(problem: Problem | null): void;
}

export interface StoreOptions {
  readonly paths: Pick<Paths, 'dataDir' | 'registryFile' | 'backupsDir'>;
  readonly log: Logger;
  /** Asked before every write: whether this process still owns the registry. One that was replaced must not write. */
  readonly ownsRegistry?: () => Promise<boolean>;
  /** The time as ISO 8601; a test may bring its own clock. */
  readonly now?: () => string;
}

/** A pure change; it may be run again on a newer state, and counts once. */
export type Operation<T> = (draft: Draft, now: string) => T;

/** How long a deleted file may stay away before the last good state is written back, in milliseconds. */
export const DELETED_GRACE_MS = 2_000;
/** How long after the last change the committed content is kept as `registry-last-good.json`, in milliseconds. */
export const LAST_GOOD_DELAY_MS = 10_000;

interface Job {
  /** Applies the change to a draft; what comes back tells the caller how it went, once that is durable. */
  run(draft: Draft, now: string): () => void;
  reject(error: unknown): void;
}

export class Store {
  /** Writes of the file, the changes that shared them, and the most that shared one. */
  readonly batches = { count: 0, changes: 0, largest: 0 };
  readonly backups: Backups;
  readonly #file: TrackedFile;
  readonly #log: Logger;
  readonly #now: () => string;
  readonly #ownsRegistry: () => Promise<boolean>;
  readonly #listeners = new Set<StoreListener>();

  #registry = new Registry();
  /** The bytes of a file of an older version, until they are in a backup. */
  #original: Buffer | null = null;
  #problem: Problem | null = null;
  #readOnly = false;
  #loadedAt = '';

  #changes: Job[] = [];
  /** What has to have the file to itself, between two batches. */
  #tasks: (() => Promise<void>)[] = [];
  #running: Promise<void> | null = null;
  #closed = false;
  #deletedTimer: NodeJS.Timeout | null = null;
  #lastGoodTimer: NodeJS.Timeout | null = null;

  private constructor(options: StoreOptions, file: string) {
    this.#file = new TrackedFile(file);
    this.#log = options.log;
    this.#now = options.now ?? (() => new Date().toISOString());
    this.#ownsRegistry = options.ownsRegistry ?? (async () => true);
    this.backups = new Backups(options.paths.backupsDir);
  }

  /**
   * Opens the registry of a data directory, making what is missing. Call it only as the owner: it cleans up after
   * an earlier daemon and may write a recovered file.
   *
   * @throws when the directory or the file cannot be read or written for another reason than its content
   */
  static async open(options: StoreOptions): Promise<Store> {
    await mkdir(options.paths.dataDir, { recursive: true, mode: 0o700 });
    // A registry that is kept elsewhere through a link stays there.
    const file = await realpath(options.paths.registryFile).catch((error: unknown) => {
      if (isMissing(error)) return options.paths.registryFile;
      throw error;
    });
    const store = new Store(options, file);
    await store.backups.prepare();
    const stale = await removeStaged(dirname(file), (name) => file.endsWith(`/${name}`));
    if (stale.length > 0) options.log.info({ files: stale }, 'removed what an interrupted write left behind');
    await store.#load();
    return store;
  }

  /** The committed state. */
  get registry(): RegistryView & { readonly version: string } {
    return this.#registry;
  }

  /** The registry file, behind any links. */
  get file(): string {
    return this.#file.path;
  }

  get problem(): Problem | null {
    return this.#problem;
  }

  /** Whether changes are refused because of the problem. */
  get readOnly(): boolean {
    return this.#readOnly;
  }

  /** When the file's content was last taken over as a whole. */
  get loadedAt(): string {
    return this.#loadedAt;
  }

  /** Tells a listener of every commit and problem from now on; returns how to stop. */
  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Queues a change; resolves with what the operation returned once that is durable.
   *
   * @throws {RegistryError} what the operation throws; `registry_read_only`; `storage_failed`, after which nothing
   *   has changed unless `applied` is true; `shutting_down`
   */
  change<T>(operation: Operation<T>): Promise<T> {
    if (this.#closed) return Promise.reject(shuttingDown());
    return new Promise<T>((resolve, reject) => {
      this.#changes.push({
        reject,
        run(draft, now) {
          const step = new Draft(draft);
          try {
            const result = operation(step, now);
            draft.absorb(step);
            return () => resolve(result);
          } catch (error) {
            return () => reject(error);
          }
        },
      });
      this.#wake();
    });
  }

  /** Looks at the file now; resolves with whether another content was adopted. */
  look(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return this.#alone(() => this.#look());
  }

  /**
   * Takes the content of a backup in place of the file's, or brings single projects back; what is replaced becomes a
   * backup. Works also while the file is invalid.
   *
   * @param wanted ids or names in the backup; default its whole content
   * @throws {RegistryError} `backup_not_found`, `project_not_found`, `project_exists`, `registry_read_only` for a file
   *   of a newer version, and what {@link Store.change} throws
   */
  async restore(name: string, wanted?: readonly string[]): Promise<void> {
    const bytes = await this.backups.read(name);
    if (!bytes) {
      const names = (await this.backups.list()).map((backup) => backup.name);
      throw new RegistryError(
        'backup_not_found',
        `cannot restore ${JSON.stringify(name.slice(0, 100))}: no backup has this name`,
        {
          name,
          suggestions: names.slice(0, 3),
        },
      );
    }
    const decoded = decodeRegistry(bytes, this.#now());
    if (!decoded.ok) {
      throw new InvalidParamsError([
        { path: 'name', message: `the backup cannot be read: ${decoded.fault.message}` },
      ]);
    }
    if (decoded.newer) throw readOnly(newerVersion(decoded.registry.version, this.#now()), this.file);
    if (wanted) await this.change((draft) => bringBack(draft, decoded.registry, wanted));
    else if (this.#closed) throw shuttingDown();
    else await this.#alone(() => this.#replaceAll(decoded.registry));
  }

  /** Writes what is waiting, keeps the last good content and stops; later changes are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running) await this.#running;
    clearTimeout(this.#deletedTimer ?? undefined);
    if (this.#lastGoodTimer) await this.#keepLastGood();
  }

  // The queue.

  #wake(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // What came in after the last look at the queue, and before this, found somebody running and woke nobody.
      if (this.#changes.length > 0 || this.#tasks.length > 0) this.#wake();
    });
  }

  /** Queues what has to have the file to itself. */
  #alone<T>(task: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#tasks.push(() => task().then(resolve, (error: unknown) => reject(this.#failed(error))));
      this.#wake();
    });
  }

  async #run(): Promise<void> {
    while (this.#changes.length > 0 || this.#tasks.length > 0) {
      // Whatever arrives in the same turn of the event loop shares the write.
      await new Promise((resolve) => setImmediate(resolve));
      for (const task of this.#tasks.splice(0)) await task();
      const jobs = this.#changes.splice(0);
      if (jobs.length === 0) continue;
      try {
        await this.#look();
        await this.#commit(jobs);
      } catch (error) {
        const failure = this.#failed(error);
        for (const { reject } of jobs) reject(failure);
      }
    }
  }

  /** What the caller is told of an error, once the log has it. */
  #failed(error: unknown): unknown {
    if (error instanceof RegistryError) return error;
    this.#log.error({ err: error }, 'cannot read or write the registry file');
    return storageFailed(error, false);
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    for (;;) {
      const refusal = this.#readOnly
        ? readOnly(this.#problem as Problem, this.file)
        : (await this.#ownsRegistry())
          ? null
          : shuttingDown();
      if (refusal) {
        for (const { reject } of jobs) reject(refusal);
        return;
      }
      const now = this.#now();
      const draft = new Draft(this.#registry);
      const answers = jobs.map((job) => job.run(draft, now));
      if (draft.changes.length > 0) {
        const bytes = encodeRegistry(
          draft.projects(),
          draft.active,
          this.#registry.version,
          this.#registry.extra,
        );
        if (!(await this.#replace(bytes, now))) {
          // Somebody edited the file meanwhile: their edit first, then the same changes on top of it.
          await this.#look();
          continue;
        }
        this.batches.count += 1;
        this.batches.changes += jobs.length;
        this.batches.largest = Math.max(this.batches.largest, jobs.length);
      }
      let unsynced: unknown = null;
      try {
        await this.#file.sync();
      } catch (error) {
        this.#log.error({ err: error }, 'cannot sync the directory of the registry file');
        unsynced = storageFailed(error, true);
      }
      // The new content stands in the file in either case; memory follows it, and only then is anybody told.
      this.#registry.apply(draft.changes);
      if (draft.changes.length > 0) this.#publish(draft.changes, 'rpc', now);
      if (unsynced === null) for (const answer of answers) answer();
      else for (const { reject } of jobs) reject(unsynced);
      return;
    }
  }

  /** Puts new content in the file's place; the original of an older version is kept first. */
  async #replace(bytes: Buffer, now: string): Promise<boolean> {
    if (this.#original) {
      const name = await this.backups.keep(this.#original, 'migration', now);
      this.#log.info({ backup: name }, 'kept the file of the older version before writing over it');
      this.#original = null;
    }
    return await this.#file.replace(bytes);
  }

  #publish(changes: readonly Change[], origin: Commit['origin'], at: string): void {
    for (const listener of this.#listeners) listener.committed?.({ changes, origin, at });
    clearTimeout(this.#lastGoodTimer ?? undefined);
    this.#lastGoodTimer = setTimeout(() => void this.#keepLastGood(), LAST_GOOD_DELAY_MS);
    this.#lastGoodTimer.unref();
  }

  #encode(): Buffer {
    const { version, extra, active } = this.#registry;
    return encodeRegistry(this.#registry.projects(), active, version, extra);
  }

  async #keepLastGood(): Promise<void> {
    clearTimeout(this.#lastGoodTimer ?? undefined);
    this.#lastGoodTimer = null;
    try {
      await this.backups.keepLastGood(this.#encode());
    } catch (error) {
      // The registry file itself is safe; a copy that cannot be made must not end the daemon.
      this.#log.error({ err: error }, 'cannot keep a copy of the registry');
    }
  }

  // Outside edits.

  /** Takes in what somebody else did to the file; returns whether another content was adopted. */
  async #look(): Promise<boolean> {
    const look = await this.#file.look();
    if (look.kind === 'same') return false;
    try {
      return await this.#takeOver(look);
    } catch (error) {
      // What could not be taken over must not pass for our own content: the next change would write over it.
      this.#file.forget();
      throw error;
    }
  }

  async #takeOver(look: Exclude<Look, { kind: 'same' }>): Promise<boolean> {
    const now = this.#now();
    if (look.kind === 'missing') {
      await this.#fault('deleted_file', { message: 'the registry file was deleted' }, now);
      clearTimeout(this.#deletedTimer ?? undefined);
      this.#deletedTimer = setTimeout(() => this.#writeBackSoon(), DELETED_GRACE_MS);
      return false;
    }
    clearTimeout(this.#deletedTimer ?? undefined);
    const decoded = decodeRegistry(look.bytes, now);
    if (!decoded.ok) {
      await this.#fault('invalid_file', decoded.fault, now);
      return false;
    }
    const changes = difference(this.#registry, decoded.registry);
    // A fault was answered with a backup of this same state already.
    if (!this.#readOnly && changes.length > 0) await this.backups.keep(this.#encode(), 'edit', now);
    this.#registry = decoded.registry;
    this.#original = decoded.older ? look.bytes : null;
    this.#loadedAt = now;
    if (decoded.newer) this.#setProblem(newerVersion(decoded.registry.version, now), true);
    else this.#setProblem(null, false);
    if (changes.length > 0) this.#publish(changes, 'file', now);
    this.#log.info({ changes: changes.length }, 'took over an edit of the registry file');
    return true;
  }

  /** Keeps serving the last good state and refuses changes until the file is good again. */
  async #fault(kind: 'deleted_file' | 'invalid_file', fault: FileFault, now: string): Promise<void> {
    const wasGood = !this.#readOnly;
    this.#setProblem({ kind, ...fault, since: this.#problem?.since ?? now }, true);
    this.#log.warn({ fault }, 'the registry file is not usable; serving the last good state');
    if (wasGood) await this.backups.keep(this.#encode(), 'fault', now);
  }

  #writeBackSoon(): void {
    if (this.#closed) return;
    this.#alone(() => this.#writeBack()).catch((error: unknown) => {
      this.#log.error({ err: error }, 'cannot write the deleted registry file back');
    });
  }

  /** Writes the last good state where the file was deleted and did not come back. */
  async #writeBack(): Promise<void> {
    await this.#look();
    if (this.#problem?.kind !== 'deleted_file' || !(await this.#ownsRegistry())) return;
    if (!(await this.#replace(this.#encode(), this.#now()))) return;
    await this.#file.sync();
    this.#log.warn('wrote the last good state back where the registry file was deleted');
    this.#setProblem(null, false);
  }

  async #replaceAll(registry: Registry): Promise<void> {
    for (;;) {
      await this.#look();
      if (this.#problem?.kind === 'newer_version') throw readOnly(this.#problem, this.file);
      if (!(await this.#ownsRegistry())) throw shuttingDown();
      const now = this.#now();
      const replaced = await this.#file.read();
      if (replaced) await this.backups.keep(replaced, 'restore', now);
      const bytes = encodeRegistry(registry.projects(), registry.active, registry.version, registry.extra);
      if (!(await this.#replace(bytes, now))) continue;
      await this.#file.sync();
      const changes = difference(this.#registry, registry);
      this.#registry = registry;
      this.#loadedAt = now;
      this.#setProblem(null, false);
      this.#publish(changes, 'rpc', now);
      return;
    }
  }

  #setProblem(problem: Problem | null, readOnly: boolean): void {
    this.#readOnly = readOnly;
    if (problem === null && this.#problem === null) return;
    this.#problem = problem;
    for (const listener of this.#listeners) listener.problem?.(problem);
  }

  // The start.

  async #load(): Promise<void> {
    const loaded = await load(this.#file, this.backups, this.#now);
    const now = this.#now();
    this.#loadedAt = now;
    if (loaded.kind === 'good') {
      const { registry, older, newer } = loaded.decoded;
      this.#registry = registry;
      if (older) this.#original = loaded.bytes;
      if (newer) this.#setProblem(newerVersion(registry.version, now), true);
      return;
    }
    this.#registry = loaded.registry;
    if (loaded.kind === 'new') return;
    this.#log.warn(loaded.message);
    this.#setProblem({ kind: 'recovered', message: loaded.message, since: now }, false);
    if (loaded.writeBack) {
      await this.#replace(this.#encode(), now);
      await this.#file.sync();
    }
  }
}

function readOnly(problem: Problem, file: string): RegistryError {
  const { kind, message, line, column } = problem;
  const where = line === undefined ? '' : ` at line ${line}, column ${column}`;
  const remedy = kind === 'newer_version' ? 'upgrade Codebase Gardener' : `mend ${file}, or restore a backup`;
  return new RegistryError(
    'registry_read_only',
    `cannot change the registry: ${message}${where}; ${remedy}`,
    {
      problem,
      file,
      suggestions: [remedy],
    },
  );
}

function newerVersion(version: string, since: string): Problem {
  return {
    kind: 'newer_version',
    message: `the file is of version ${version}, which this program can only read`,
    since,
  };
}

function shuttingDown(): RegistryError {
  return new RegistryError(
    'shutting_down',
    'cannot change the registry: the daemon is shutting down; try again',
  );
}

/** What the caller is told of a failed write; an error that is not the system's is a fault of this program. */
function storageFailed(error: unknown, applied: boolean): unknown {
  if (errorCode(error) === undefined) return error;
  return new RegistryError('storage_failed', `cannot write the registry: ${(error as Error).message}`, {
    applied,
    suggestions: ['free some disk space, or check the permissions of the data directory'],
  });
}
