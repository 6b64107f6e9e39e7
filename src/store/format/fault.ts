/** What is wrong with the text of a registry file, and where. Only looked for when something is. */
import {
  findNodeAtLocation,
  type Node,
  parse,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';

/** What is wrong with a file, and where, counting lines and columns from 1. */
export interface FileFault {
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

/** Where something is in a document: keys and indexes from the top. */
export type Path = readonly (string | number)[];

/**
 * A fault at a place of the document; where that does not exist, as for a missing field, at the nearest around it.
 *
 * @param text valid JSON
 */
export function faultAt(text: string, path: Path, message: string): FileFault {
  const node = nearest(treeOf(text), path);
  const where = path.join('.');
  return { message: where ? `${where}: ${message}` : message, ...(node && place(text, node.offset)) };
}

/** What stands at a place, or, where nothing does, what stands around it. */
function nearest(root: Node | undefined, path: Path): Node | undefined {
  if (!root || path.length === 0) return root;
  return findNodeAtLocation(root, [...path]) ?? nearest(root, path.slice(0, -1));
}

/**
 * The fault of a text that is no JSON.
 *
 * @param reason what JSON.parse threw
 */
export function syntaxFault(text: string, reason: unknown): FileFault {
  if (text.trim() === '') return { message: 'the file is empty', line: 1, column: 1 };
  const errors: ParseError[] = [];
  try {
    parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { message: 'the file is not valid JSON: it is nested too deep' };
  }
  const [error] = errors;
  if (error) {
    const message = printParseErrorCode(error.error).replace(/([a-z])([A-Z])/g, '$1 $2');
    return { message: `the file is not valid JSON: ${message.toLowerCase()}`, ...place(text, error.offset) };
  }
  // JSON.parse rejects a little more than jsonc-parser does, and says where.
  const [, position] = /position (\d+)/.exec(String(reason)) ?? [];
  return { message: 'the file is not valid JSON', ...place(text, Number(position ?? text.length)) };
}

/** The fault of a file whose bytes are not UTF-8, which would be lost when it is written. */
export function encodingFault(text: string): FileFault {
  return { message: 'the file is not UTF-8', ...place(text, Math.max(0, text.indexOf('\uFFFD'))) };
}

/**
 * The fault of a key that stands twice in the document or in an object right below it; null when none does.
 * JSON.parse keeps the last one, and a project whose copied key nobody changed would be lost.
 *
 * @param bytes valid JSON, as in the file
 * @param text the same as text, for the place
 * @param document what it was parsed to
 */
export function duplicateFault(
  bytes: Buffer,
  text: string,
  document: Readonly<Record<string, unknown>>,
): FileFault | null {
  const below = Object.values(document).filter((value) => typeof value === 'object' && !Array.isArray(value));
  const expected = below.reduce<number>((sum, value) => sum + Object.keys(value ?? {}).length, 0);
  // Counting is cheap and says whether to look at all.
  if (countKeys(bytes) === Object.keys(document).length + expected) return null;
  const root = treeOf(text);
  for (const object of [root, ...(root?.children ?? []).map((property) => property.children?.[1])]) {
    const seen = new Set<unknown>();
    for (const property of object?.type === 'object' ? (object.children ?? []) : []) {
      const key = property.children?.[0];
      if (!key) continue;
      if (seen.has(key.value))
        return { message: `the key ${JSON.stringify(key.value)} stands twice`, ...place(text, key.offset) };
      seen.add(key.value);
    }
  }
  return null;
}

/**
 * The fault of a file that is nested too deep, at the bracket that is one too many.
 *
 * @param text valid JSON that is
 */
export function depthFault(text: string, limit: number): FileFault {
  const message = `the file is nested deeper than ${limit} objects and lists`;
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/g)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    if (depth > limit) return { message, ...place(text, index) };
  }
  return { message };
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];

/** How many keys valid JSON has in the document and in the objects right below it, as they are written. */
function countKeys(bytes: Buffer): number {
  let keys = 0;
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const code = bytes[at];
    // Most of a file is spaces, strings and numbers.
    if (code === QUOTE) at = endOfString(bytes, at);
    else if (code === COLON && depth <= 2) keys += 1;
    else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return keys;
}

function endOfString(bytes: Buffer, start: number): number {
  for (let at = start + 1; ; at += 1) {
    const code = bytes[at];
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
}

function treeOf(text: string): Node | undefined {
  try {
    return parseTree(text);
  } catch (error) {
    // Nested so deep that the parser runs out of stack: the fault is told without its place.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function place(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
