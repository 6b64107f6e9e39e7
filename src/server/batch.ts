/** The requests of a batch: begun in their order, answered in one line, and bounded together. */
import { INVALID_REQUEST } from '../protocol/errors.ts';
import { MAX_BATCH_ANSWER_LENGTH } from '../protocol/limits.ts';
import { findMethod } from '../protocol/methods.ts';
import { errorAnswer, isErrorAnswer, type Message, writeAnswer } from '../protocol/wire.ts';
import type { Turns } from '../system/turns.ts';
import { InvalidRequestError } from './refusal.ts';

export type Entry = Message['entries'][number];
export type Answer = Parameters<typeof writeAnswer>[0];

/** So many requests are begun in one turn of the event loop, and fewer where they take long. */
const MAX_PER_TURN = 32;
/** Answers that were waited for are known too late for the limit of the protocol; a string has room for twice as much. */
const MAX_BATCH_LENGTH = 256 * 1024 * 1024;
const DONE_BUT_TOO_LONG =
  'the answers of the batch are too long for one line; what was asked for here was done';

export class Batch {
  readonly #entries: readonly Entry[];
  /** How long the answers are so far that were known at once; they are held until all are. */
  length = 0;
  /** Changes that are not ready for the store. */
  #missing: number;
  /** By the place in the batch. */
  readonly #ready: ((() => void) | undefined)[] = [];

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
    this.#missing = entries.filter(
      (entry) => !isErrorAnswer(entry) && findMethod(entry.method)?.kind === 'change',
    ).length;
  }

  /** @throws {InvalidRequestError} where no more can be answered */
  requireRoom(): void {
    if (this.length <= MAX_BATCH_ANSWER_LENGTH) return;
    throw new InvalidRequestError(
      `invalid request: the answers of the batch are longer than ${MAX_BATCH_ANSWER_LENGTH} bytes; ask for less at once`,
    );
  }

  /**
   * Resolves when all changes of the batch are ready for the store, in their order: they share one write.
   *
   * @param place of the change in the batch
   */
  async arrive(place: number): Promise<void> {
    this.#missing -= 1;
    await new Promise<void>((resolve) => {
      this.#ready[place] = resolve;
      if (this.#missing > 0) return;
      // Not before the last one waits like the others, who would go on before it whatever its place.
      queueMicrotask(() => {
        // Over the places that hold no change, too.
        for (const goOn of this.#ready) goOn?.();
      });
    });
  }

  /**
   * Resolves with all answers as a line; null when there is nothing to answer.
   *
   * @param begin begins to answer a request; must not reject
   */
  async answer(
    begin: (entry: Entry, place: number) => Promise<Answer | null>,
    write: (answer: Answer) => string,
    turns: Turns,
  ): Promise<string | null> {
    const pending: Promise<Answer | null>[] = [];
    for (const [place, entry] of this.#entries.entries()) {
      // Others want to be answered, too.
      if (place > 0 && (turns.isOver || place % MAX_PER_TURN === 0)) await turns.next();
      pending.push(begin(entry, place));
    }
    const texts: string[] = [];
    let written = 0;
    for (const answer of await Promise.all(pending)) {
      if (turns.isOver) await turns.next();
      if (!answer) continue;
      const text = write(answer);
      const fits = written + text.length <= MAX_BATCH_LENGTH;
      if (fits) written += text.length;
      texts.push(
        fits ? text : writeAnswer(errorAnswer(answer.id ?? null, INVALID_REQUEST, DONE_BUT_TOO_LONG)),
      );
    }
    return texts.length > 0 ? `[${texts.join(',')}]` : null;
  }
}
