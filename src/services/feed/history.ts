/** The last changes, so that whoever comes back goes on where they were. */
import { RegistryError } from '../../domain/errors.ts';
import { HISTORY_LENGTH } from '../../protocol/limits.ts';
import type { Commit } from '../../store/state.ts';
import { changeText, type Watched } from './event-text.ts';

/** An event, with what subscriptions choose by. */
export class Entry {
  /** Whom it is about; everybody, where it is about no project. */
  readonly projectIds: readonly (string | null)[];
  readonly isProgress: boolean;
  /** Where the history stands with it. */
  readonly sequence: number;
  readonly #write: () => string;
  #json: string | undefined;
  #bytes: number | undefined;

  /** @param write makes the text, when somebody is to read it: without subscribers the history is only kept */
  constructor(
    write: () => string,
    sequence: number,
    projectIds: readonly (string | null)[] = [],
    isProgress = false,
  ) {
    this.#write = write;
    this.sequence = sequence;
    this.projectIds = projectIds;
    this.isProgress = isProgress;
  }

  get json(): string {
    return (this.#json ??= this.#write());
  }

  get bytes(): number {
    return (this.#bytes ??= Buffer.byteLength(this.json));
  }
}

export class History {
  /** The number of the last change since the daemon has started. */
  sequence = 0;
  readonly #epoch: string;
  #entries: readonly Entry[] = [];

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** Where it stands now, or stood: `<epoch>:<sequence>`. */
  cursor(sequence = this.sequence): string {
    return `${this.#epoch}:${sequence}`;
  }

  /** Takes a durable step, whose changes are kept for those to come. */
  add({ changes, origin, at }: Commit, watched: Watched): readonly Entry[] {
    const added = changes.map((change) => {
      this.sequence += 1;
      const isActivation = 'active' in change;
      // Now: later on it may have changed again.
      const active = isActivation && change.active !== null ? watched.registry.get(change.active) : undefined;
      const ids = isActivation ? [change.active, change.previous] : [change.id];
      return new Entry(() => changeText(change, origin, at, active), this.sequence, ids);
    });
    this.#entries = [...this.#entries, ...added].slice(-HISTORY_LENGTH);
    return added;
  }

  /**
   * What has come after a cursor.
   *
   * @throws {RegistryError} `cursor_expired`
   */
  after(cursor: string): readonly Entry[] {
    const [, epoch, text] = /^(.+):(\d+)$/.exec(cursor) ?? [];
    const sequence = Number(text);
    const oldest = this.sequence - this.#entries.length;
    if (epoch !== this.#epoch || sequence < oldest || sequence > this.sequence) {
      throw new RegistryError(
        'cursor_expired',
        'cannot resume from this cursor: the history no longer has it; watch without one',
        { cursor: this.cursor(), suggestions: ['watch without a cursor'] },
      );
    }
    return this.#entries.slice(sequence - oldest);
  }
}
