/**
 * The file and the committed state: one queue, one writer.
 *
 * Every waiting change is applied to a draft, the draft is written once, and only then becomes the committed
 * state. Outside edits pass through the same queue, so a change never lands on a state that is no longer the file's.
 */
import { bringBack, type Effect } from '../domain/contents.ts';
import type { Draft } from '../domain/draft.ts';
import type { RegistryView } from '../domain/registry.ts';
import { makeDirectory } from '../system/make-directory.ts';
import type { Backups } from './backups/backups.ts';
import { FileWatch } from './file/watch.ts';
import { look, lookAsOwner } from './outside.ts';
import { Parts, type StoreOptions } from './parts.ts';
import { type Problem, shuttingDown } from './problem.ts';
import type { Operation, UndoOptions } from './queue.ts';
import { start } from './start.ts';
import { SchemaFile } from './schema-file.ts';
import type { StoreListener } from './state.ts';
import type { Journal } from './undo/journal.ts';
import type { Writer } from './writer.ts';

/** How often a store that follows its file looks at it, whether the system tells of anything or not. Milliseconds. */
const LOOK_EVERY_MS = 3_000;

export class Store {
  readonly #parts: Parts;
  readonly #schema: SchemaFile;
  #watch: FileWatch | null = null;
  #looks: NodeJS.Timeout | undefined;
  #closing: Promise<void> | null = null;

  private constructor(options: StoreOptions) {
    this.#parts = new Parts(options);
    this.#schema = new SchemaFile(this.#parts);
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
    await start(store.#parts);
    return store;
  }

  /** The committed state. */
  get registry(): RegistryView & { readonly version: string } {
    return this.#parts.state.registry;
  }

  /** The registry file, behind any links, where it was last found; the link itself while that leads nowhere. */
  get file(): string {
    return this.#parts.file.real;
  }

  get backups(): Backups {
    return this.#parts.backups;
  }

  /** What can be taken back. */
  get journal(): Journal {
    return this.#parts.journal;
  }

  get problem(): Problem | null {
    return this.#parts.state.problem;
  }

  /** Whether changes are refused because of the problem. */
  get readOnly(): boolean {
    return this.#parts.state.readOnly;
  }

  /** When the file's content was last taken over as a whole. */
  get loadedAt(): string {
    return this.#parts.state.loadedAt;
  }

  /** Writes of the file, the changes that shared them, and the most that shared one. */
  get batches(): Writer['batches'] {
    return this.#parts.writer.batches;
  }

  /** Tells a listener of every commit and problem from now on; returns how to stop. */
  subscribe(listener: StoreListener): () => void {
    return this.#parts.state.subscribe(listener);
  }

  /**
   * Takes in by itself, from now on, what somebody else does to the file: soon where the system tells of it, every few
   * seconds in any case. To be called when it is known who holds a lease: what the file lacks of them is added to it.
   */
  follow(): void {
    const { file, log } = this.#parts;
    const failed = (error: unknown): void =>
      log.warn({ err: error }, 'cannot watch the registry file; looking at it every few seconds');
    const watch = new FileWatch(file.path, { changed: () => this.#lookAround(), failed }, () => file.target);
    this.#watch = watch;
    this.subscribe({
      committed: ({ origin }) => {
        if (origin === 'rpc') watch.wrote();
        // There may have been no file before.
        this.#schema.keepUp(true);
      },
    });
    this.#looks = setInterval(() => this.#lookAround(), LOOK_EVERY_MS);
    this.#lookAround();
  }

  #lookAround(): void {
    const { log } = this.#parts;
    this.look()
      // It is told as a problem, and once: this goes on every few seconds for as long as the disk is like that.
      .catch((error: unknown) => log.debug({ err: error }, 'cannot look at the registry file'))
      // It may have been found elsewhere.
      .then(() => this.#watch?.check())
      .catch((error: unknown) => log.error({ err: error }, 'cannot watch the registry file'))
      .finally(() => {
        if (!this.#closing) this.#schema.keepUp(false);
      });
  }

  /**
   * Queues a change; resolves with what the operation returned once that is durable.
   *
   * @param applied called once, when the change has become the committed state, also if the caller is then told that
   *   it may not survive a power cut; must not throw
   * @param isTrial only tells what the change would come to, or be refused for; default false
   * @param undo for one that can be taken back: it fails where that cannot be written down. Default it cannot
   * @throws {RegistryError} what the operation throws; `registry_read_only`; `storage_failed`, after which nothing
   *   has changed unless `applied` is true; `shutting_down`
   * @throws {InvalidParamsError} for a change that would leave a project that this program could not read again
   */
  change<T>(
    operation: Operation<T>,
    applied?: (result: T) => void,
    isTrial = false,
    undo?: UndoOptions,
  ): Promise<T> {
    if (this.#closing) return Promise.reject(shuttingDown());
    return this.#parts.queue.add(operation, applied, isTrial, undo);
  }

  /** Looks at the file now; resolves with whether another content was adopted. */
  look(): Promise<boolean> {
    return this.#closing ? Promise.resolve(false) : this.#lookAndSettle();
  }

  #lookAndSettle(): Promise<boolean> {
    return this.#parts.queue.alone(async () => {
      const adopted = await look(this.#parts);
      await this.#parts.writer.settle();
      return adopted;
    });
  }

  /**
   * Does something that depends on what is registered, while no change can come between: the registry is as the file
   * has it now. Changes wait meanwhile, so it must be quick.
   *
   * @throws {RegistryError} `registry_read_only` while it is not known what the file should hold; `storage_failed`;
   *   `shutting_down`; and what `task` throws
   */
  async undisturbed<T>(task: (registry: RegistryView) => Promise<T>): Promise<T> {
    if (this.#closing) throw shuttingDown();
    const { file, state, queue } = this.#parts;
    const outcome = await queue.alone(async () => {
      if (!(await lookAsOwner(this.#parts))) throw shuttingDown();
      const refusal = state.refusal(file.real);
      if (refusal) throw refusal;
      // Its errors are not the file's.
      return await task(state.registry).then(
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
   * @throws {RegistryError} `backup_not_found`, `project_not_found`, `project_exists`, `registry_read_only` for a file
   *   of a newer version, and what {@link Store.change} throws
   */
  async restore(name: string, wanted?: readonly string[], isTrial = false): Promise<Effect> {
    const { queue, writer, now, isTraining } = this.#parts;
    const earlier = await this.backups.open(name, now());
    const isSource = async (backup: string): Promise<boolean> => backup === name;
    if (wanted) {
      const bring = (draft: Draft): Effect => bringBack(draft, earlier, wanted, isTraining);
      return await this.change(bring, undefined, isTrial, { operation: 'restore', isSource });
    }
    if (this.#closing) throw shuttingDown();
    return await queue.alone(() => writer.restore(earlier, isTrial, isSource));
  }

  /**
   * Writes what is waiting, takes in what nobody has seen yet of the file, keeps the last good content and stops; later
   * changes are refused. Who holds a lease must be known until it resolves.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    clearInterval(this.#looks);
    await this.#watch?.close();
    const { queue, unusable, copy } = this.#parts;
    await queue.drained();
    // The next daemon knows only what the file says: it has no earlier content to keep, and no leases beside it.
    // What this cannot take in is in the log, as ever, and stays in the file for the next daemon.
    await this.#lookAndSettle().catch(() => undefined);
    await unusable.close();
    await copy.close();
    await this.#schema.close();
  }
}
