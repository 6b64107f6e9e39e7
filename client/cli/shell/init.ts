/** `gardener init`: a script that gives a shell more than a program can: changing itself, and its prompt. */
import { defineCommand } from '../command.ts';
import { shells } from '../option-values.ts';
import { UsageError } from '../errors.ts';
import { INIT as BASH } from './bash.ts';
import { INIT as FISH } from './fish.ts';
import { INIT as ZSH } from './zsh.ts';

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH };

const DETAILS = `The script gives the shell
  - completion of commands, flags and names, as gardener completion does,
  - gcd [project], which goes to where a project is; gcd - goes back,
  - gardener use --shell <project>, which is for this shell alone,
  - gardener_prompt, which prints the project that is meant here, or nothing.

In ~/.bashrc:
  eval "$(gardener init bash)"
  PS1='$(gardener_prompt) '$PS1
In ~/.zshrc:
  eval "$(gardener init zsh)"
  setopt prompt_subst
  PROMPT='$(gardener_prompt) '$PROMPT
In ~/.config/fish/config.fish, and in a fish_prompt of one's own:
  gardener init fish | source
  echo -n (string join -- ' ' (gardener_prompt) (prompt_pwd))'> '

What a prompt would expand in a name is not expanded: bash and zsh show ? for
$, \` and \\ in it.`;

export default defineCommand({
  description:
    'Prints a script for a shell to read as it starts. It registers no codebase: gardener add . does.',
  takes: { '[shell]': { description: 'which shell', ...shells } },
  details: DETAILS,
  examples: {
    'eval "$(gardener init bash)"': 'in ~/.bashrc, and now in a bash that runs',
    'eval "$(gardener init zsh)"': 'the same for zsh, in ~/.zshrc',
    'gardener init fish | source': 'for fish, in ~/.config/fish/config.fish',
  },
  document: { shell: 'its name', script: 'what it is to read' },
  action(ctx, { shell }) {
    if (shell === undefined) {
      throw new UsageError(
        'cannot tell for which shell: bash, zsh or fish',
        'gardener init bash, whose help says more; gardener add . to register a codebase',
      );
    }
    if (ctx.json) return ctx.printJson({ shell, script: SCRIPTS[shell] });
    ctx.printText(SCRIPTS[shell]);
  },
});
