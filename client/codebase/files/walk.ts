/** The files under a directory that its `.gitignore` files do not hide. */
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { isDirectory } from '../look.ts';
import { readSmallFile, UnfitFile } from '../../../src/system/small-file.ts';

/** What tools put beside the code and nobody wrote; many a codebase has no `.gitignore` that says so. */
export const NEVER = new Set(
  [
    '.git .hg .svn .jj CVS .DS_Store node_modules bower_components .yarn .pnpm-store .next .nuxt .svelte-kit',
    '.turbo .parcel-cache .angular .venv venv __pycache__ .tox .nox .eggs site-packages .mypy_cache',
    '.pytest_cache .ruff_cache .hypothesis .ipynb_checkpoints .cache .gradle .m2 .idea .vs .bloop .metals',
    '.dart_tool .terraform .direnv .bundle .stack-work .build DerivedData Pods elm-stuff zig-cache .zig-cache',
  ].flatMap((names) => names.split(' ')),
);

/** The rules of one `.gitignore`, and where the paths that they are about begin. */
interface Rules {
  readonly from: number;
  readonly ignore: Ignore;
}

interface Folder {
  /** Relative to the root, with a trailing slash; empty for the root. */
  readonly path: string;
  /** Innermost first: it has the last word. */
  readonly rules: readonly Rules[];
}

/**
 * Gives the files under a directory in portions, as paths relative to it. Links are neither followed nor counted.
 *
 * A file that a deeper `.gitignore` takes back out of a directory which a shallower one ignores stays hidden here,
 * and not for git; nobody was seen to write that.
 *
 * What git keeps for itself is left out, also where it lies open, in a bare repository.
 *
 * @param unreadable gets each directory that cannot be read, relative to the root, `.` for the root
 * @param unread gets each `.gitignore` that hides nothing because it is not read, relative to the root, and why: "is no
 *   plain file"
 * @param dead directories that are not looked into, relative to the root: their disks do not answer
 */
export async function* walkFiles(
  root: string,
  unreadable: (directory: string) => void,
  unread: (file: string, why: string) => void = () => undefined,
  dead: ReadonlySet<string> = new Set(),
): AsyncIterable<string[]> {
  const waiting: Folder[] = [{ path: '', rules: [] }];
  for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
    if (dead.has(folder.path.slice(0, -1))) {
      unreadable(folder.path.slice(0, -1));
      continue;
    }
    try {
      yield* readFolder(root, folder, waiting, unread);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      unreadable(folder.path.slice(0, -1) || '.');
    }
  }
}

/** Portions of one directory: a directory of a million files must not fill the memory. */
const PORTION = 1_000;

async function* readFolder(
  root: string,
  { path, rules: outer }: Folder,
  waiting: Folder[],
  unread: (file: string, why: string) => void,
): AsyncIterable<string[]> {
  const place = join(root, path);
  if (await isBareRepository(place)) return;
  const directory = await opendir(place, { bufferSize: 256 });
  try {
    const rules = await withOwnRules(place, path, outer, unread);
    let files: string[] = [];
    for (let entry = await directory.read(); entry; entry = await directory.read()) {
      if (NEVER.has(entry.name)) continue;
      const inside = path + entry.name;
      if (entry.isDirectory()) {
        if (!isIgnored(`${inside}/`, rules)) waiting.push({ path: `${inside}/`, rules });
      } else if (entry.isFile() && !isIgnored(inside, rules)) files.push(inside);
      if (files.length >= PORTION) {
        yield files;
        files = [];
      }
    }
    yield files;
  } finally {
    await directory.close();
  }
}

/** Whoever reads more rules than fit in this for each file is not done today. Bytes. */
const MAX_RULES = 256 * 1024;
const RULES = '.gitignore';

async function withOwnRules(
  place: string,
  path: string,
  outer: readonly Rules[],
  unread: (file: string, why: string) => void,
): Promise<readonly Rules[]> {
  try {
    const text = await readSmallFile(join(place, RULES), MAX_RULES);
    if (text === undefined) return outer;
    // As git has it on each system: macOS does not tell cases apart.
    const own = ignore({ ignorecase: process.platform === 'darwin' }).add(text);
    return [{ from: path.length, ignore: own }, ...outer];
  } catch (error) {
    if (!(error instanceof UnfitFile)) throw error;
    unread(path + RULES, error.message);
    return outer;
  }
}

/** A `HEAD` holds a name or a hash. Bytes. */
const MAX_HEAD = 1024;

/**
 * Whether a directory is what is otherwise called `.git`, known by what git itself looks for.
 * https://git-scm.com/docs/gitrepository-layout
 */
export async function isBareRepository(place: string): Promise<boolean> {
  const head = await readSmallFile(join(place, 'HEAD'), MAX_HEAD).catch(() => undefined);
  if (head === undefined || !/^(?:ref: ?refs\/|[0-9a-f]{40})/.test(head)) return false;
  return (await isDirectory(join(place, 'objects'))) && (await isDirectory(join(place, 'refs')));
}

function isIgnored(path: string, rules: readonly Rules[]): boolean {
  for (const { from, ignore: own } of rules) {
    const { ignored, unignored } = own.test(path.slice(from));
    if (ignored || unignored) return ignored;
  }
  return false;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
