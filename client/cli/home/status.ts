/** `gardener status`: what there is to know at a glance, and what to do next. */
import { defineCommand } from '../command.ts';
import { askForGlance } from './ask.ts';
import type { Glance } from './glance.ts';

export default defineCommand({
  description:
    'Shows which project is meant here, which is active, what trains, waits, has failed or is gone, and what is wrong, each with what to do next. On a terminal, gardener alone shows the same.',
  examples: {
    'gardener status': 'what there is to know now',
    'gardener status --json | jq -r ".waiting[].name"': 'names of the projects that wait for training',
  },
  document: {
    daemon: 'what daemon.status answers',
    registry: 'what registry.info answers, with the active project itself',
    active_project: 'the project, or null',
    here: 'what is meant in the working directory: `project` and `resolved_by`, or null for none; `unregistered`, a repository there that is in no project, or null; `problem`, what is in the way of telling, or null; `remedy`, what to do about it, or null',
    training: 'the projects in training, the longest first',
    waiting: 'those that wait for training, in the order in which they are claimed',
    failed: 'those that have failed, the last one first',
    stale:
      'of the project here and the active one, those whose code has new commits, with their number in `ahead`',
    gone: 'codebases that are not where they were: `project`, and in `moved_to` one with the same history, or null',
    silent: 'whether a disk did not answer, so that which are gone cannot be told',
  },
  async action(ctx) {
    const glance = await askForGlance(ctx);
    if (ctx.json) return ctx.printJson(document(glance));
    const { printGlance } = await import('./screen.ts');
    printGlance(ctx, glance);
  },
});

function document({
  daemon,
  registry: info,
  active,
  here,
  training,
  waiting,
  failed,
  stale,
  gone,
  silent,
}: Glance) {
  const registry = { ...info, active_project: active };
  return { daemon, registry, active_project: active, here, training, waiting, failed, stale, gone, silent };
}
