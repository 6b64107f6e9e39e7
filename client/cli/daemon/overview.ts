/** `gardener status`: daemon, registry, active project and what is wrong, at a glance. */
import type { Result } from '../../../src/protocol/methods.ts';
import { BUILD, VERSION } from '../../../src/version.ts';
import { STATUS_STYLES } from '../terminal/colour.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { elsewhere, type Elsewhere } from '../elsewhere.ts';
import { printFields } from '../terminal/fields.ts';
import { goneAmong, markedPath, NONE_GONE } from '../projects/gone.ts';
import { duration, plural, printable, relativeTime, statusWords, thousands } from '../terminal/text.ts';

export default defineCommand({
  description:
    'Shows the daemon, how many projects there are, the active one, and what is wrong if anything.',
  async action(ctx) {
    await ctx.withClient(async (client) => {
      const [daemon, registry, { active_project: active }, gone] = await Promise.all([
        client.daemon.status(),
        client.registry.info(),
        client.projects.active(),
        ctx.json ? NONE_GONE : goneAmong(client),
      ]);
      if (ctx.json) return ctx.printJson({ daemon, registry, active_project: active });
      const place = await elsewhere(ctx, daemon);
      printFields(ctx, [
        ['daemon', daemonText(daemon)],
        ['which is', placeText(ctx, place)],
        ['file', printable(ctx.shortPath(registry.file))],
        ['projects', countsText(ctx, registry)],
        [
          'active',
          active
            ? `${ctx.paint('bold', printable(active.name))}  ${markedPath(printable(ctx.shortPath(active.source_path)), gone.ids.has(active.project_id))}`
            : 'none',
        ],
        [
          'gone',
          gone.silent
            ? 'cannot be told: a disk does not answer'
            : gone.ids.size > 0
              ? ctx.paint('yellow', `${plural(gone.ids.size, 'codebase')}; gardener doctor names them`)
              : undefined,
        ],
        ['problem', problemText(ctx, registry)],
        adviceOn(ctx, registry),
      ]);
    });
  },
});

function daemonText(daemon: Result<'daemon.status'>): string {
  const { pid, uptime_s: uptime, manager } = daemon;
  return `running for ${duration(uptime)}, pid ${pid}, version ${releaseText(daemon)}, ${managerWords(manager)}`;
}

/** The version of a daemon, and whether it is another build of it than this command line. */
export function releaseText({ version, build }: Result<'daemon.status'>): string {
  const isOther = version === VERSION && build?.id !== BUILD?.id;
  return isOther ? `${version} (another build than this command line)` : version;
}

/** Where a daemon is that has other files than those here; its paths may be something else here. */
export function placeText(ctx: Context, place: Elsewhere | null): string | undefined {
  return place ? ctx.paint('yellow', place.where) : undefined;
}

/** Who started the daemon. */
export function managerWords(manager: Result<'daemon.status'>['manager']): string {
  switch (manager) {
    case 'launchd':
    case 'systemd':
      return `started by ${manager}`;
    case 'spawned':
      return 'started on demand';
    case 'foreground':
      return 'in the foreground';
  }
}

function countsText(ctx: Context, { project_count: total, counts }: Result<'registry.info'>): string {
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) =>
      ctx.paint(STATUS_STYLES[name] ?? 'bold', `${thousands(count)} ${statusWords(name)}`),
    );
  return total === 0 ? 'none yet' : `${thousands(total)}: ${parts.join(', ')}`;
}

function problemText(
  ctx: Context,
  { problem, read_only: readOnly }: Result<'registry.info'>,
): string | undefined {
  if (!problem) return undefined;
  const place = problem.line === undefined ? '' : ` (line ${problem.line}, column ${problem.column ?? 1})`;
  const since = relativeTime(problem.since, ctx.host.now());
  const weight = readOnly ? 'red' : 'yellow';
  return `${ctx.paint(weight, printable(problem.message))}${place}, noticed ${since}`;
}

/** What helps is part of the answer: a script or a mail has nobody who could be told beside it. */
function adviceOn(
  ctx: Context,
  { problem, read_only: readOnly }: Result<'registry.info'>,
): [label: string, text: string | undefined] {
  const remedy = problem?.remedy === undefined ? undefined : ctx.advise(printable(problem.remedy));
  if (!readOnly) return ['try', remedy];
  if (problem?.kind === 'newer_version') return ['changes', 'refused until you upgrade Codebase Gardener'];
  return [
    'changes',
    `refused until ${remedy === undefined ? 'the file is mended' : `that is over: ${remedy}`}`,
  ];
}
