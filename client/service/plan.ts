/** What is to be installed: which programs, for which registry. */
import { dirname, join } from 'node:path';
import { IDLE_TIMEOUT } from '../../src/flags.ts';
import { homeDirectory, type Paths } from '../../src/paths.ts';
import { perishableNode, removedBy, stablePath } from './places.ts';

export interface PlanOptions {
  readonly paths: Paths;
  /** `gardenerd.js` of this package. */
  readonly daemonProgram: string;
  /** Start with the first call and end when idle, instead of running from login on. systemd knows no other way. */
  readonly onDemand?: boolean | undefined;
  /** Node to record; default the one that runs. */
  readonly node?: string | undefined;
  readonly home?: string | undefined;
}

export interface ServicePlan {
  readonly home: string;
  /** The script that looks for a Node and starts the daemon with it. */
  readonly launcher: string;
  /** Where to copy the launcher from when it does not stay in the package. */
  readonly launcherSource: string | undefined;
  /** `launchd/` of this package. */
  readonly templates: string;
  /** Where Node is now; the launcher looks for another one when it is gone. */
  readonly node: string;
  /** `gardenerd.js`. */
  readonly daemon: string;
  readonly dataDir: string;
  readonly socket: string;
  /** For what a crash prints; the daemon writes its own log. */
  readonly crashLog: string;
  readonly onDemand: boolean;
  /** Seconds without connections after which a daemon on demand ends. */
  readonly idleTimeout: number;
}

/**
 * Decides what to install.
 *
 * The launcher stays in the package, so that it is replaced with it; only out of a directory that the next upgrade
 * removes it is copied beside the data, so that it can still find what came instead, or say what is missing.
 */
export function planService(options: PlanOptions): ServicePlan {
  const { paths, onDemand = false, home = homeDirectory() } = options;
  const daemon = stablePath(options.daemonProgram);
  const templates = join(dirname(dirname(daemon)), 'launchd');
  const inPackage = join(templates, 'gardenerd');
  const moved = removedBy(inPackage) !== undefined;
  return {
    home,
    launcher: moved ? movedLauncher(paths.dataDir) : inPackage,
    launcherSource: moved ? inPackage : undefined,
    templates,
    node: stablePath(options.node ?? process.execPath),
    daemon,
    dataDir: paths.dataDir,
    socket: paths.socket,
    crashLog: crashLog(paths.dataDir),
    onDemand,
    idleTimeout: IDLE_TIMEOUT,
  };
}

/** Where launchd writes what the launcher says and a crash prints. */
export function crashLog(dataDir: string): string {
  return join(dataDir, 'logs', 'launchd.log');
}

/** Where a launcher is put that cannot stay in the package. */
export function movedLauncher(dataDir: string): string {
  return join(dataDir, 'bin', 'gardenerd');
}

/** What the person should know about the paths that are recorded. */
export function planWarnings({ node, daemon, launcher }: ServicePlan): string[] {
  const warnings: string[] = [];
  const perishable = perishableNode(node);
  if (perishable !== undefined) warnings.push(perishable);
  const daemonOwner = removedBy(daemon);
  if (daemonOwner) {
    warnings.push(
      `${daemon} belongs to ${daemonOwner} and goes with an upgrade; after one, install codebase-gardener again and run: gardener service install`,
    );
  }
  if (launcher.includes('\n')) warnings.push(`${JSON.stringify(launcher)} has a line break in it`);
  return warnings;
}
