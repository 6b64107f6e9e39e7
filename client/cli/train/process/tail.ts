/** The end of what a program wrote, for whoever asks later why it failed. */

import { cutStart } from '../../../../src/domain/values/text.ts';
import { lastState, withoutEscapes } from '../../terminal/escapes.ts';

/** Kept of it, in bytes. */
const KEPT_BYTES = 16 * 1024;
/** Told of it. */
const MAX_LINES = 20;
const MAX_CHARACTERS = 3_000;

export class Tail {
  #chunks: Buffer[] = [];
  #bytes = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < 2 * KEPT_BYTES) return;
    const kept = Buffer.concat(this.#chunks).subarray(-KEPT_BYTES);
    // A copy: a part of the buffer would keep all of it.
    this.#chunks = [Buffer.from(kept)];
    this.#bytes = kept.length;
  }

  /** The last lines as a person would have seen them: without colours, a progress bar in its last state. */
  lines(): string[] {
    const lines = withoutEscapes(Buffer.concat(this.#chunks).toString())
      .split('\n')
      .map(lastState)
      .map((line) =>
        line
          .replaceAll('\t', '    ')
          .replace(/\p{Cc}/gu, ' ')
          .trimEnd(),
      )
      .filter((line) => line !== '')
      .slice(-MAX_LINES);
    let room = MAX_CHARACTERS;
    const told: string[] = [];
    for (const line of lines.toReversed()) {
      if (room <= 0) break;
      told.unshift(cutStart(line, room));
      room -= line.length + 1;
    }
    return told;
  }
}
