/** How the registry itself stands: what is wrong with its file, and the daemon. */
import type { Result } from '../../../src/protocol/methods.ts';
import { VERSION } from '../../../src/version.ts';
import type { Context } from '../context.ts';
import { placeText, releaseText } from '../daemon/told.ts';
import { printable, relativeTime } from '../terminal/text.ts';
import type { Glance } from './glance.ts';
import type { Row } from './layout.ts';

type Problem = NonNullable<Result<'registry.info'>['problem']>;

const KEPT = 'gardener backups, which lists the earlier contents that are kept';
const USUAL_FILE = '~/.codebase-gardener/registry.json';

export function stateRows(ctx: Context, { daemon, registry, place }: Glance): Row[] {
  const { problem } = registry;
  const elsewhere = placeText(ctx, place);
  const release = releaseText(daemon);
  const file = printable(ctx.shortPath(registry.file));
  return [
    ...(problem ? problemRows(ctx, registry, problem) : []),
    ...(file === USUAL_FILE && !problem ? [] : [{ label: 'file', told: file }]),
    ...(elsewhere === undefined ? [] : [{ label: 'which is', told: elsewhere }]),
    ...(release === VERSION ? [] : [{ label: 'build', told: `version ${printable(release)}` }]),
    {
      label: 'daemon',
      parts: [{ forms: [problem ? 'running, but see the problem' : 'running, no problems', 'running'] }],
      step: 'gardener --help for all commands',
    },
  ];
}

/** What helps is part of the answer: a script or a mail has nobody who could be told beside it. */
function problemRows(
  ctx: Context,
  { read_only: readOnly }: Result<'registry.info'>,
  { kind, message, line, column, since, remedy: advice }: Problem,
): Row[] {
  const place = line === undefined ? '' : ` (line ${line}, column ${column ?? 1})`;
  const noticed = relativeTime(since, ctx.host.now());
  const told = `${ctx.paint(readOnly ? 'red' : 'yellow', printable(message))}${place}, noticed ${noticed}`;
  const remedy = advice === undefined ? undefined : ctx.advise(printable(advice));
  return [{ label: 'problem', told }, ...consequence(ctx, readOnly, kind, remedy)];
}

function consequence(
  ctx: Context,
  readOnly: boolean,
  kind: Problem['kind'],
  remedy: string | undefined,
): Row[] {
  if (!readOnly && kind === 'recovered') return [{ label: 'try', told: ctx.advise(KEPT) }];
  if (!readOnly) return remedy === undefined ? [] : [{ label: 'try', told: remedy }];
  if (kind === 'newer_version')
    return [{ label: 'changes', told: 'refused until you upgrade Codebase Gardener' }];
  if (remedy !== undefined) return [{ label: 'changes', told: `refused until that is over: ${remedy}` }];
  return [
    { label: 'changes', told: 'refused until you mend the file, or restore a backup' },
    { label: 'try', told: ctx.advise(KEPT) },
  ];
}
