/** Project names: which there can be, and when two are the same. */

/** Unicode code points; the Python module's limit. */
export const MAX_NAME_LENGTH = 255;
/**
 * A longer text is no name, however it is composed: a code point comes of at most four, of two units each. Composing takes
 * time that grows with the square of the length where somebody means it to: half a million accents take minutes.
 */
const MAX_COMPOSED_LENGTH = 8 * MAX_NAME_LENGTH;

/** What no name has in it, beside what cannot be seen; as people are told it. */
export const FORBIDDEN = '< > : " / \\ | ? *';
const FORBIDDEN_CHARACTERS: ReadonlySet<string> = new Set(FORBIDDEN.split(' '));

/** Why a name cannot be a project's, or null when it can. Expects a name that went through {@link cleanName}. */
export function nameFault(name: string): string | null {
  if (name === '') return 'the name is empty';
  const characters = [...name];
  const { length } = characters;
  if (length > MAX_NAME_LENGTH) return `the name has ${length} characters and ${MAX_NAME_LENGTH} are allowed`;
  const forbidden = characters.find((character) => FORBIDDEN_CHARACTERS.has(character));
  if (forbidden !== undefined) return `the name contains ${forbidden}`;
  // C0, DEL and C1: they would garble a terminal.
  if (/\p{Cc}/u.test(name)) return 'the name contains a control character';
  if (/\p{Cs}/u.test(name)) return 'the name contains half a surrogate pair';
  return null;
}

export function cleanName(name: string): string {
  return compose(name.trim());
}

/** The form under which names are compared. */
export function foldName(name: string): string {
  return compose(name).toLowerCase();
}

/** The text in NFC; one that is too long to be a name, or a part of one, stays as it is. */
function compose(text: string): string {
  return text.length > MAX_COMPOSED_LENGTH ? text : text.normalize('NFC');
}
