/**
 * What VS Code and the programs made of it have open or had: their `storage.json` and the notes of their workspaces, and
 * what the extension Project Manager has saved. The rest of their history is in a database, which is not read.
 */
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNowhere } from '../../../../src/system/errors.ts';
import { readSmallFile, UnfitFile } from '../../../../src/system/small-file.ts';
import { answers } from '../../../codebase/disk-answer.ts';
import { tilde } from '../../terminal/text.ts';
import { inParallel } from '../parallel.ts';
import { absolutes, type Around, type Noted, type Paths, type Source } from './source.ts';

/** Each has a directory of this name. */
const EDITORS = [
  'Code',
  'Code - Insiders',
  'Code - OSS',
  'VSCodium',
  'VSCodium - Insiders',
  'Cursor',
  'Windsurf',
];
/** Of a file of theirs, which holds more than this is about. Bytes. */
const MAX_FILE = 16 * 1024 * 1024;
/** Notes of workspaces that are read at a time. */
const AT_ONCE = 8;

export const vscode = {
  where: 'the settings of VS Code, VSCodium, Cursor and Windsurf',
  async read(around) {
    const places = EDITORS.map((editor) => join(settingsOf(around), editor, 'User'));
    const all = await Promise.all(places.map((place) => readEditor(place, around)));
    return {
      paths: [...new Set(all.flatMap(({ paths }) => paths))],
      elsewhere: all.reduce((sum, one) => sum + one.elsewhere, 0),
      unused: all.flatMap(({ unused }) => unused),
    };
  },
} satisfies Source;

function settingsOf({ home, env }: Around): string {
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support');
  const set = env['XDG_CONFIG_HOME'];
  return set?.startsWith('/') ? set : join(home, '.config');
}

async function readEditor(user: string, { home }: Around): Promise<Required<Paths> & Noted> {
  const unused: string[] = [];
  const read = async (path: string): Promise<unknown> => {
    try {
      // A workspace may be saved anywhere.
      const text = (await answers(path)) ? await readSmallFile(path, MAX_FILE) : undefined;
      return text === undefined ? undefined : parseCommented(text);
    } catch (error) {
      if (!(error instanceof UnfitFile || error instanceof SyntaxError)) throw error;
      unused.push(`${tilde(path, home)} ${error instanceof UnfitFile ? error.message : 'is no JSON'}`);
      return undefined;
    }
  };
  const global = join(user, 'globalStorage');
  const storage = join(user, 'workspaceStorage');
  const notes = (await namesIn(storage)).map((name) => join(storage, name, 'workspace.json'));
  const documents = await inParallel([join(global, 'storage.json'), ...notes], read, AT_ONCE);
  const uris = new Set(documents.flatMap(urisIn));
  const noted = [...uris].flatMap((uri) => pathOf(uri) ?? []);
  const workspaces = noted.filter((path) => path.endsWith('.code-workspace'));
  const folders = await inParallel(workspaces, async (path) => foldersOf(await read(path), path), AT_ONCE);
  const saved = savedIn(await read(join(global, 'alefragnani.project-manager', 'projects.json')));
  const paths = [...noted.filter((path) => !path.endsWith('.code-workspace')), ...folders.flat()];
  const { absolute, unused: relative } = absolutes(
    saved.map((path) => path.replace(/^\$home(?=\/|$)/, '~')),
    home,
  );
  return {
    paths: [...paths, ...absolute],
    elsewhere: [...uris].filter((uri) => uri.startsWith('vscode-remote://')).length,
    unused: [...unused, ...relative],
  };
}

async function namesIn(directory: string): Promise<string[]> {
  return await readdir(directory).catch((error: unknown) => {
    if (isNowhere(error)) return [];
    throw error;
  });
}

/** Every URI in a document, as a text, a key, or in the parts that VS Code keeps of some. */
function urisIn(document: unknown): string[] {
  const uris: string[] = [];
  const waiting = [document];
  // Not by recursion: how deep it is somebody else has decided.
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string' && /^(file|vscode-remote):\/\//.test(value)) uris.push(value);
    if (typeof value !== 'object' || value === null) continue;
    const { scheme, path } = value as { scheme?: unknown; path?: unknown };
    if (scheme === 'file' && typeof path === 'string' && path.startsWith('/'))
      uris.push(`file://${path.split('/').map(encodeURIComponent).join('/')}`);
    for (const [key, member] of Object.entries(value)) waiting.push(key, member);
  }
  return uris;
}

/** Undefined for what is not of this machine, or no path at all. */
function pathOf(uri: string): string | undefined {
  if (!uri.startsWith('file:///')) return undefined;
  try {
    return resolve(fileURLToPath(uri));
  } catch {
    // A slash in the name of a file, or a percent sign alone: nothing that VS Code has written.
    return undefined;
  }
}

function foldersOf(workspace: unknown, file: string): string[] {
  return membersOf(workspace, 'folders').flatMap((folder) => {
    const { path, uri } = folder as { path?: unknown; uri?: unknown };
    if (typeof uri === 'string') return pathOf(uri) ?? [];
    return typeof path === 'string' ? resolve(dirname(file), path) : [];
  });
}

/** https://github.com/alefragnani/vscode-project-manager */
function savedIn(document: unknown): string[] {
  const saved = Array.isArray(document) ? objectsIn(document) : membersOf(document, 'projects');
  return saved.flatMap((one) => {
    const { rootPath, enabled } = one as { rootPath?: unknown; enabled?: unknown };
    return typeof rootPath === 'string' && enabled !== false ? rootPath : [];
  });
}

function membersOf(document: unknown, name: string): object[] {
  const list =
    typeof document === 'object' && document !== null && (document as Record<string, unknown>)[name];
  return Array.isArray(list) ? objectsIn(list) : [];
}

function objectsIn(list: readonly unknown[]): object[] {
  return list.filter((one): one is object => typeof one === 'object' && one !== null);
}

/**
 * JSON with comments, and commas before what closes, as people write workspaces; or with a byte-order mark, as some
 * editors save it.
 *
 * @throws {SyntaxError}
 */
function parseCommented(text: string): unknown {
  const string = String.raw`"(?:\\.|[^"\\])*"`;
  const plain = text
    .replace(/^\uFEFF/, '')
    .replace(
      new RegExp(String.raw`(${string})|//[^\n]*|/\*[^]*?\*/`, 'g'),
      (_, kept: string | undefined) => kept ?? '',
    );
  return JSON.parse(
    plain.replace(
      new RegExp(String.raw`(${string})|,(?=\s*[}\]])`, 'g'),
      (_, kept: string | undefined) => kept ?? '',
    ),
  );
}
