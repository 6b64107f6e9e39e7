/** Settings in JSON, with comments and commas at the ends where a program takes them. */
import {
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
  stripComments,
} from 'jsonc-parser';
import { isDeepStrictEqual } from 'node:util';
import { type Format, isObject, NAME, UnfitSettings } from './format.ts';

/** What a program takes beside JSON. */
interface Grammar {
  readonly comments: boolean;
  /** A comma behind the last of an object or array. */
  readonly commas: boolean;
}

/** As `JSON.parse` takes it. */
export const JSON_ALONE = json({ comments: false, commas: false });
/** As `JSON.parse` takes it once the comments are out. */
export const JSON_WITH_COMMENTS: Format = { ...json({ comments: true, commas: false }), refusesMark: true };
export const JSONC = json({ comments: true, commas: true });

function json({ comments, commas }: Grammar): Format {
  const options = { disallowComments: !comments, allowTrailingComma: commas };
  return {
    read(text) {
      if (comments && isBlank(text)) return {};
      const value: unknown = getNodeValue(rootOf(text));
      const errors: ParseError[] = [];
      parseTree(text, errors, options);
      const [first] = errors;
      if (first) {
        const what =
          printParseErrorCode(first.error) === 'InvalidCommentToken' ? 'a comment' : 'a comma before the end';
        throw new UnfitSettings(
          'text',
          `it has ${what} in line ${lineAt(text, first)}, and the program cannot read such a file`,
        );
      }
      if (!isObject(value)) throw new UnfitSettings('text', 'it is no object');
      return value;
    },
    put(text, servers, entry) {
      if (isBlank(text)) {
        const between = text.trim() === '' ? '' : text.trimEnd() + eolOf(text);
        return `${between}${JSON.stringify({ [servers]: { [NAME]: entry } }, null, 2).replaceAll('\n', eolOf(text))}${eolOf(text)}`;
      }
      const paths = Object.entries<unknown>({ ...entry });
      return memberOf(memberOf(rootOf(text), servers)?.value, NAME)
        ? paths.reduce((so, [key, value]) => set(so, [servers, NAME, key], value), text)
        : set(text, [servers, NAME], entry);
    },
    take(text, servers) {
      const holder = memberOf(rootOf(text), servers)?.value;
      const member = memberOf(holder, NAME);
      // There may be several of one name.
      return holder && member ? this.take(cut(text, holder, member.node), servers) : text;
    },
  };
}

/** Whether there is nothing but comments. */
function isBlank(text: string): boolean {
  return stripComments(text).trim() === '';
}

/** @throws {UnfitSettings} where nothing that takes comments and commas could parse it */
function rootOf(text: string): Node {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (root && !first) return root;
  const what = first ? printParseErrorCode(first.error).replace(/(?<=[a-z])(?=[A-Z])/g, ' ') : 'no value';
  throw new UnfitSettings(
    'text',
    `it cannot be parsed: ${what.toLowerCase()} in line ${lineAt(text, first)}`,
  );
}

function lineAt(text: string, error: ParseError | undefined): number {
  return text.slice(0, error?.offset ?? 0).split('\n').length;
}

/** A property and its value. Of several of one name, the last is what programs read. */
function memberOf(object: Node | undefined, key: string): { node: Node; value: Node } | undefined {
  const node = object?.type === 'object' ? object.children?.findLast((one) => keyOf(one) === key) : undefined;
  const value = node?.children?.[1];
  return node && value && { node, value };
}

function keyOf(member: Node): unknown {
  return member.children?.[0]?.value;
}

const endOf = ({ offset, length }: Node): number => offset + length;
/** Where the brace is that closes an object. */
const closeOf = (object: Node): number => endOf(object) - 1;

