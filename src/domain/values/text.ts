/**
 * Text that other programs can read. JavaScript lets one half of a surrogate pair stand alone, and JSON writes it as
 * `\ud800`; no UTF-8 can hold it, and jq, Python and others stop at a file with one. This file has no imports: the client
 * library shares it.
 */

/** Few texts have any. */
const MAY_BE_HALF = /\\u[dD][89a-fA-F]/;
/** Two escapes of JSON that make one character, one that stands for half of one, and any other. */
const ESCAPES =
  /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\(u[dD][89a-fA-F][\da-fA-F]{2})|\\[^]/g;

/** The beginning of a text, cut between two characters and not within one. */
export function cutText(text: string, units: number): string {
  if (text.length <= units) return text;
  const last = text.charCodeAt(units - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splits ? units - 1 : units);
}

/** The end of a text, cut in the same way. */
export function cutStart(text: string, units: number): string {
  if (text.length <= units) return text;
  const first = text.charCodeAt(text.length - units);
  return text.slice(text.length - units + (first >= 0xdc00 && first <= 0xdfff ? 1 : 0));
}

/**
 * A value as JSON that everybody can read, for all that is written for others to read. What is known to be whole, as
 * what is stored is, needs only `JSON.stringify`.
 */
export function jsonText(value: unknown, indent?: number): string {
  return mendJson(JSON.stringify(value, null, indent));
}

/** JSON with the replacement character where half of a character stood, in keys, too. As long as it was. */
export function mendJson(json: string): string {
  if (!MAY_BE_HALF.test(json)) return json;
  return json.replace(ESCAPES, (found, half: string | undefined) => (half === undefined ? found : '\\ufffd'));
}

/** What is said of parameters that are refused: each with where it is, and why. */
export function refusedParams(
  issues: readonly { readonly path: string; readonly message: string }[],
): string {
  const told = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message));
  return `invalid params: ${told.join('; ')}`;
}
