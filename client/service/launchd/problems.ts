/** What is wrong with a LaunchAgent, beside what any service can have. */
import { readIfThere, serviceFile } from '../installed.ts';
import { launchAgent } from './plist.ts';
import { CODE, explainCode, explainExit, type Job } from './launchctl.ts';
import type { ServicePlan } from '../plan.ts';
import { type Finding, INSTALL } from '../status.ts';

/** What launchd makes of the job. */
export function stateProblems(
  job: Job | undefined,
  disabled: boolean,
  plan: ServicePlan,
  uid: number,
): Finding[] {
  if (disabled) {
    const { meaning, remedy } = explainCode(CODE.disabled, { uid, file: '' });
    return [{ check: 'service.disabled', level: 'warning', message: meaning, remedy }];
  }
  if (!job) {
    const message = 'launchd does not know the service: it is not loaded';
    return [{ check: 'service.loaded', level: 'warning', message, remedy: INSTALL }];
  }
  if (job.pid !== null) return [];
  if (job.lastExit !== null && job.lastExit !== 0) {
    const { meaning, remedy } = explainExit(job.lastExit, plan.crashLog);
    return [{ check: 'service.exit', level: 'error', message: meaning, remedy }];
  }
  if (!job.throttled) return [];
  const message =
    'launchd waits before it starts the daemon again, because it ended soon after its last start';
  return [
    { check: 'service.throttled', level: 'warning', message, remedy: `wait half a minute; ${plan.crashLog}` },
  ];
}

/** The files as they would be installed now. */
export function planFiles(plan: ServicePlan, home: string): Record<string, string> {
  const files = { [serviceFile('launchd', home)]: launchAgent(plan) };
  const source = plan.launcherSource === undefined ? undefined : readIfThere(plan.launcherSource);
  return source === undefined ? files : { ...files, [plan.launcher]: source };
}
