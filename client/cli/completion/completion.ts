/** `gardener completion`: a script that teaches a shell to complete what is typed after `gardener`. */
import { defineCommand } from '../command.ts';
import { shells } from '../option-values.ts';
import { COMPLETION as BASH } from '../shell/bash.ts';
import { COMPLETION as FISH } from '../shell/fish.ts';
import { COMPLETION as ZSH } from '../shell/zsh.ts';

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH };

export default defineCommand({
  description:
    'Prints a script that completes commands, flags and names, as gardener init does with more beside it.',
  takes: { '<shell>': { description: 'which shell', ...shells } },
  examples: {
    'eval "$(gardener completion bash)"': 'in ~/.bashrc',
    'eval "$(gardener completion zsh)"': 'in ~/.zshrc',
    'gardener completion fish | source': 'in ~/.config/fish/config.fish',
  },
  document: { shell: 'its name', script: 'what it is to read' },
  action(ctx, { shell }) {
    if (ctx.json) return ctx.printJson({ shell, script: SCRIPTS[shell] });
    ctx.printText(SCRIPTS[shell]);
  },
});
