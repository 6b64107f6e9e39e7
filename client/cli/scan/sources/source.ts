/** Another program that knows where codebases are. */
import { answerOrNull } from '../../../codebase/git.ts';
import { expandTilde } from '../../terminal/text.ts';

/** What it is told of the machine. */
export interface Around {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What the program has noted; paths are absolute, and nobody has looked whether they are there. */
export interface Noted {
  /** Below these it keeps repositories. */
  readonly roots?: readonly string[];
  /** What it has by itself: most are codebases. */
  readonly paths?: readonly string[];
  /** How many more of those are on other machines. */
  readonly elsewhere?: number;
  /** Files of its own that could not be used, each with why: "~/x.json is no JSON". */
  readonly unread?: readonly string[];
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

/** Those that lead anywhere, with `~` expanded; what is relative is so to nobody knows what. */
export function absolutes(paths: readonly string[], home: string): string[] {
  return paths
    .map((path) => expandTilde(path, home))
    .filter((path) => path.startsWith('/') && !path.includes('\0'));
}
