/** What a daemon that runs knows: itself, the file's condition, and how the registry compares with the disk. */
import type { Client } from '../../client.ts';
import { protectedFolder } from '../../service/places.ts';
import { BUILD, VERSION } from '../../../src/version.ts';
import type { WireProject } from '../../../src/domain/encoding.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import { type Diagnosis, error, type Fix, ok, warning } from './finding.ts';
import { managerWords } from '../daemon/overview.ts';
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

/** The projects that were removed and whose directories could not be deleted. */
export function leftProjects(issues: readonly Issue[]): string[] {
  return issues.flatMap(({ code, path }) => (code === 'left_behind' ? [path?.split('/').at(-1) ?? ''] : []));
}

/** What is done about each kind of issue that the doctor mends; deleting what may be somebody's data is not among it. */
function repairsOf(client: Client, issues: readonly Issue[]): ReadonlyMap<Issue['code'], Fix> {
  const repairs = new Map<Issue['code'], Fix>();
  const repair = (code: Issue['code'], done: (count: number) => string, what?: (count: number) => string) => {
    const about = issues.filter((issue) => issue.code === code && issue.fixable);
    if (about.length === 0) return;
    const lines = about.map(({ message }) => printable(message));
    repairs.set(code, {
      done: done(about.length),
      ...(what && { consent: { what: what(about.length), about: lines } }),
      async run() {
        const { remaining } = await client.registry.repair({ codes: [code] });
        const still = remaining.find((issue) => issue.code === code);
        if (still) throw new Error(printable(still.message));
      },
    });
  };
  repair('project_dir_missing', (count) => `made the directories of ${plural(count, 'project')}`);
  repair('left_behind', () => 'deleted what had been left of removed projects');
  repair(
    'adapter_missing',
    (count) => `marked ${plural(count, 'project')} for retraining`,
    (count) => `mark ${plural(count, 'project')} for retraining`,
  );
  repair(
    'training_stale',
    (count) => `marked ${plural(count, 'abandoned training')} as failed`,
    (count) => `mark ${plural(count, 'abandoned training')} as failed`,
  );
  repair(
    'active_missing',
    () => 'made the first project of the file the active one',
    () => 'make the first project of the file the active one',
  );
  return repairs;
}

/**
 * @param dropped ids that an outside edit took out of the file: their directories are no rubbish
 */
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
      return `look whether you need it: ls ${shellWord(path ?? '')}; this deletes all such: gardener call registry.repair '{"codes":["orphan_dir"]}'`;
    case 'adapter_missing':
      return `gardener doctor --fix, which asks before it marks it for retraining; or gardener retrain ${name}`;
    case 'training_stale':
      return 'gardener doctor --fix, which asks before it marks it as failed; not while a program trains it that knows nothing of leases';
    default:
      return undefined;
  }
}

/** Leaves out what {@link protectedFindings} tells better. */
export function unprotected(
  issues: readonly Issue[],
  { manager }: Pick<Result<'daemon.status'>, 'manager'>,
  { home, platform = process.platform }: { home: string; platform?: NodeJS.Platform },
): Issue[] {
  if (platform !== 'darwin' || manager !== 'launchd') return [...issues];
  return issues.filter(
    ({ code, path = '' }) => code !== 'source_unreachable' || protectedFolder(path, home) === undefined,
  );
}

/** Codebases where macOS lets a daemon that launchd starts see nothing. */
export function protectedFindings(
  projects: readonly Pick<WireProject, 'name' | 'source_path'>[],
  { manager }: Pick<Result<'daemon.status'>, 'manager'>,
  { home, platform = process.platform }: { home: string; platform?: NodeJS.Platform },
): Diagnosis[] {
  if (platform !== 'darwin' || manager !== 'launchd') return [];
  const inside = projects.filter(({ source_path: path }) => protectedFolder(path, home) !== undefined);
  if (inside.length === 0) return [];
  const named = inside
    .slice(0, 3)
    .map(({ name }) => printable(name))
    .join(', ');
  return [
    warning(
      'projects.protected',
      `macOS protects the folders of ${plural(inside.length, 'project')} from background programs: ${named}; whether their code is still there cannot be told`,
      'System Settings > Privacy & Security > Full Disk Access: allow gardenerd; or keep code outside of Documents, Desktop and Downloads',
    ),
  ];
}
