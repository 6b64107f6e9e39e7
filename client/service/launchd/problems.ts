/** What is wrong with a LaunchAgent, beside what any service can have. */
import { INSTALL } from '../commands.ts';
import { readIfThere, serviceFile } from '../installed.ts';
import { launchAgent } from './plist.ts';
import { CODE, explainCode, explainExit, type Job } from './launchctl.ts';
import type { ServicePlan } from '../plan.ts';
import type { Finding } from '../status.ts';

/** What launchd makes of the job. */
export function stateProblems(
  job: Job | undefined,
  disabled: boolean,
  plan: ServicePlan,
  uid: number,
): Finding[] {
  if (disabled) {
    const why = explainCode(CODE.disabled, { uid, file: '' });
    return [{ check: 'service.disabled', level: 'warning', ...why }];
  }
  if (!job) {
    const message = 'launchd does not know the service: it is not loaded';
    return [{ check: 'service.loaded', level: 'warning', message, remedy: INSTALL }];
  }
  if (job.pid !== null) return [];
  if (job.lastExit !== null && job.lastExit !== 0) {
    return [{ check: 'service.exit', level: 'error', ...explainExit(job.lastExit, plan.crashLog) }];
  }
  if (!job.throttled) return [];
  const message =
    'launchd waits before it starts the daemon again, because it ended soon after its last start';
  const remedy = `wait half a minute; ${plan.crashLog}`;
  return [{ check: 'service.throttled', level: 'warning', message, remedy }];
}

/** The files as they would be installed now. */
export function planFiles(plan: ServicePlan, home: string): Record<string, string> {
  const files = { [serviceFile('launchd', home)]: launchAgent(plan) };
  const source = plan.launcherSource === undefined ? undefined : readIfThere(plan.launcherSource);
  return source === undefined ? files : { ...files, [plan.launcher]: source };
}
