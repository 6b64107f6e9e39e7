/** Asking the service manager for the daemon, where a service is installed for this registry. */
import { type InstalledService, LABEL, readInstalled, SERVICE_UNIT, SOCKET_UNIT } from './installed.ts';
import { INSTALL, type Ran, runProgram } from './commands.ts';
import { CODE, isDisabled, readPrint } from './launchd/launchctl.ts';
import { SERVICE_MANAGERS } from '../../src/flags.ts';
import type { Paths } from '../../src/paths.ts';

/** What the service manager made of it: undefined when the daemon is on its way. */
export type Trouble = { readonly message: string; readonly remedy: string } | undefined;

/** Somebody waits for an answer of the registry. Milliseconds. */
const DEADLINE_MS = 10_000;

/**
 * The service that is installed for this registry; undefined for none, or for one of another registry. Costs two looks
 * at the disk where nothing is installed.
 */
export function findService(paths: Paths): InstalledService | undefined {
  // Whichever is written down: one of the two exists on a system, and tests bring their own.
  for (const name of SERVICE_MANAGERS) {
    try {
      const service = readInstalled(name);
      if (service?.socket === paths.socket && service.dataDir === paths.dataDir) return service;
    } catch {
      // A directory that may not be looked into keeps nobody from the registry; the doctor tells.
    }
  }
  return undefined;
}

/** Requests under way, so that many connections made at once in a process ask once. */
const asking = new Map<string, Promise<Trouble>>();

/** Has the service manager start the daemon, or listen for it. Asking for one that runs does nothing. */
export function askService(service: InstalledService): Promise<Trouble> {
  const known = asking.get(service.file);
  if (known) return known;
  const asked = (service.manager === 'launchd' ? askLaunchd() : askSystemd()).finally(() =>
    asking.delete(service.file),
  );
  asking.set(service.file, asked);
  return asked;
}

/** Why a daemon that was asked for has not come, as far as the service manager knows. */
export async function serviceTrouble({ manager }: InstalledService): Promise<Trouble> {
  return manager === 'launchd' ? await launchdTrouble() : await systemdTrouble();
}

const domains = (): readonly string[] => ['gui', 'user'].map((kind) => `${kind}/${process.getuid?.() ?? 0}`);

async function askLaunchd(): Promise<Trouble> {
  let code = 0;
  for (const domain of domains()) {
    ({ code } = await run('launchctl', 'kickstart', `${domain}/${LABEL}`));
    if (code === 0) return undefined;
    if (code === CODE.disabled) break;
  }
  for (const domain of domains()) {
    const { code: failed, output } = await run('launchctl', 'print-disabled', domain);
    if (failed !== 0) continue;
    if (code === CODE.disabled || isDisabled(output)) {
      return { message: 'its service is disabled', remedy: INSTALL };
    }
  }
  return { message: `launchd does not start its service (launchctl ended with ${code})`, remedy: INSTALL };
}

async function launchdTrouble(): Promise<Trouble> {
  for (const domain of domains()) {
    const { code, output } = await run('launchctl', 'print', `${domain}/${LABEL}`);
    if (code !== 0) continue;
    const { pid, lastExit } = readPrint(output);
    if (pid !== null || (lastExit ?? 0) === 0) return undefined;
    return { message: `its service ends with exit code ${lastExit}`, remedy: 'gardener service status' };
  }
  return { message: 'launchd does not know its service', remedy: INSTALL };
}

async function askSystemd(): Promise<Trouble> {
  const state = await run('systemctl', '--user', 'show', '--property=UnitFileState', '--value', SOCKET_UNIT);
  if (state.code === 0 && state.output !== 'enabled') {
    return { message: `its socket is ${state.output || 'not known to systemd'}`, remedy: INSTALL };
  }
  const { code, output } = await run('systemctl', '--user', 'start', SOCKET_UNIT);
  if (code === 0) return undefined;
  const [reason = `systemctl ended with ${code}`] = output.split('\n');
  return { message: `systemd does not start its socket: ${reason}`, remedy: 'gardener service status' };
}

async function systemdTrouble(): Promise<Trouble> {
  const properties = '--property=ActiveState,Result';
  const { output } = await run('systemctl', '--user', 'show', properties, SOCKET_UNIT, SERVICE_UNIT);
  if (!/^ActiveState=failed$/m.test(output)) return undefined;
  const result = /^Result=(?!success)(.*)$/m.exec(output)?.[1] ?? 'failed';
  return { message: `its service fails (${result})`, remedy: 'gardener service status' };
}

async function run(program: string, ...args: string[]): Promise<Ran> {
  return await runProgram(program, args, DEADLINE_MS);
}
