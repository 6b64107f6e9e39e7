/** `gardener service status`. */
import type { ServiceStatus } from '../../service/status.ts';
import { defineCommand } from '../command.ts';
import { printFields } from '../terminal/fields.ts';
import { printable } from '../terminal/text.ts';
import { explained, managed, managerOf, noteProblem, planOptions, STATUS_FIELDS } from './manager.ts';

export default defineCommand({
  description: 'Shows whether the service is installed, whether it runs, and what is not as it should be.',
  takes: managed,
  examples: {
    'gardener service status': 'whether it is installed, and runs',
    'gardener service status --manager systemd': 'of a manager by name',
  },
  document: STATUS_FIELDS,
  async action(ctx, { manager: named }) {
    const manager = await managerOf(ctx, named);
    const found = await explained(ctx, () => manager.status(planOptions(ctx)));
    if (ctx.json) return ctx.printJson(found);
    printFields(ctx, [
      ['service', found.installed ? `installed with ${found.manager}` : 'not installed'],
      ['file', found.installed ? printable(ctx.shortPath(found.file)) : undefined],
      ['state', stateWords(found)],
      ['last exit', found.last_exit === null ? undefined : String(found.last_exit)],
    ]);
    for (const problem of found.problems) noteProblem(ctx, problem);
    if (!found.installed) ctx.suggest('to have the daemon started by the system: gardener service install');
  },
});

function stateWords({ installed, enabled, loaded, running, pid }: ServiceStatus): string | undefined {
  if (!installed && !loaded) return undefined;
  const words = [enabled ? 'enabled' : 'disabled', loaded ? 'loaded' : 'not loaded'];
  return [...words, running ? `running, pid ${pid}` : 'not running'].join(', ');
}
