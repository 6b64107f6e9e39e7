/** The three shells, each as it runs a script after it has read what `gardener init` prints. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { INIT as BASH } from '../../../client/cli/shell/bash.ts';
import { INIT as FISH } from '../../../client/cli/shell/fish.ts';
import { INIT as ZSH } from '../../../client/cli/shell/zsh.ts';

export const SHELLS = {
  bash: { script: BASH, words: ['bash', '--norc', '-c'] },
  zsh: { script: ZSH, words: ['zsh', '-f', '-c'] },
  fish: { script: FISH, words: ['fish', '--no-config', '-c'] },
} as const;

export type Shell = keyof typeof SHELLS;

/** Runs a script; `before` comes before what `gardener init` prints. */
export async function runIn(
  shell: Shell,
  script: string,
  { env, cwd, before = '' }: { env: NodeJS.ProcessEnv; cwd: string; before?: string },
): Promise<{ stdout: string; stderr: string }> {
  const { script: init, words } = SHELLS[shell];
  const [program, ...flags] = words;
  // Read as it is read by people, at the time when the lines before it have been run.
  const read = shell === 'fish' ? 'echo $INIT | string join \\n | source' : 'eval "$INIT"';
  return promisify(execFile)(program, [...flags, `${before}\n${read}\n${script}`], {
    env: { ...env, INIT: init },
    cwd,
    timeout: 30_000,
  });
}
