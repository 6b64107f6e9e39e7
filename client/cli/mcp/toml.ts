/** Settings in TOML, of which only a table of our own is touched. */
import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'smol-toml';
import { type Format, NAME, type Settings, UnfitSettings } from './format.ts';

export const TOML: Format = {
  read(text) {
    try {
      return parsed(text);
    } catch (error) {
      const [why = ''] = String(error instanceof Error ? error.message : error).split('\n');
      throw new UnfitSettings('text', `it cannot be parsed: ${why.replace(/^Invalid TOML document: /, '')}`, {
        cause: error,
      });
    }
  },
  put(text, servers, entry) {
    const eol = text.includes('\r\n') ? '\r\n' : '\n';
    const written = (value: object): string => stringify(value).replaceAll('\n', eol);
    const all = statements(text);
    const header = all.findIndex(({ path }) => isDeepStrictEqual(path, [servers, NAME]));
    if (header < 0) {
      // A blank line, whatever is above: it goes again with the table.
      const between = text === '' ? '' : text.endsWith('\n') ? eol : eol + eol;
      return text + between + written({ [servers]: { [NAME]: entry } });
    }
    const lines = all.map(({ text: line }) => line);
    const next = all.findIndex(({ path }, at) => at > header && path !== undefined);
    const within = all.slice(header + 1, next < 0 ? undefined : next);
    for (const [key, value] of Object.entries<unknown>({ ...entry })) {
      const found = within.findIndex(({ value: there }) => Object.hasOwn(there, key));
      const old = within[found];
      if (!old) lines[header] += written({ [key]: value });
      else if (!isDeepStrictEqual(old.value[key], value))
        lines[header + 1 + found] = indentOf(old) + written({ [key]: value }).trimEnd() + behind(old);
    }
    return lines.join('');
  },
  take(text, servers) {
    const all = statements(text);
    const starts = all.flatMap(({ path }, at) => (path ? [at] : []));
    const gone = new Set<number>();
    for (const [nth, start] of starts.entries()) {
      if (!isDeepStrictEqual(all[start]?.path?.slice(0, 2), [servers, NAME])) continue;
      let end = starts[nth + 1] ?? all.length;
      // Comments above the next table are about that.
      while (end > start + 1 && Object.keys(all[end - 1]?.value ?? {}).length === 0) end -= 1;
      for (let at = start; at < end; at += 1) gone.add(at);
      const isBlank = (at: number): boolean => all[at]?.text.trim() === '';
      if (isBlank(start - 1) && (end === all.length || isBlank(end))) gone.add(start - 1);
    }
    return all.flatMap(({ text: line }, at) => (gone.has(at) ? [] : [line])).join('');
  },
};

interface Statement {
  readonly text: string;
  readonly value: Settings;
  /** Of the table that it begins. */
  readonly path: readonly string[] | undefined;
}

/** What a line end may be in, or a `#`, and not mean one. */
const TOKENS =
  /"""(?:[^"\\]+|\\[^]|"{1,2}(?!"))*"""+|'''(?:[^']+|'{1,2}(?!'))*'''+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[[{\]}\n]/g;

/** Cuts a text that can be parsed: a statement ends with its line, unless a value goes on in the next. */
function statements(text: string): Statement[] {
  const found: Statement[] = [];
  let [start, depth] = [0, 0];
  const cut = (end: number): void => {
    const statement = text.slice(start, end);
    const value = parsed(statement);
    found.push({ text: statement, value, path: /^\s*\[/.test(statement) ? pathOf(value) : undefined });
    start = end;
  };
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    else if (token === '\n' && depth === 0) cut(index + 1);
  }
  if (start < text.length) cut(text.length);
  return found;
}

function indentOf({ text }: Statement): string {
  return /^[ \t]*/.exec(text)?.[0] ?? '';
}

/** What is behind the value of a statement: blanks, a comment, the line end. */
function behind({ text, value }: Statement): string {
  const hash = [...text.matchAll(TOKENS)].findLast(({ 0: token }) => token.startsWith('#'))?.index;
  // One within a list goes with that.
  const isLast = hash !== undefined && isDeepStrictEqual(tried(text.slice(0, hash)), value);
  const end = isLast ? hash : text.length;
  return text.slice(text.slice(0, end).trimEnd().length);
}

/** Numbers of 64 bits, too. */
function parsed(text: string): Settings {
  return parse(text, { integersAsBigInt: 'asNeeded' });
}

function tried(text: string): Settings | undefined {
  try {
    return parsed(text);
  } catch {
    // It ends within a value.
    return undefined;
  }
}

function pathOf(value: Settings): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const table: unknown = Array.isArray(inner) ? inner[0] : inner;
    return [key, ...pathOf(table as Settings)];
  });
}
