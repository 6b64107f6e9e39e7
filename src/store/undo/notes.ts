/** Writing changes down that can be taken back, before they are made. */
import type { Effect } from '../../domain/contents.ts';
import type { RegistryView } from '../../domain/registry.ts';
import { doneBetween, type Done, type Undoable } from '../../domain/undo/take-back.ts';
import type { BackupReason } from '../backups/backups.ts';
import type { Parts } from '../parts.ts';
import type { Job, Outcome } from '../queue.ts';
import { type Entry, MAX_UNDO } from './journal.ts';

/** Why the content before an operation is kept; an earlier version called what it imported `import`. */
const REASONS = {
  remove: 'remove',
  repair: 'repair',
  restore: 'restore',
  import: 'before-import',
} as const satisfies Record<Undoable, BackupReason>;

/** What is written down of changes that are about to be made. */
export class Notes {
  readonly #parts: Parts;
  readonly #entries: readonly Entry[];
  readonly #names: readonly string[];

  private constructor(parts: Parts, entries: readonly Entry[], names: readonly string[]) {
    this.#parts = parts;
    this.#entries = entries;
    this.#names = names;
  }

  /**
   * Of the changes of a batch; the content before them is kept once for all of them.
   *
   * @throws the system's error: nothing is written down then
   */
  static async ofBatch(
    parts: Parts,
    jobs: readonly Job[],
    outcomes: readonly Outcome[],
    now: string,
  ): Promise<Notes> {
    const noted: Omit<Entry, 'backup'>[] = [];
    for (const [n, { done }] of outcomes.entries()) {
      const { operation, directories } = jobs[n]?.undo ?? {};
      if (!done || !operation) continue;
      const moved = directories?.(done) ?? [];
      if (isChange(done) || moved.length > 0) noted.push({ operation, at: now, directories: moved, ...done });
    }
    const changed = noted.find(isChange);
    const isSource = async (name: string): Promise<boolean> => {
      for (const { undo } of jobs) if (await undo?.isSource?.(name)) return true;
      return false;
    };
    const { copy, state } = parts;
    const backup = changed
      ? await copy.backUp(await state.encode(), REASONS[changed.operation], now, isSource)
      : null;
    // The others would go at once.
    return await Notes.#write(
      parts,
      noted.slice(-MAX_UNDO).map((entry) => ({ ...entry, backup })),
    );
  }

  /** The same of a content that is taken as a whole, where what it replaces is kept. */
  static async ofRestore(
    parts: Parts,
    { comes_back: back, goes, changes, active_project: active }: Effect,
    after: RegistryView,
    about: Pick<Entry, 'at' | 'backup'>,
  ): Promise<Notes> {
    const ids = [...back, ...goes, ...changes].map(({ project_id: id }) => id);
    if (ids.length === 0 && !active) return new Notes(parts, [], []);
    const done = doneBetween(parts.state.registry, after, ids);
    return await Notes.#write(parts, [{ operation: 'restore', directories: [], ...about, ...done }]);
  }

  static async #write(parts: Parts, entries: readonly Entry[]): Promise<Notes> {
    return new Notes(parts, entries, entries.length > 0 ? await parts.journal.add(entries) : []);
  }

  /** Makes the changes; where that is not done, what is written down is forgotten. Returns whether it was. */
  async around(make: () => Promise<boolean>): Promise<boolean> {
    let isMade = false;
    try {
      return (isMade = await make());
    } finally {
      if (!isMade) await this.#quietly((journal) => journal.drop(this.#names));
    }
  }

  /** The entry of what a change did; undefined where it has none. */
  entryOf({ after }: Done): string | undefined {
    return this.#names[this.#entries.findIndex((entry) => entry.after === after)];
  }

  /** The changes are made: the oldest entries make room. */
  async made(): Promise<void> {
    if (this.#names.length > 0) await this.#quietly((journal) => journal.prune());
  }

  /** An entry too many harms nobody: there is nothing of it to be taken back. */
  async #quietly(task: (journal: Parts['journal']) => Promise<void>): Promise<void> {
    const { journal, log } = this.#parts;
    await task(journal).catch((error: unknown) =>
      log.warn({ err: error }, 'cannot forget what was taken back'),
    );
  }
}

function isChange({ before, after }: Done): boolean {
  return before.size + after.size > 0 || before.active !== after.active;
}
