/** What every service manager can do with the service. */
import type { ServiceManagerName } from '../../src/flags.ts';
import type { PlanOptions, ServicePlan } from './plan.ts';
import type { ServiceStatus } from './status.ts';

export interface InstallHooks {
  /** Called when the files are in their places and before the manager starts anything: the moment to end a daemon that a client has spawned. */
  readonly beforeStart?: (() => Promise<void>) | undefined;
}

export interface Installed {
  readonly file: string;
  /** False when the same was installed already. */
  readonly changed: boolean;
  readonly plan: ServicePlan;
}

export interface Uninstalled {
  /** Files that were there. */
  readonly removed: readonly string[];
  readonly wasLoaded: boolean;
}

/**
 * Installs, removes, restarts and asks. Every operation may be repeated: it does what is missing.
 *
 * All of them throw ServiceError with what was run and what to do.
 */
export interface ServiceManager {
  readonly name: ServiceManagerName;
  install(options: PlanOptions, hooks?: InstallHooks): Promise<Installed>;
  uninstall(): Promise<Uninstalled>;
  restart(): Promise<void>;
  /** @param options what would be installed now, to compare with */
  status(options: PlanOptions): Promise<ServiceStatus>;
}
