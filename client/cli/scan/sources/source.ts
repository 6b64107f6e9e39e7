/** Another program that knows where codebases are. */
import { answerOrNull } from '../../../codebase/git.ts';
import { expandTilde } from '../../terminal/text.ts';

/** What it is told of the machine. */
export interface Around {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What the program has noted; paths are absolute, and nobody has looked whether they are there. */
export type Noted = (Roots | Paths) & {
  /** What of it could not be used, each with why: "~/x.json is no JSON". */
  readonly unused: readonly string[];
};

interface Roots {
  /** Below these it keeps repositories. */
  readonly roots: readonly string[];
}

export interface Paths {
  /** What it has by itself: most are codebases. */
  readonly paths: readonly string[];
  /** How many more of those are on other machines. */
  readonly elsewhere?: number;
}

export interface Source {
  /** Where it was looked, for whoever has nothing there. */
  readonly where: string;
  readonly read: (around: Around) => Promise<Noted>;
}

/**
 * What the person's own settings of git have under a name. Asked where no repository is, whose settings would win.
 *
 * @param name as a regular expression
 */
export async function gitSettings({ env }: Around, name: string): Promise<string[]> {
  const told = await answerOrNull('/', ['config', '-z', '--get-regexp', name], { env });
  return (told ?? '').split('\0').flatMap((setting) => {
    const end = setting.indexOf('\n');
    return end < 0 ? [] : [setting.slice(end + 1)];
  });
}

/** Those that lead anywhere, with `~` expanded, and the rest: what is relative is so to nobody knows what. */
export function absolutes(
  paths: readonly string[],
  home: string,
): { readonly absolute: string[]; readonly unused: string[] } {
  const isAbsolute = (path: string): boolean => path.startsWith('/') && !path.includes('\0');
  const all = paths.filter((path) => path !== '').map((path) => expandTilde(path, home));
  return {
    absolute: all.filter(isAbsolute),
    unused: all.filter((path) => !isAbsolute(path)).map((path) => `${path} is no absolute path`),
  };
}
