/** The one change that is made to settings: our entry is put into them, or taken out. */
import { isDeepStrictEqual } from 'node:util';
import { type Entry, type Format, isObject, NAME, type Settings, UnfitSettings } from './format.ts';
import { isOurs } from './ours.ts';

/** What a change comes to. */
export interface Changed {
  /** The same text where nothing is to be done. */
  readonly text: string;
  /** Our entry as it was; undefined where there was none. */
  readonly there: Settings | undefined;
}

const MARK = '\uFEFF';

/**
 * The text with our entry, or without it where none is given.
 *
 * What comes out is read again: a text of a shape that nobody thought of is refused, not spoiled.
 *
 * @param whole with a byte order mark where the file has one, which stays
 * @param servers key of the object that has the servers by name
 * @throws {UnfitSettings} also where a server of our name is another one
 */
export function changed(format: Format, whole: string, servers: string, entry?: Entry): Changed {
  try {
    return edited(format, whole, servers, entry);
  } catch (error) {
    // Whoever reads or compares settings goes into what is within by calling itself.
    if (error instanceof RangeError)
      throw new UnfitSettings('text', 'it is nested too deeply', { cause: error });
    throw error;
  }
}

function edited(format: Format, whole: string, servers: string, entry: Entry | undefined): Changed {
  const mark = whole.startsWith(MARK) ? MARK : '';
  if (mark !== '' && format.refusesMark)
    throw new UnfitSettings('text', 'it begins with a byte order mark, which the program cannot read');
  const text = whole.slice(mark.length);
  const before = text.trim() === '' ? {} : read(format, text);
  const { [servers]: all = {} } = before;
  if (!isObject(all)) throw new UnfitSettings('text', `${servers} in it is not what has servers by name`);
  const there = all[NAME];
  if (there !== undefined && !isOurs(there))
    throw new UnfitSettings('another', `it has a server named ${NAME} that is another one`);
  if (there === undefined && !entry) return { text: whole, there };
  const { [NAME]: _, ...others } = all;
  const wanted = entry ? { ...others, [NAME]: { ...there, ...entry } } : others;
  if (isDeepStrictEqual(all, wanted)) return { text: whole, there };
  const after = entry ? format.put(text, servers, entry) : format.take(text, servers);
  if (!says(format, after, { ...before, [servers]: wanted }, servers))
    throw new UnfitSettings('shape', 'it is written in a way in which nothing can be changed here');
  return { text: mark + after, there };
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
