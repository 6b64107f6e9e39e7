/** How an installed service is, and what is wrong with it. */
import { accessSync, constants } from 'node:fs';
import type { ServiceManagerName } from '../../src/flags.ts';
import { INSTALL } from './commands.ts';
import { type InstalledService, readIfThere } from './installed.ts';
import { perishableNode, protectedFolder } from './places.ts';
import { planService, type PlanOptions, type ServicePlan } from './plan.ts';

/** Something that was looked at, and how it is. */
export interface Finding {
  /** What was looked at, for programs: `service.drift`. */
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'error';
  readonly message: string;
  /** What to do. */
  readonly remedy?: string;
}

export interface ServiceStatus {
  readonly manager: ServiceManagerName;
  /** The file is there. */
  readonly installed: boolean;
  /** The manager starts it, or listens for it, from login on. */
  readonly enabled: boolean;
  /** The manager knows it now. */
  readonly loaded: boolean;
  readonly running: boolean;
  readonly pid: number | null;
  /** Exit code of the last run that has ended; null when none has, and after a signal. */
  readonly last_exit: number | null;
  readonly file: string;
  /** Warnings and errors. */
  readonly problems: readonly Finding[];
}

/**
 * What would be installed now in the place of what is: the same kind, and with the same Node as long as that is
 * there, since the Node that asks may be another one each time.
 */
export function planAgain(options: PlanOptions, installed: InstalledService): ServicePlan {
  const [, node] = installed.command;
  return planService({
    ...options,
    onDemand: installed.onDemand,
    node: node !== undefined && isProgram(node) ? node : options.node,
  });
}

/** What is wrong with an installed service whoever manages it. */
export function problemsOf(
  installed: InstalledService,
  plan: ServicePlan,
  /** The files as they would be written now. */
  files: Readonly<Record<string, string>>,
): Finding[] {
  const isChoice = installed.onDemand && installed.manager === 'launchd';
  const again = isChoice ? `${INSTALL} --on-demand` : INSTALL;
  if (installed.command.length < 3) {
    const message = `${installed.file} does not say what to start; it was changed or cut off`;
    return [{ check: 'service.drift', level: 'error', message, remedy: again }];
  }
  if (installed.socket !== plan.socket || installed.dataDir !== plan.dataDir) {
    const message = `the service is for the registry in ${installed.dataDir ?? 'another place'} (socket ${installed.socket ?? 'unknown'}), not for the one in ${plan.dataDir} (socket ${plan.socket})`;
    return [{ check: 'service.registry', level: 'warning', message, remedy: again }];
  }
  const problems = programProblems(installed, again);
  const drifted = Object.entries(files).filter(([file, text]) => readIfThere(file) !== text);
  if (drifted.length > 0) {
    const message = `${drifted.map(([file]) => file).join(' and ')} differs from what would be installed now`;
    problems.push({ check: 'service.drift', level: 'warning', message, remedy: again });
  }
  return problems;
}

function programProblems({ command }: InstalledService, again: string): Finding[] {
  const [launcher = '', node = '', daemon = ''] = command;
  const problems: Finding[] = [];
  if (!isProgram(launcher)) {
    const message = `${launcher} is gone, and the service cannot start without it`;
    problems.push({ check: 'service.program', level: 'error', message, remedy: again });
  }
  if (readIfThere(daemon) === undefined) {
    const message = `${daemon} is gone; the service finds another one only where Node's own packages are`;
    problems.push({ check: 'service.program', level: 'warning', message, remedy: again });
  }
  const perishable = perishableNode(node);
  if (!isProgram(node)) {
    const message = `${node} is gone; the service looks for another Node each time it starts`;
    problems.push({ check: 'service.node', level: 'warning', message, remedy: again });
  } else if (perishable !== undefined) {
    const remedy = `${again}, run with a Node that stays (Homebrew, nodejs.org, the system's)`;
    problems.push({ check: 'service.node', level: 'warning', message: perishable, remedy });
  }
  return problems;
}

/** The folders that macOS keeps from background jobs, which get "operation not permitted" from them. */
export function protectedProblems({ command, dataDir }: InstalledService, home: string): Finding[] {
  const paths = [...command.slice(0, 3), ...(dataDir === undefined ? [] : [dataDir])];
  const folders = [...new Set(paths.flatMap((path) => protectedFolder(path, home) ?? []))];
  return folders.map((folder) => ({
    check: 'service.protected-folder',
    level: 'warning',
    message: `the service needs files in ${folder}, which macOS keeps from background jobs: they get "operation not permitted"`,
    remedy: `move them out of ${folder}, or allow it in System Settings > Privacy & Security > Files and Folders`,
  }));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Gone, or not to be run: the same for whoever wants to run it.
    return false;
  }
}
