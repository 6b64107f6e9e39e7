/** `gardener service uninstall`. */
import { homeDirectory } from '../../../src/paths.ts';
import { refuseForRoot } from '../../../src/claim/private-directory.ts';
import { defineCommand } from '../command.ts';
import { leftBy, noteLeft } from '../daemon/left-content.ts';
import { explained, managed, managerOf } from './manager.ts';

export default defineCommand({
  description: 'Removes the service. The registry stays, and so do the commands.',
  takes: managed,
  examples: {
    'gardener service uninstall': 'as it was before gardener service install',
  },
  document: {
    removed: 'the files that are gone',
    was_loaded: 'whether the manager knew it',
    'left?': 'path of a content that the daemon could not write where it belongs',
  },
  async action(ctx, { manager: named }) {
    refuseForRoot(ctx.host.home || homeDirectory());
    const manager = await managerOf(ctx, named);
    const uninstall = () => explained(ctx, () => manager.uninstall());
    const { result, left } = await leftBy(ctx.paths.dataDir, uninstall);
    const { removed, wasLoaded } = result;
    noteLeft(ctx, left);
    if (ctx.json) return ctx.printJson({ removed, was_loaded: wasLoaded, ...(left && { left }) });
    if (removed.length === 0 && !wasLoaded) return ctx.print('no service is installed');
    ctx.print(`removed the service from ${manager.name}`);
  },
});
