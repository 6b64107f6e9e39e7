/** `gardener` without a command: the screen where somebody looks and there is something to see, help otherwise. */
import { lstatSync } from 'node:fs';
import { ConnectionError } from '../../errors.ts';
import { defineHidden } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, ifRefused } from '../errors.ts';
import { wrapText } from '../terminal/wrap.ts';
import { askForGlance } from './ask.ts';

export default defineHidden({
  description: 'Shows how everything stands.',
  async action(ctx, _input, command) {
    if (!ctx.interactive) return (command.parent ?? command).help();
    // Whoever only looks what this program is gets no daemon and no directory.
    if (!ctx.socketAlone && !isThere(ctx.paths.dataDir)) return welcome(ctx);
    try {
      const glance = await askForGlance(ctx);
      const { project_count: count, problem } = glance.registry;
      if (count === 0 && !problem) return welcome(ctx, await hasBackups(ctx));
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

const BACK: Readonly<Record<string, string>> = {
  'gardener backups': 'list the earlier contents that are kept',
};

/** Also a link that leads nowhere, such as to a disk that is not mounted: what it led to may have been somebody's. */
function isThere(directory: string): boolean {
  try {
    return lstatSync(directory, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Where that may not be looked at, whoever reaches for the daemon says why.
    return true;
  }
}

/** Whether there were other contents before, as of a file that could not be read. */
async function hasBackups(ctx: Context): Promise<boolean> {
  return await ctx.withClient(async (client) => {
    const none = { backups: [] };
    const { backups } = await client.registry.backups().catch(ifRefused('storage_failed', none));
    // What was empty, too, is nothing to go back to.
    return backups.some(({ project_count: count }) => count !== 0);
  });
}

function welcome(ctx: Context, isEmptied = false): void {
  sayPlainly(ctx, `No codebases are registered ${isEmptied ? 'now' : 'yet'}. To begin with:`);
  ctx.print();
  const all = isEmptied ? { ...BEGIN, ...BACK } : BEGIN;
  const lines = Object.entries(all).map(([typed, does]) => [ctx.advise(typed), does] as const);
  const width = Math.max(...lines.map(([typed]) => typed.length));
  const isBeside = lines.every(([, does]) => 4 + width + does.length <= (ctx.columns ?? 0));
  for (const [typed, does] of lines) {
    const command = `  ${ctx.paint('cyan', isBeside ? typed.padEnd(width) : typed)}`;
    if (isBeside) ctx.print(`${command}  ${does}`);
    else ctx.printLines([command, ...wrapText(does, ctx.columns, '      ')]);
  }
  ctx.print();
  sayPlainly(ctx, 'gardener --help for all commands');
}

/** A sentence whose lines all begin alike. */
function sayPlainly(ctx: Context, sentence: string): void {
  ctx.printLines(wrapText(sentence, ctx.columns));
}
