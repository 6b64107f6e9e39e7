/** `gardener doctor`: looks at everything that can be wrong, with a daemon or without one. */
import { lstat } from 'node:fs/promises';
import type { Client } from '../../client.ts';
import { ConnectionError } from '../../errors.ts';
import { RegistryError } from '../../../src/domain/errors.ts';
import { type Paths, resolvePaths } from '../../../src/paths.ts';
import { namedTrouble } from '../../reach/program.ts';
import { defineCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { backupFindings, findDropped } from './backups.ts';
import { checkBeside, checkSchema } from './beside.ts';
import { checkDisk } from './disk.ts';
import { checkFile } from './file.ts';
import { checkLeftovers, deadSocket } from './leftovers.ts';
import { checkPermissions } from './permissions.ts';
import {
  daemonFindings,
  issueFindings,
  leftProjects,
  problemFindings,
  protectedFindings,
  unprotected,
} from './registry.ts';
import { checkTrash } from './trash.ts';
import { applyFixes } from './treatment.ts';
import { checkWriting } from './writing.ts';
import { report } from './report.ts';
import { adviseThere, type Elsewhere, elsewhere, elsewhereFinding } from '../elsewhere.ts';
import { EXIT, explain, UsageError } from '../errors.ts';
import { type Diagnosis, type Treatment, error, ok, warning } from './finding.ts';
import { listAll } from '../projects/list.ts';

/** A doctor must not hang with the patient: a call may take so long. Milliseconds. */
const CALL_MS = 10_000;

export default defineCommand({
  description:
    'Looks at the files, the daemon, the projects, the backups and the service, and says what to do. Works also when the daemon does not. Ends with 1 when there are errors.',
  takes: {
    '--fix':
      'do what can be done without losing anything; says what and asks, and elsewhere than at a terminal leaves what changes the registry',
    '--yes': 'with --fix: do not ask',
  },
  examples: {
    'gardener doctor': 'what is wrong, and what to do about it',
    'gardener doctor --fix': 'shows what can be done, and asks',
    'gardener doctor --json > report.json': 'for a bug report',
  },
  document: {
    findings: 'each with check, level (ok, warning, error), message, and remedy where there is one',
    'fixed?': 'with --fix: what was done',
    'not_fixed?': 'with --fix: what could not be done',
    'not_agreed?': 'with --fix: what nobody has agreed to',
  },
  async action(ctx, { fix, yes }) {
    if (yes && !fix) {
      const message = 'cannot agree to anything: nothing is to be changed';
      throw new UsageError(message, 'gardener doctor --fix --yes');
    }
    const treatment: Treatment = { done: [], failed: [], notAgreed: [] };
    const treat: Treat = async (look) => {
      const found = await look();
      if (!fix || !found.some((one) => one.fix)) return found;
      await applyFixes(ctx, found, treatment, yes === true);
      return look();
    };
    const life = await lifeOf(ctx);
    const findings = await (typeof life === 'string' || !('elsewhere' in life)
      ? examineHere(ctx, life, treat)
      : examineElsewhere(ctx, life.elsewhere, treat));
    report(ctx, findings, fix ? treatment : undefined);
    if (findings.some(({ level }) => level === 'error') || treatment.failed.length > 0)
      ctx.exitCode = EXIT.refused;
  },
});

type Treat = (look: () => Promise<Diagnosis[]>) => Promise<Diagnosis[]>;

async function examineHere(ctx: Context, life: Life, treat: Treat): Promise<Diagnosis[]> {
  // Whose data are behind a socket that is given alone is not known.
  if (life !== 'running' && ctx.socketAlone === true) return examineDaemon(ctx, life, [], treat);
  const local = await treat(() => examineFiles(ctx, life === 'running'));
  return [
    ...local,
    ...programFindings(ctx, life),
    ...(await examineDaemon(ctx, life, local, treat)),
    ...(await examineService(ctx)),
  ];
}

/** What can be looked at without a daemon. */
async function examineFiles(ctx: Context, running: boolean): Promise<Diagnosis[]> {
  const paths = running ? ctx.paths : ownPaths(ctx);
  const short = (path: string): string => ctx.shortPath(path);
  return [
    ...(await checkPermissions(paths, short)),
    ...(await checkFile(paths, running, ctx.host.daemonProgram, short)),
    ...(await checkBeside(paths, running, short)),
    ...(await checkSchema(paths, short)),
    ...(await checkWriting(paths, short)),
    ...(await checkLeftovers(paths, ctx.host.now(), short)),
    ...(await checkTrash(paths, ctx.host.now(), short)),
    ...(await checkDisk(paths)),
  ];
}

/** With the data directory's own socket in the place of one that is for whoever forwards it. */
function ownPaths({ paths, mayBeTunnel, host }: Context): Paths {
  if (!mayBeTunnel) return paths;
  const env = { ...host.env, CODEBASE_GARDENER_SOCKET: undefined };
  return resolvePaths({ dataDir: paths.dataDir }, env);
}

/** What keeps the next daemon from being started; where one is started now, that tells. */
function programFindings(ctx: Context, life: Life): Diagnosis[] {
  const trouble = life === 'running' || !ctx.autoStart ? namedTrouble(ctx.host.env) : undefined;
  return trouble ? [warning('daemon.program', ctx.tildes(trouble.message), trouble.remedy)] : [];
}

type Life = 'running' | 'absent' | { readonly trouble: unknown };

/** Whether a daemon answers, and which; starts none. */
async function lifeOf(ctx: Context): Promise<Life | { readonly elsewhere: Elsewhere }> {
  try {
    const found = await ctx.withClient(async (client) => elsewhere(ctx, await client.daemon.status()), {
      autoStart: false,
      deadlines: { call: CALL_MS },
    });
    return found === null ? 'running' : { elsewhere: found };
  } catch (trouble) {
    const absent = trouble instanceof ConnectionError && trouble.reason === 'not_running';
    return absent ? 'absent' : { trouble };
  }
}

/** What a daemon says that has other files than those here; nothing here is compared with that. */
async function examineElsewhere(ctx: Context, found: Elsewhere, treat: Treat): Promise<Diagnosis[]> {
  const at = elsewhereFinding(found, ctx.paths.socket);
  try {
    const options = { autoStart: false, deadlines: { call: CALL_MS } };
    const look = (client: Client) => treat(() => examineRegistry(ctx, client, found));
    return [at, ...(await ctx.withClient(look, options))];
  } catch (trouble) {
    return [at, troubleFinding(ctx, trouble)];
  }
}

/** What only a daemon can tell; one is started for it, unless that is forbidden or would change a spoilt file. */
async function examineDaemon(
  ctx: Context,
  life: Life,
  local: readonly Diagnosis[],
  treat: Treat,
): Promise<Diagnosis[]> {
  const unseen = (why: string): Diagnosis =>
    warning('projects', `the projects, the backups and the daemon were not looked at: ${why}`);
  if (typeof life === 'object')
    return [troubleFinding(ctx, life.trouble), unseen('the daemon does not answer')];
  const left = await treat(() => leftSocket(ctx, life));
  const spoilt = local.some(({ level, check }) => level === 'error' && check.startsWith('file.'));
  if (life === 'absent' && !ctx.autoStart)
    return [...left, unseen('no daemon runs, and --no-start forbids to start one')];
  if (life === 'absent' && spoilt)
    return [...left, unseen('no daemon runs, and none is started before the file is seen to')];
  try {
    const deadlines = { call: CALL_MS };
    const look = (client: Client) => treat(() => examineRegistry(ctx, client));
    return [...left, ...(await ctx.withClient(look, { deadlines }))];
  } catch (trouble) {
    return [...left, troubleFinding(ctx, trouble), unseen('the daemon does not answer')];
  }
}

async function leftSocket(ctx: Context, life: Life): Promise<Diagnosis[]> {
  // One that was forwarded is for whoever forwards it.
  if (life !== 'absent' || ctx.mayBeTunnel) return [];
  const { paths } = ctx;
  const status = await lstat(paths.socket).catch(() => undefined);
  return status?.isSocket() ? [await deadSocket(paths, status, (path) => ctx.shortPath(path))] : [];
}

/** @param found a daemon whose files are not those here */
async function examineRegistry(ctx: Context, client: Client, found?: Elsewhere): Promise<Diagnosis[]> {
  const now = ctx.host.now();
  const [status, info, { issues }, { backups, ...missing }, projects] = await Promise.all([
    client.daemon.status(),
    client.registry.info(),
    client.registry.validate(),
    client.registry.backups().catch((trouble: unknown) => ({ backups: [], trouble: backupTrouble(trouble) })),
    listAll(client, {}),
  ]);
  const known = new Set([...projects.map(({ project_id: id }) => id), ...leftProjects(issues)]);
  const isHere = found?.directory !== null;
  const dropped = isHere ? await findDropped(client, status.data_dir, backups, known, now) : [];
  const told = isHere ? unprotected(issues, status, ctx.host) : issues;
  const findings = [
    ...daemonFindings(status),
    ...problemFindings(info),
    ...issueFindings(client, told, projects, new Set(dropped.map(({ project_id: id }) => id))),
    ...(isHere ? protectedFindings(projects, status, ctx.host) : []),
    ...('trouble' in missing ? [missing.trouble] : backupFindings(backups, dropped, now)),
  ];
  return isHere ? findings : findings.map(adviseThere);
}

/** What the service manager says; a system without one has nothing to say. */
async function examineService(ctx: Context): Promise<Diagnosis[]> {
  const { paths, host } = ctx;
  if (process.platform !== 'darwin' && process.platform !== 'linux')
    return [ok('service', 'not on this system')];
  // It brings more with it than all the rest, which is not needed to say what the doctor takes.
  const { serviceFindings } = await import('../../service/findings.ts');
  return serviceFindings({ paths, daemonProgram: host.daemonProgram, home: host.home || undefined });
}

/** @throws what is no answer about the backups */
function backupTrouble(trouble: unknown): Diagnosis {
  if (!(trouble instanceof RegistryError)) throw trouble;
  const { message, hint } = explain(trouble);
  return error('backups', message, hint);
}

function troubleFinding(ctx: Context, trouble: unknown): Diagnosis {
  const { message, hint } = explain(trouble, {}, ctx.socketAlone);
  return error('daemon', message, hint);
}
