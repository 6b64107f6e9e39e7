/**
 * What was pressed, told from what a terminal sends, however that is split. Pure: bytes, and the end of patience, come in.
 *
 * Sequences are taken to their ends as ECMA-48 has them, so that of one that nobody here knows (a mouse, an answer to a
 * question of an earlier program, a key with Alt) no letter is taken for a key.
 */

/** By their ends, as xterm, the consoles and rxvt send them; with Shift or Ctrl they have other ones. */
const SEQUENCES = {
  A: 'up',
  B: 'down',
  H: 'home',
  F: 'end',
  M: 'enter',
  '1~': 'home',
  '4~': 'end',
  '5~': 'pageup',
  '6~': 'pagedown',
  '7~': 'home',
  '8~': 'end',
} as const;
const CONTROLS = {
  0x03: 'interrupt',
  0x08: 'backspace',
  0x0a: 'enter',
  0x0c: 'redraw',
  0x0d: 'enter',
  0x15: 'clear',
  0x1a: 'suspend',
  0x7f: 'backspace',
} as const;

type Values<T> = T[keyof T];
export type KeyName = 'escape' | Values<typeof SEQUENCES> | Values<typeof CONTROLS>;

/** A key that has a name, a character that was typed, or one of what was pasted, which is never meant as a key. */
export type Key = { readonly name: KeyName } | { readonly typed: string } | { readonly pasted: string };

/** What has been read and is not a key yet. */
export interface Reading {
  readonly rest: Buffer;
  readonly isPaste: boolean;
}

export const NOTHING_READ: Reading = { rest: Buffer.alloc(0), isPaste: false };

const ESC = 0x1b;
const BEL = 0x07;
const INTERRUPT = 0x03;
const SUSPEND = 0x1a;
const PASTE = '200~';
const PASTE_END = Buffer.from('\x1b[201~');
/** Nothing that a terminal sends is longer; whoever sends more without an end must not be waited for. Bytes. */
const LONGEST = 65_536;

/** What stands at a place: how many bytes, and which keys that is. */
interface Part {
  readonly length: number;
  readonly keys?: readonly Key[];
  readonly isPaste?: boolean;
}

/** The keys that are complete now. */
export function readKeys(before: Reading, bytes: Buffer): { reading: Reading; keys: Key[] } {
  const all = Buffer.concat([before.rest, bytes]);
  const keys: Key[] = [];
  let { isPaste } = before;
  let at = 0;
  while (at < all.length) {
    const rest = all.subarray(at);
    const part = isPaste ? pastedPart(rest) : typedPart(rest);
    if (part === undefined) break;
    keys.push(...(part.keys ?? []));
    isPaste = part.isPaste ?? isPaste;
    at += part.length;
  }
  return { reading: { rest: all.subarray(at), isPaste }, keys };
}

/** Whether a key waits for what may come, or not: the Escape key is what every sequence begins with. */
export function isUnsure({ rest, isPaste }: Reading): boolean {
  return !isPaste && rest[0] === ESC;
}

/** The same when nothing more has come: the Escape key was pressed, or another one with Alt, which means nothing. */
export function readAsItIs(before: Reading): { reading: Reading; keys: Key[] } {
  if (!isUnsure(before)) return { reading: before, keys: [] };
  const isEscapes = before.rest.every((byte) => byte === ESC);
  return { reading: NOTHING_READ, keys: isEscapes ? escapes(before.rest.length) : [] };
}

/** Undefined where more has to come, as in all that is below. */
function typedPart(bytes: Buffer): Part | undefined {
  const [first = 0] = bytes;
  if (first !== ESC) return first < 0x20 || first === 0x7f ? control(first) : character(bytes, 'typed');
  const start = bytes.findIndex((byte) => byte !== ESC);
  if (start < 0) return undefined;
  // Whoever presses Escape and then one of these wants to be heard.
  if (bytes[start] === INTERRUPT || bytes[start] === SUSPEND) return { length: start, keys: escapes(start) };
  if (start === 1) return sequence(bytes);
  // The last escape begins what follows, and the one before it is Alt.
  if (start > 2) return { length: start - 2, keys: escapes(start - 2) };
  const part = sequence(bytes.subarray(1));
  return part && { ...part, length: part.length + 1, keys: [] };
}

