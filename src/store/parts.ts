/** What a store is made of. Its parts see each other, and nobody else sees them. */
import { RegistryError } from '../domain/errors.ts';
import type { IsTraining } from '../domain/training/succession.ts';
import { timestampOf } from '../domain/values/time.ts';
import type { Logger } from '../log.ts';
import type { Paths } from '../paths.ts';
import { Backups } from './backups/backups.ts';
import { Copy } from './backups/last-good.ts';
import { TrackedFile } from './file/tracked-file.ts';
import { storageFailed } from './problem.ts';
import { Queue } from './queue.ts';
import { State } from './state.ts';
import { Journal } from './undo/journal.ts';
import { UnusableFile } from './unusable-file.ts';
import { Writer } from './writer.ts';

export interface StoreOptions {
  readonly paths: Pick<Paths, 'dataDir' | 'registryFile' | 'backupsDir' | 'undoDir'>;
  readonly log: Logger;
  /** Asked before every write: whether this process still owns the registry. One that was replaced must not write. */
  readonly ownsRegistry?: () => Promise<boolean>;
  /** Whether somebody holds a lease, which goes on whatever another content says of it. Default nobody. */
  readonly isTraining?: IsTraining;
  /** The time as ISO 8601; a test may bring its own clock. */
  readonly now?: () => string;
}

export class Parts implements Required<StoreOptions> {
  readonly paths: StoreOptions['paths'];
  readonly log: Logger;
  readonly ownsRegistry: () => Promise<boolean>;
  readonly isTraining: IsTraining;
  readonly now: () => string;
  readonly file: TrackedFile;
  readonly backups: Backups;
  readonly journal: Journal;
  readonly state = new State();
  readonly copy = new Copy(this);
  readonly unusable = new UnusableFile(this);
  readonly writer = new Writer(this);
  readonly queue = new Queue(
    (jobs) => this.writer.commit(jobs),
    (error) => this.#failed(error),
  );

  constructor({ paths, log, ownsRegistry, isTraining, now }: StoreOptions) {
    this.paths = paths;
    this.log = log;
    this.ownsRegistry = ownsRegistry ?? (async () => true);
    this.isTraining = isTraining ?? (() => false);
    this.now = now ?? (() => timestampOf(Date.now()));
    this.file = new TrackedFile(paths.registryFile);
    this.backups = new Backups(paths.backupsDir);
    this.journal = new Journal(paths.undoDir);
  }

  /** What the caller is told of an error, once the log has it. */
  #failed(error: unknown): unknown {
    if (error instanceof RegistryError) return error;
    this.log.error({ err: error }, 'cannot read or write the registry file');
    return storageFailed(error, false);
  }
}
