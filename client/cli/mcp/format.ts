/** The settings of other programs as texts, of which one entry is ours and every other byte is somebody else's. */
import { isDeepStrictEqual } from 'node:util';

/** The name under which programs know our server. */
export const NAME = 'gardener';

/** What a program is to start; other keys of an entry are the person's. */
export interface Entry {
  readonly type?: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
}

/** A way in which settings are written down. Texts are without a byte order mark. */
export interface Format {
  /** What the text says. @throws {UnfitSettings} */
  readonly read: (text: string) => Settings;
  /** The text with the keys of the entry in `<servers>.gardener`; a blank one becomes the least that says so. */
  readonly put: (text: string, servers: string, entry: Entry) => string;
  /** The text without `<servers>.gardener`, which is there. */
  readonly take: (text: string, servers: string) => string;
}

export type Settings = Readonly<Record<string, unknown>>;

/** Settings that are left alone. The message says why, in words that follow a colon. */
export class UnfitSettings extends Error {
  override readonly name = 'UnfitSettings';
}

/**
 * The text with our entry, or without it where none is given; the same text where that is so already.
 *
 * What comes out is read again: a text of a shape that nobody thought of is refused, not spoiled.
 *
 * @param servers key of the object that has the servers by name
 * @throws {UnfitSettings} also where a server of our name is another one
 */
export function changed(format: Format, text: string, servers: string, entry?: Entry): string {
  const before = text.trim() === '' ? {} : read(format, text);
  const { [servers]: all = {} } = before;
  if (!isObject(all)) throw new UnfitSettings(`${servers} in it is not what has servers by name`);
  const there = all[NAME];
  if (there !== undefined && !isOurs(there))
    throw new UnfitSettings(`it has a server named ${NAME} that is another one`);
  if (there === undefined && !entry) return text;
  const { [NAME]: _, ...others } = all;
  const wanted = entry ? { ...others, [NAME]: { ...there, ...entry } } : others;
  if (isDeepStrictEqual(all, wanted)) return text;
  const after = entry ? format.put(text, servers, entry) : format.take(text, servers);
  if (!says(format, after, { ...before, [servers]: wanted }, servers))
    throw new UnfitSettings('it is written in a way in which nothing can be changed here');
  return after;
}

function says(format: Format, text: string, wanted: Settings, servers: string): boolean {
  try {
    // Where none is left, there may be no object of them either.
    return isDeepStrictEqual({ [servers]: {}, ...read(format, text) }, wanted);
  } catch (error) {
    if (error instanceof UnfitSettings) return false;
    throw error;
  }
}

/** Parsers make objects without a prototype, which would count as another value. */
function read(format: Format, text: string): Settings {
  return structuredClone(format.read(text));
}

/** Whether an entry is for this program, however it was installed, and whoever wrote it. */
function isOurs(entry: unknown): entry is Settings {
  if (!isObject(entry) || typeof entry['command'] !== 'string') return false;
  const { args } = entry;
  return Array.isArray(args) && args.includes('mcp');
}

export function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