/** @param bytes begin with an escape and something else */
function sequence(bytes: Buffer): Part | undefined {
  switch (String.fromCharCode(bytes[1] ?? 0)) {
    case '[':
      return controlSequence(bytes);
    case 'O':
      return parameters(bytes);
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
      return controlString(bytes);
  }
  const alt = bytes.subarray(1);
  const part = (alt[0] ?? 0) < 0x80 ? { length: 1 } : character(alt, 'typed');
  return part && { length: part.length + 1 };
}

function controlSequence(bytes: Buffer): Part | undefined {
  // The consoles of Linux send F1 so, and early terminals where the mouse is: three bytes, whatever they are.
  if (bytes[2] === 0x5b) return bytes.length < 4 ? undefined : { length: 4 };
  if (bytes[2] === 0x4d) return bytes.length < 6 ? undefined : { length: 6 };
  return parameters(bytes);
}

/** A sequence of an escape, one byte, parameters and the byte that says what it is. */
function parameters(bytes: Buffer): Part | undefined {
  const end = endOf(bytes, (byte) => byte < 0x20 || byte > 0x3f);
  if (end < 0) return tooLong(bytes);
  const last = bytes[end] ?? 0;
  // What cannot stand in it ends it.
  if (last < 0x40 || last > 0x7e) return { length: end };
  const text = bytes.toString('latin1', 2, end + 1);
  const length = end + 1;
  if (text === PASTE && bytes[1] === 0x5b) return { length, isPaste: true };
  const name = Object.hasOwn(SEQUENCES, text) ? SEQUENCES[text as keyof typeof SEQUENCES] : undefined;
  return { length, keys: name ? [{ name }] : [] };
}

/** A text that a terminal sends by itself, such as its colours. */
function controlString(bytes: Buffer): Part | undefined {
  const end = endOf(bytes, (byte) => byte < 0x20);
  if (end < 0) return tooLong(bytes);
  if (bytes[end] === BEL) return { length: end + 1 };
  if (bytes[end] !== ESC) return { length: end };
  if (end + 1 === bytes.length) return undefined;
  return { length: bytes[end + 1] === 0x5c ? end + 2 : end };
}

/** Where what an escape and one byte begin has its end; negative where it has none so far. */
function endOf(bytes: Buffer, isEnd: (byte: number) => boolean): number {
  return bytes.subarray(0, LONGEST).findIndex((byte, at) => at >= 2 && isEnd(byte));
}

function tooLong(bytes: Buffer): Part | undefined {
  return bytes.length < LONGEST ? undefined : { length: LONGEST };
}

function pastedPart(bytes: Buffer): Part | undefined {
  const [first = 0] = bytes;
  if (first === ESC) {
    const beginning = bytes.subarray(0, PASTE_END.length);
    if (beginning.equals(PASTE_END)) return { length: PASTE_END.length, isPaste: false };
    return PASTE_END.subarray(0, bytes.length).equals(bytes) ? undefined : { length: 1 };
  }
  // A paste whose end is lost must not be the end of the keyboard.
  if (first === INTERRUPT) return { ...control(first), isPaste: false };
  if (first >= 0x20 && first !== 0x7f) return character(bytes, 'pasted');
  return { length: 1, keys: [0x09, 0x0a, 0x0d].includes(first) ? [{ pasted: ' ' }] : [] };
}

function control(byte: number): Part {
  const name = CONTROLS[byte as keyof typeof CONTROLS] as KeyName | undefined;
  return { length: 1, keys: name ? [{ name }] : [] };
}

/** A character of UTF-8; a byte that belongs to none is left out. */
function character(bytes: Buffer, how: 'typed' | 'pasted'): Part | undefined {
  const [first = 0] = bytes;
  const length =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  const more = bytes.subarray(1, length);
  if (length === 0 || more.some((byte) => (byte & 0xc0) !== 0x80)) return { length: 1 };
  if (bytes.length < length) return undefined;
  const text = bytes.toString('utf8', 0, length);
  // Halves of pairs, and what has a shorter form, are none.
  if (Buffer.byteLength(text) !== length || !Buffer.from(text).equals(bytes.subarray(0, length)))
    return { length: 1 };
  if (/\p{Cc}/u.test(text)) return { length };
  return { length, keys: [how === 'typed' ? { typed: text } : { pasted: text }] };
}

function escapes(count: number): Key[] {
  return Array.from({ length: count }, () => ({ name: 'escape' as const }));
}
