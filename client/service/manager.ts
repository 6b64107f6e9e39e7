/** What every service manager can do with the service. */
import type { ServiceManagerName } from '../../src/flags.ts';
import { homeDirectory } from '../../src/paths.ts';
import { type Runner, runProgram, Session } from './commands.ts';
import { type Circumstances, circumstances, refuseFromInside, refuseOtherUser } from './guards.ts';
import { serviceFile } from './installed.ts';
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

export interface ManagerOptions {
  readonly home?: string | undefined;
  /** Runs the programs of the manager; default those on PATH. */
  readonly run?: Runner | undefined;
  readonly circumstances?: Circumstances | undefined;
}

/**
 * Installs, removes, restarts and asks. Every operation may be repeated: it does what is missing.
 *
 * All of them throw ServiceError with what was run and what to do.
 */
export abstract class ServiceManager {
  abstract readonly name: ServiceManagerName;
  protected readonly home: string;
  protected readonly run: Runner;
  protected readonly circumstances: Circumstances;

  constructor(options: ManagerOptions = {}) {
    this.home = options.home ?? homeDirectory();
    this.run = options.run ?? runProgram;
    this.circumstances = options.circumstances ?? circumstances();
  }

  /** The file that says what to start. */
  protected get file(): string {
    return serviceFile(this.name, this.home);
  }

  /** Begins what stops the service: one's own, and not from inside. */
  protected beginStop(): Session {
    refuseOtherUser(this.circumstances);
    refuseFromInside(this.circumstances);
    return new Session(this.run);
  }

  abstract install(options: PlanOptions, hooks?: InstallHooks): Promise<Installed>;
  abstract uninstall(): Promise<Uninstalled>;
  /** Ends the daemon, if it runs, and starts it. */
  abstract restart(): Promise<void>;
  /** @param options what would be installed now, to compare with */
  abstract status(options: PlanOptions): Promise<ServiceStatus>;
}
