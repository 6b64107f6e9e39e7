/** Colours, titles, cursor movements: what ECMA-48 calls control sequences, control strings and escapes. */
// oxlint-disable-next-line no-control-regex -- it is what the expression is about
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g;

/** Text without them; what is left may hold other control characters. */
export function withoutEscapes(text: string): string {
  return text.replace(ESCAPES, '');
}

/**
 * What a line of a terminal shows in the end: a progress bar, which begins the line again each time, in its last state.
 *
 * @param line without its line break
 */
export function lastState(line: string): string {
  return line.trimEnd().split('\r').at(-1) ?? '';
}
