/** The two settings of a git configuration that say where the main worktree is. https://git-scm.com/docs/git-config */

export interface Core {
  bare?: boolean;
  worktree?: string;
}

/** @param config the text of the file; null for none */
export function readCore(config: string | null): Core {
  const core: Core = {};
  let section = '';
  for (const line of (config ?? '').split('\n')) {
    section = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1]?.toLowerCase() ?? section;
    if (section !== 'core') continue;
    const [, key, value = 'true'] =
      /^\s*(?:\[[^\]]*\]\s*)?(bare|worktree)\s*(?:=\s*(.*?)\s*)?$/i.exec(line) ?? [];
    if (key?.toLowerCase() === 'bare') core.bare = /^(true|yes|on|1)$/i.test(value);
    if (key?.toLowerCase() === 'worktree') core.worktree = unquoted(value);
  }
  return core;
}

function unquoted(value: string): string {
  return /^"(.*)"$/.exec(value)?.[1]?.replace(/\\(["\\])/g, '$1') ?? value;
}
