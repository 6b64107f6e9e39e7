/** The files under a directory that its `.gitignore` files do not hide. */
import { opendir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';

/** What tools put beside the code and nobody wrote; many a codebase has no `.gitignore` that says so. */
const NEVER = new Set(
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
 * @param unreadable gets each directory that cannot be read, relative to the root, `.` for the root
 */
export async function* walkFiles(
  root: string,
  unreadable: (directory: string) => void,
): AsyncIterable<string[]> {
  const waiting: Folder[] = [{ path: '', rules: [] }];
  for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
    try {
      yield* readFolder(root, folder, waiting);
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
): AsyncIterable<string[]> {
  const place = join(root, path);
  const directory = await opendir(place, { bufferSize: 256 });
  try {
    const rules = await withOwnRules(place, path, outer);
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

async function withOwnRules(place: string, path: string, outer: readonly Rules[]): Promise<readonly Rules[]> {
  try {
    const text = await readFile(join(place, '.gitignore'), 'utf8');
    // As git has it on each system: macOS does not tell cases apart.
    const own = ignore({ ignorecase: process.platform === 'darwin' }).add(text);
    return [{ from: path.length, ignore: own }, ...outer];
  } catch (error) {
    // Absent, a directory, not readable: nothing is hidden then.
    if (isSystemError(error)) return outer;
    throw error;
  }
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
