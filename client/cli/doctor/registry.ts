/** What a daemon that runs knows: itself, the file's condition, and how the registry compares with the disk. */
import type { Client } from '../../client.ts';
import { protectedFolder } from '../../service/places.ts';
import { BUILD, VERSION } from '../../../src/version.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import { type Diagnosis, error, type Fix, ok, warning } from './finding.ts';
import { managerWords } from '../daemon/told.ts';
import { duration, plural, printable, shellWord } from '../terminal/text.ts';

type Issue = Result<'registry.validate'>['issues'][number];

export function daemonFindings({
  pid,
  version,
  build,
  uptime_s: uptime,
  manager,
}: Result<'daemon.status'>): Diagnosis[] {
  const running = ok(
    'daemon',
    `process ${pid} has been running for ${duration(uptime)}, ${managerWords(manager)}`,
  );
  const isSame = version === VERSION;
  if (isSame && build?.id === BUILD?.id)
    return [running, ok('daemon.version', `everything is of version ${version}`)];
  return [
    running,
    warning(
      'daemon.version',
      isSame
        ? `the daemon is another build of version ${version} than this command line`
        : `the daemon is of version ${printable(version)}, and this command line of ${VERSION}`,
      manager === 'foreground' ? 'start it again' : 'gardener daemon restart',
    ),
  ];
}

export function problemFindings({
  problem,
  read_only: readOnly,
  file,
}: Result<'registry.info'>): Diagnosis[] {
  const check = 'registry.problem';
  if (!problem) return [ok(check, 'the daemon knows of nothing that is wrong with the file')];
  const place = problem.line === undefined ? '' : ` (line ${problem.line}, column ${problem.column ?? 1})`;
  const message = printable(problem.message) + place;
  if (problem.kind === 'newer_version')
    return [warning(check, message, 'a newer version of Codebase Gardener')];
  const remedy = problem.remedy === undefined ? undefined : printable(problem.remedy);
  if (problem.kind === 'failed_write') return [error(check, message, remedy)];
  if (!readOnly)
    return [warning(check, message, remedy ?? 'see what is there: gardener ls, gardener backups')];
  return [
    error(
      check,
      `changes are refused: ${message}`,
      remedy ?? `mend ${shellWord(file)}, or gardener restore last-good`,
    ),
  ];
}

/** The projects that were removed and whose directories could not be moved away. */
export function leftProjects(issues: readonly Issue[]): string[] {
  return issues.flatMap(({ code, path }) => (code === 'left_behind' ? [path?.split('/').at(-1) ?? ''] : []));
}

/**
 * What is done about each kind of issue that the doctor mends, and whether that changes the registry. Taking away what
 * may be somebody's data is not among it.
 */
const REPAIRS: readonly (readonly [
  Issue['code'],
  does: string,
  did: string,
  isChange: boolean,
  what: Counted,
])[] = [
  ['project_dir_missing', 'make', 'made', false, (count) => `the directories of ${plural(count, 'project')}`],
  ['left_behind', 'take away', 'took away', false, () => 'what had been left of removed projects'],
  ['adapter_missing', 'mark', 'marked', true, (count) => `${plural(count, 'project')} for retraining`],
  ['training_stale', 'mark', 'marked', true, (count) => `${plural(count, 'abandoned training')} as failed`],
  ['active_missing', 'make', 'made', true, () => 'the first project of the file the active one'],
];

type Counted = (count: number) => string;

function repairsOf(client: Client, issues: readonly Issue[]): ReadonlyMap<Issue['code'], Fix> {
  const repairs = new Map<Issue['code'], Fix>();
  for (const [code, does, did, isChange, counted] of REPAIRS) {
    const these = issues.filter((issue) => issue.code === code && issue.fixable);
    if (these.length === 0) continue;
    const about = these.map(({ message }) => printable(message));
    const what = counted(about.length);
    repairs.set(code, {
      does: `${does} ${what}`,
      done: `${did} ${what}`,
      ...(isChange && { about }),
      async run() {
        const { remaining } = await client.registry.repair({ codes: [code] });
        const still = remaining.find((issue) => issue.code === code);
        if (still) throw new Error(printable(still.message));
      },
    });
  }
  return repairs;
}

