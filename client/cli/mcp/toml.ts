/** Settings in TOML, of which only a table of our own is touched. */
import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'smol-toml';
import { type Format, NAME, type Settings, UnfitSettings } from './format.ts';

export const TOML: Format = {
  read(text) {
    try {
      return parse(text);
    } catch (error) {
      const [why = ''] = String(error instanceof Error ? error.message : error).split('\n');
      throw new UnfitSettings(`it cannot be parsed: ${why.replace(/^Invalid TOML document: /, '')}`, {
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
      const at = header + 1 + found;
      if (found < 0) lines[header] += (lines[header]?.endsWith('\n') ? '' : eol) + written({ [key]: value });
      else if (!isDeepStrictEqual(within[found]?.value[key], value)) lines[at] = written({ [key]: value });
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

/** Cuts a text that can be parsed: a statement is as many lines as can be parsed by themselves. */
function statements(text: string): Statement[] {
  const found: Statement[] = [];
  let lines = '';
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    lines += line;
    const value = parsed(lines);
    if (value === undefined) continue;
    found.push({ text: lines, value, path: /^\s*\[/.test(lines) ? pathOf(value) : undefined });
    lines = '';
  }
  return found;
}

function parsed(text: string): Settings | undefined {
  try {
    return parse(text);
  } catch {
    // It goes on in the next line.
    return undefined;
  }
}

function pathOf(value: Settings): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const table: unknown = Array.isArray(inner) ? inner[0] : inner;
    return [key, ...pathOf(table as Settings)];
  });
}
