/** `gardener` without a command: the screen where somebody looks and there is something to see, help otherwise. */
import { existsSync } from 'node:fs';
import { ConnectionError } from '../../errors.ts';
import { defineHidden } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../errors.ts';
import { askForGlance } from './ask.ts';

export default defineHidden({
  description: 'Shows how everything stands.',
  async action(ctx, _input, command) {
    if (!ctx.interactive) return (command.parent ?? command).help();
    // Whoever only looks what this program is gets no daemon and no directory.
    if (!ctx.socketAlone && !existsSync(ctx.paths.dataDir)) return welcome(ctx);
    try {
      const glance = await askForGlance(ctx);
      const { project_count: count, problem } = glance.registry;
      if (count === 0 && !problem) return welcome(ctx);
      const { printGlance } = await import('./screen.ts');
      printGlance(ctx, glance);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      const { printUnreachable } = await import('./screen.ts');
      printUnreachable(ctx, error);
      ctx.exitCode = EXIT.unreachable;
    }
  },
});

const BEGIN: Readonly<Record<string, string>> = {
  'gardener add .': 'register the codebase in this directory',
  'gardener scan ~/src': 'find codebases below a directory',
  'gardener use <project>': 'make one the active project',
};

function welcome(ctx: Context): void {
  ctx.say('No codebases are registered yet. To begin with:');
  ctx.print();
  const lines = Object.entries(BEGIN).map(([typed, does]) => [ctx.advise(typed), does] as const);
  const width = Math.max(...lines.map(([typed]) => typed.length));
  const isBeside = lines.every(([, does]) => 4 + width + does.length <= (ctx.columns ?? 0));
  for (const [typed, does] of lines) {
    const command = `  ${ctx.paint('cyan', isBeside ? typed.padEnd(width) : typed)}`;
    ctx.printLines(isBeside ? [`${command}  ${does}`] : [command, `      ${does}`]);
  }
  ctx.print();
  ctx.print('gardener --help for all commands');
}
