/** What commands print with `--json`, as they declare it themselves. */
import type { Declaration } from '../command.ts';

/** A command that people type, and its document. */
export interface Described {
  readonly command: string;
  readonly document: Exclude<Declaration['document'], undefined>;
}

export const ABOUT_DOCUMENTS =
  'What each command prints with `--json`: one document, on standard output. One that failed prints `{"error": {"code", "message", "data"}}` there, as in the protocol; `code` is null where it is no error of the registry, and `data.kind` then says which it is.';

/** Those that are shown to people. */
export function describedDocuments(declared: readonly [typed: string, Declaration][]): Described[] {
  return declared.flatMap(([command, { document }]) =>
    document === undefined || command.includes(' __') ? [] : [{ command, document }],
  );
}

/** A row a field: its name, and what it is. */
export function fieldRows(
  document: Readonly<Record<string, string>>,
  link: (name: string) => string,
): string[][] {
  return Object.entries(document).map(([written, what]) => {
    const [, spread, name = '', optional] = /^(\.\.\.)?(.*?)(\?)?$/.exec(written) ?? [];
    const field = spread ? `all of ${link(name)}` : `\`${name}\``;
    return [optional ? `${field}, optional` : field, what];
  });
}