/** Puts a value in the place of another one, or behind the last property of the innermost object that is there. */
function set(text: string, path: readonly string[], value: unknown): string {
  let object = rootOf(text);
  for (const [depth, key] of path.entries()) {
    const rest = path.slice(depth + 1);
    const member = memberOf(object, key);
    if (!member)
      return insert(
        text,
        object,
        key,
        rest.reduceRight((inner, one) => ({ [one]: inner }), value),
      );
    if (rest.length === 0) {
      if (isDeepStrictEqual(getNodeValue(member.value), value)) return text;
      const written = pretty(text, value, indentAt(text, member.node.offset));
      return splice(text, [[member.value.offset, endOf(member.value), written]]);
    }
    object = member.value;
  }
  return text;
}

function insert(text: string, object: Node, key: string, value: unknown): string {
  const last = object.children?.at(-1);
  const close = closeOf(object);
  const from = last ? endOf(last) : object.offset + 1;
  const { comma, end } = gap(text, from, close);
  const missing: Edit[] = last && comma === undefined ? [[from, from, ',']] : [];
  const after = comma === undefined ? '' : ',';
  if (last && !text.slice(object.offset, close).includes('\n'))
    return splice(text, [...missing, [end, end, `${JSON.stringify(key)}:${JSON.stringify(value)}${after}`]]);
  const own = indentAt(text, object.offset);
  const first = object.children?.[0];
  const indent = first && startsLine(text, first.offset) ? indentAt(text, first.offset) : own + unitOf(text);
  const line = `${eolOf(text)}${indent}${JSON.stringify(key)}: ${pretty(text, value, indent)}${after}`;
  const closing = text.slice(end, close).includes('\n') ? '' : eolOf(text) + own;
  return splice(text, [...missing, [end, end, line + closing]]);
}

/** Takes a property out, with its comma, and with its lines where nothing else is on them. */
function cut(text: string, object: Node, member: Node): string {
  const all = object.children ?? [];
  const at = all.indexOf(member);
  const [before, next] = [all[at - 1], all[at + 1]];
  const bare = text.slice(object.offset + 1, member.offset) + text.slice(endOf(member), closeOf(object));
  if (all.length === 1 && /^\s*,?\s*$/.test(bare))
    return splice(text, [[object.offset, endOf(object), '{}']]);
  const { comma } = gap(text, endOf(member), next?.offset ?? closeOf(object));
  let [start, end] = [member.offset, endOf(member)];
  const edits: Edit[] = [];
  if (comma === end) end += 1;
  else if (comma !== undefined) edits.push([comma, comma + 1, '']);
  else if (before) {
    const lost = gap(text, endOf(before), start).comma ?? start;
    edits.push([lost, lost + 1, '']);
  }
  const blank = /[ \t]*/y;
  blank.lastIndex = end;
  blank.test(text);
  const eol = /^\r?\n/.exec(text.slice(blank.lastIndex));
  if (startsLine(text, start) && eol) {
    start -= indentAt(text, start).length;
    end = blank.lastIndex + eol[0].length;
  }
  return splice(text, [...edits, [start, end, '']]);
}

/** What is between two properties, or behind the last one: a comma, and where the comments end. */
function gap(text: string, from: number, to: number): { comma: number | undefined; end: number } {
  let comma: number | undefined;
  let end = from;
  for (const { 0: found, index } of text.slice(from, to).matchAll(/\/\/[^\r\n]*|\/\*[^]*?\*\/|,/g)) {
    if (found === ',') comma = from + index;
    end = from + index + found.length;
  }
  return { comma, end };
}

function pretty(text: string, value: unknown, indent: string): string {
  return JSON.stringify(value, null, unitOf(text)).replaceAll('\n', eolOf(text) + indent);
}

function eolOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** One step of indentation, as the first property has it. */
function unitOf(text: string): string {
  return /^[ \t]+(?=")/m.exec(text)?.[0] ?? '  ';
}

/** The blanks at the beginning of the line. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

function startsLine(text: string, offset: number): boolean {
  return /(?:^|\n)[ \t]*$/.test(text.slice(0, offset));
}

type Edit = readonly [start: number, end: number, text: string];

function splice(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted(([one], [other]) => one - other)
    .reduceRight((so, [start, end, piece]) => so.slice(0, start) + piece + so.slice(end), text);
}