/** @param dropped ids that an outside edit took out of the file: their directories are no rubbish */
export function issueFindings(
  client: Client,
  issues: readonly Issue[],
  projects: readonly WireProject[],
  dropped: ReadonlySet<string>,
): Diagnosis[] {
  const names = new Map(projects.map(({ project_id: id, name }) => [id, name]));
  const told = issues.filter(
    ({ code, path }) => code !== 'orphan_dir' || !dropped.has(path?.split('/').at(-1) ?? ''),
  );
  const repairs = repairsOf(client, told);
  if (told.length === 0)
    return [ok('projects', `${plural(projects.length, 'project')}, as they are on the disk`)];
  return told.map((issue) => {
    const name = shellWord(names.get(issue.project_id ?? '') ?? issue.project_id ?? '');
    return warning(
      `projects.${issue.code}`,
      printable(issue.message),
      remedyFor(issue, name),
      issue.fixable ? repairs.get(issue.code) : undefined,
    );
  });
}

function remedyFor({ code, path, remedy }: Issue, name: string): string | undefined {
  if (remedy !== undefined) return printable(remedy);
  switch (code) {
    case 'source_missing':
      return `gardener edit ${name} --path <path>, or gardener rm ${name}`;
    case 'source_unreachable':
      return `look yourself: ls ${shellWord(path ?? '')}; if it is gone for good: gardener edit ${name} --path <path>, or gardener rm ${name}`;
    case 'adapter_unreachable':
      return `look yourself: ls ${shellWord(path ?? '')}; if it is gone for good: gardener retrain ${name}`;
    case 'left_behind':
      return `gardener doctor --fix, when nothing is in the way any more; or delete it yourself: rm -r ${shellWord(path ?? '')}`;
    case 'orphan_dir':
      return `look whether you need it: ls ${shellWord(path ?? '')}; this moves all such to the trash: gardener call registry.repair '{"codes":["orphan_dir"]}'`;
    case 'adapter_missing':
      return `gardener doctor --fix, which asks before it marks it for retraining; or gardener retrain ${name}`;
    case 'training_stale':
      return 'gardener doctor --fix, which asks before it marks it as failed; not while a program trains it that knows nothing of leases';
    default:
      return undefined;
  }
}

type Daemon = Pick<Result<'daemon.status'>, 'manager'>;
type Machine = { readonly home: string; readonly platform?: NodeJS.Platform };

/** Whether macOS lets a daemon see nothing there: one that launchd starts. */
function isProtected(path: string, { manager }: Daemon, { home, platform = process.platform }: Machine) {
  return platform === 'darwin' && manager === 'launchd' && protectedFolder(path, home) !== undefined;
}

/** Leaves out what {@link protectedFindings} tells better. */
export function unprotected(issues: readonly Issue[], daemon: Daemon, machine: Machine): Issue[] {
  return issues.filter(
    ({ code, path = '' }) => code !== 'source_unreachable' || !isProtected(path, daemon, machine),
  );
}

/** Codebases of which macOS lets the daemon see nothing. */
export function protectedFindings(
  projects: readonly Pick<WireProject, 'name' | 'source_path'>[],
  daemon: Daemon,
  machine: Machine,
): Diagnosis[] {
  const inside = projects.filter(({ source_path: path }) => isProtected(path, daemon, machine));
  if (inside.length === 0) return [];
  const names = inside.slice(0, 3).map(({ name }) => printable(name));
  return [
    warning(
      'projects.protected',
      `macOS protects the folders of ${plural(inside.length, 'project')} from background programs: ${names.join(', ')}; whether their code is still there cannot be told`,
      'System Settings > Privacy & Security > Full Disk Access: allow gardenerd; or keep code outside of Documents, Desktop and Downloads',
    ),
  ];
}
