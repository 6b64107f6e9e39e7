/** Paths that outlive the next upgrade, and those that do not. */
import { realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

/**
 * The link that Homebrew keeps pointing at whichever version is installed: `opt/node/bin/node` for
 * `Cellar/node/22.1.0/bin/node`, and `bin/node` where there is no such link. Other paths stay as they are.
 *
 * Node gives its own path with every link resolved, so that what it gives dies with the next `brew upgrade`.
 */
export function stablePath(path: string): string {
  const [, prefix, formula, rest] = /^(.*)\/Cellar\/([^/]+)\/[^/]+\/(.+)$/.exec(path) ?? [];
  if (prefix === undefined || formula === undefined || rest === undefined) return path;
  const candidates = [join(prefix, 'opt', formula, rest), join(prefix, rest)];
  return candidates.find((link) => leadsTo(link, path)) ?? path;
}

function leadsTo(link: string, path: string): boolean {
  try {
    return realpathSync(link) === realpathSync(path);
  } catch {
    // No such link: then it is not the one.
    return false;
  }
}

const PERISHABLE: readonly (readonly [pattern: RegExp, owner: string])[] = [
  [/\/\.nvm\/versions\//, 'nvm'],
  [/\/fnm\/node-versions\/|\/\.fnm\/node-versions\/|\/fnm_multishells\//, 'fnm'],
  [/\/\.volta\//, 'Volta'],
  [/\/\.asdf\/installs\//, 'asdf'],
  [/\/mise\/installs\//, 'mise'],
  [/\/\.nodenv\/versions\//, 'nodenv'],
  [/\/n\/versions\/node\//, 'n'],
  [/\/_npx\//, 'npx'],
  [/\/Cellar\//, 'Homebrew'],
  [/^\/nix\/store\//, 'Nix'],
];

/** Who will remove this path with the next upgrade or clean-up; undefined when nobody is known to. */
export function removedBy(path: string): string | undefined {
  return PERISHABLE.find(([pattern]) => pattern.test(path))?.[1];
}

/** What the person should know about a Node that an upgrade removes; undefined for one that stays. */
export function perishableNode(node: string): string | undefined {
  const owner = removedBy(node);
  return (
    owner &&
    `${node} belongs to ${owner} and goes with an upgrade; the service then looks for another Node each time it starts`
  );
}

/** The folders that macOS opens to programs only when the person allows it; a background job is not even asked. */
const PROTECTED = ['Documents', 'Desktop', 'Downloads'] as const;

/** Which protected folder of macOS a path is in; undefined for none. */
export function protectedFolder(path: string, home: string): string | undefined {
  return PROTECTED.find((folder) => `${path}${sep}`.startsWith(join(home, folder) + sep));
}
