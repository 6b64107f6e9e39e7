/** What `gardener doctor` should know about the service. */
import { findHome } from '../../src/paths.ts';
import { ServiceError } from './commands.ts';
import type { ServiceManagerName } from '../../src/flags.ts';
import { readInstalled } from './installed.ts';
import { Launchd } from './launchd/launchd.ts';
import type { ServiceManager } from './manager.ts';
import type { PlanOptions } from './plan.ts';
import type { Finding } from './status.ts';
import { Systemd } from './systemd/systemd.ts';

/** The service manager of this platform. */
export function platformManager(): ServiceManagerName {
  return process.platform === 'darwin' ? 'launchd' : 'systemd';
}

export function serviceManager(name: ServiceManagerName, home?: string): ServiceManager {
  return name === 'launchd' ? new Launchd({ home }) : new Systemd({ home });
}

/**
 * Looks at the service: whether it is what would be installed now, whether Node will stay, whether it is disabled,
 * throttled or failing, whether it can reach its files, and on systemd whether it outlives the login. Never rejects;
 * a service manager that does not answer is a finding.
 *
 * @param options what would be installed now
 */
export async function serviceFindings(
  options: PlanOptions,
  name: ServiceManagerName = platformManager(),
): Promise<Finding[]> {
  try {
    const home = options.home ?? findHome();
    // Who has no home has no service either.
    if (home === null || !readInstalled(name, home)) {
      const message = 'no service is installed; the daemon is started when somebody needs it';
      return [{ check: 'service', level: 'ok', message }];
    }
    const manager = serviceManager(name, home);
    const { problems, running } = await manager.status(options);
    const lingering = manager instanceof Systemd ? lingeringFinding(await manager.lingers()) : [];
    if (problems.length > 0) return [...problems, ...lingering];
    const message = `the service is installed with ${name}${running ? ' and runs' : ' and starts when it is needed'}`;
    return [{ check: 'service', level: 'ok', message }, ...lingering];
  } catch (error) {
    if (error instanceof ServiceError)
      return [{ check: 'service', level: 'error', message: error.message, remedy: error.remedy }];
    if (!(error instanceof Error && 'code' in error)) throw error;
    const message = `cannot tell whether a service is installed: ${error.message}`;
    return [{ check: 'service', level: 'warning', message, remedy: 'make the directory and the file yours' }];
  }
}

function lingeringFinding(lingers: boolean | undefined): Finding[] {
  if (lingers !== false) return [];
  const message =
    'the daemon ends with your last session, as everything of systemd --user does without lingering';
  const remedy =
    'loginctl enable-linger, if trainers or agents are to reach the registry while you are logged out';
  return [{ check: 'service.lingering', level: 'ok', message, remedy }];
}
