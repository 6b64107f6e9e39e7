/**
 * Ids that are numbers of more digits than a double has, such as 9007199254740993: JSON.parse rounds them, and whoever
 * waits for the answer would wait for ever. JSON-RPC wants the id back as it was sent.
 */
import { visit } from 'jsonc-parser';

/** A number as it stood in the text. */
export class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Whether reading a number may have changed it; one that is refused as an id all the same is none of these. */
export function mayBeRounded(value: unknown): boolean {
  return typeof value === 'number' && !Number.isSafeInteger(value);
}

/**
 * The ids of a request or of the requests of a batch that may have been rounded, as they stand in the text, by the
 * place in the batch; 0 for a single request. Of an id that stands twice the last one counts, as in JSON.parse.
 *
 * @param text valid JSON
 */
export function longIds(text: string, batch: boolean): Map<number, NumberText> {
  const found = new Map<number, NumberText>();
  visit(text, {
    onLiteralValue(value, offset, length, _line, _character, pathOf) {
      if (!mayBeRounded(value)) return;
      const path = pathOf();
      if (path.length !== (batch ? 2 : 1) || path.at(-1) !== 'id') return;
      found.set(batch ? Number(path[0]) : 0, new NumberText(text.slice(offset, offset + length)));
    },
  });
  return found;
}
