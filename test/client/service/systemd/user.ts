/**
 * A real `systemd --user` for an ordinary user with a home of their own, in a mount namespace and a control group.
 *
 * Needs root, for both; where that is not to be had the test is skipped.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmod, chown, cp, mkdir, readFile, rmdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, type TestContext } from 'vitest';
import { builtProgram, type Finished } from '../../../support/cli.ts';
import { temporaryDirectory } from '../../../support/home.ts';
import { requireTools } from '../../../support/tools.ts';
import { until } from '../../../support/until.ts';
import { execute } from '../launchd/stand-in.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const SYSTEMD = '/lib/systemd/systemd';
/** `nobody` */
const USER = 65_534;
const BECOME = ['--reuid', String(USER), '--regid', String(USER), '--clear-groups'];
const GROUPS = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup'];

/** `sd_booted` looks for /run/systemd/system, and the manager wants a control group that it may divide. */
const SCRIPT = `
set -e
mount -t tmpfs tmpfs /run/systemd
mkdir /run/systemd/system
for group in "$@"; do echo $$ >"$group/cgroup.procs"; done
exec setpriv ${BECOME.join(' ')} ${SYSTEMD} --user --unit=basic.target --log-target=null
`;

export interface SystemdUser {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** What makes the rest of a command run as the user. */
  readonly prefix: readonly string[];
  /** Where the package is, readable for the user. */
  readonly packageDir: string;
  /** Runs a program as the user. */
  execute(program: string, ...words: readonly string[]): Promise<Finished>;
  gardener(...words: readonly string[]): Promise<Finished>;
}

export async function systemdUser(context: TestContext): Promise<SystemdUser> {
  requireTools(context, ['unshare', 'nsenter', 'setpriv', 'systemctl', SYSTEMD]);
  if (process.getuid?.() !== 0) context.skip('needs root to run a service manager for another user');
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
  } catch {
    context.skip('needs the right to make a mount namespace');
  }
  const home = await temporaryDirectory();
  const runtime = join(home, 'runtime');
  await mkdir(runtime, { mode: 0o700 });
  const packageDir = join(home, 'the "package" & $HOME 100%');
  await mkdir(packageDir);
  await cp(join(builtProgram('gardener.js'), '..'), join(packageDir, 'dist'), { recursive: true });
  for (const part of ['launchd', 'package.json'])
    await cp(join(ROOT, part), join(packageDir, part), { recursive: true });
  await give(home, runtime);
  const env = { HOME: home, PATH: process.env['PATH'] ?? '', XDG_RUNTIME_DIR: runtime };

  const groups = await makeGroups();
  if (groups.length === 0) context.skip('needs a control group that may be divided');
  const manager = spawn('unshare', ['-m', 'sh', '-c', SCRIPT, 'sh', ...groups], { env, stdio: 'ignore' });
  // systemctl looks for /run/systemd/system as well.
  const inside = ['-t', String(manager.pid), '-m', 'setpriv', ...BECOME];
  const asUser = (program: string, ...words: readonly string[]) =>
    execute('nsenter', [...inside, program, ...words], env);
  const ended = new Promise<void>((resolve) => manager.once('exit', () => resolve()));
  onTestFinished(async () => {
    manager.kill('SIGTERM');
    await ended;
    for (const group of groups) await removeGroup(group);
  });
  await until(
    async () => /^(running|degraded)/.test((await asUser('systemctl', '--user', 'is-system-running')).stdout),
    'systemd --user runs',
  );
  return {
    home,
    packageDir,
    env,
    prefix: ['nsenter', ...inside],
    execute: asUser,
    gardener: (...words) => asUser(process.execPath, join(packageDir, 'dist', 'gardener.js'), ...words),
  };
}

async function give(...directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    await chmod(directory, 0o700);
    await chown(directory, USER, USER);
  }
}

async function makeGroups(): Promise<string[]> {
  const made: string[] = [];
  // The unified hierarchy alone where there is no other.
  const roots = existsSync('/sys/fs/cgroup/cgroup.procs') ? GROUPS.slice(2) : GROUPS.slice(0, 2);
  for (const root of roots) {
    const group = join(root, `gardener-test-${process.pid}-${Date.now()}`);
    try {
      await mkdir(group);
      await chown(group, USER, USER);
      for (const file of ['cgroup.procs', 'cgroup.subtree_control', 'tasks', 'cgroup.threads']) {
        if (existsSync(join(group, file))) await chown(join(group, file), USER, USER);
      }
      made.push(group);
    } catch {
      // Read-only or not there, as in most containers: the caller skips.
      return [];
    }
  }
  return made;
}

/** Removes a control group and those below, when the last process in them has been collected. */
async function removeGroup(group: string): Promise<void> {
  const find = `find ${group} -mindepth 1 -type d 2>/dev/null | sort -r | xargs -r rmdir 2>/dev/null || true`;
  await until(async () => {
    execFileSync('sh', ['-c', find]);
    const left = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '');
    if (left !== '') return false;
    return await rmdir(group).then(
      () => true,
      () => !existsSync(group),
    );
  }, `nothing is left in ${group}`);
}
