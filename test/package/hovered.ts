/** What an editor shows: the language service of TypeScript is asked as an editor asks it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

type Parts = readonly { readonly text: string }[] | undefined;

/** As much of the interface of TypeScript before 7 as is used here. */
interface TypeScript {
  readonly sys: Readonly<
    Record<'fileExists' | 'readFile' | 'directoryExists' | 'getDirectories' | 'realpath', unknown>
  >;
  readonly ScriptSnapshot: { fromString(text: string): unknown };
  createLanguageService(host: object): {
    getQuickInfoAtPosition(
      file: string,
      at: number,
    ):
      | { displayParts: Parts; documentation: Parts; tags?: readonly { name: string; text: Parts }[] }
      | undefined;
    getSignatureHelpItems(
      file: string,
      at: number,
      options: object,
    ): { items: readonly { parameters: readonly { name: string; documentation: Parts }[] }[] } | undefined;
    getSemanticDiagnostics(file: string): readonly { code: number; messageText: unknown }[];
  };
  getDefaultLibFilePath(options: object): string;
  parseJsonConfigFileContent(config: object, host: object, directory: string): { options: object };
}

export interface Hovered {
  /** By what follows the marker, as far as it is a word: the declaration, its text, and its tags, in lines. */
  readonly shown: ReadonlyMap<string, string>;
  /** What is said of each argument of a call that has the comment of a marker first: `name: text`. */
  readonly asked: readonly (readonly string[])[];
  /** With their codes. */
  readonly mistakes: readonly string[];
}

/**
 * Puts the mouse on each word of a program that has the comment of a marker before it, and the cursor into each call that
 * begins with one, `(`.
 *
 * @param place the directory of a TypeScript package, before 7
 */
export function hovered(place: string, file: string, compilerOptions: object): Hovered {
  const ts = createRequire(import.meta.url)(place) as TypeScript;
  const text = readFileSync(file, 'utf8');
  const { options } = ts.parseJsonConfigFileContent(
    { compilerOptions, files: [file] },
    ts.sys,
    dirname(file),
  );
  const { fileExists, readFile, directoryExists, getDirectories, realpath } = ts.sys;
  const service = ts.createLanguageService({
    fileExists,
    readFile,
    directoryExists,
    getDirectories,
    realpath,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path: string) => ts.ScriptSnapshot.fromString(readFileSync(path, 'utf8')),
    getCurrentDirectory: () => dirname(file),
    getCompilationSettings: () => options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
  const words = (parts: Parts): string => (parts ?? []).map((part) => part.text).join('');
  const shown = new Map<string, string>();
  for (const { index, 0: marker, groups } of text.matchAll(/\/\*\?\*\/(?<word>[\w.]+)/g)) {
    const at = index + marker.length - 1;
    const info = service.getQuickInfoAtPosition(file, at);
    const tags = (info?.tags ?? []).map(({ name, text: told }) => `@${name} ${words(told)}`);
    shown.set(
      groups?.['word'] ?? '',
      [words(info?.displayParts), words(info?.documentation), ...tags].join('\n'),
    );
  }
  const asked = [...text.matchAll(/\(\/\*\(\*\//g)].map(({ index }) => {
    const [signature] = service.getSignatureHelpItems(file, index + 1, {})?.items ?? [];
    return (signature?.parameters ?? []).map(({ name, documentation }) => `${name}: ${words(documentation)}`);
  });
  const mistakes = service
    .getSemanticDiagnostics(file)
    .map(({ code, messageText }) => `${code}: ${String(messageText)}`);
  return { shown, asked, mistakes };
}
