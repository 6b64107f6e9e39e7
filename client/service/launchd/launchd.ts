/** The service as a LaunchAgent. Every operation may be repeated: it does what is missing. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Ran, type ServiceError, Session } from '../commands.ts';
import { preparePlaces, removeFiles, removeLeftovers, writeServiceFile } from '../files.ts';
import { refuseFromInside, refuseOtherUser } from '../guards.ts';
import { LABEL, readIfThere, readInstalled } from '../installed.ts';
import { launchAgent } from './plist.ts';
import { planFiles, stateProblems } from './problems.ts';
import { CODE, explainCode, explainExit, isDisabled, type Job, readPrint } from './launchctl.ts';
import { planService, type PlanOptions, type ServicePlan } from '../plan.ts';
import {
  type Installed,
  type InstallHooks,
  type ManagerOptions,
  ServiceManager,
  type Uninstalled,
} from '../manager.ts';
import { type Finding, planAgain, problemsOf, protectedProblems, type ServiceStatus } from '../status.ts';

/** `ExitTimeOut` of the LaunchAgent and 10 s: as long as launchd may be busy with ending the job. Milliseconds. */
const BUSY_MS = 30_000;
/** How long a daemon may take until launchd shows its process. Milliseconds. */
const START_MS = 10_000;
const LOOK_EVERY_MS = 200;

interface LaunchdOptions extends ManagerOptions {
  /** Default 30 s, for tests. */
  readonly busyMs?: number | undefined;
}

interface Loaded {
  /** `gui/501/dev.codebase-gardener.registry` */
  readonly target: string;
  readonly job: Job;
}

export class Launchd extends ServiceManager {
  readonly name = 'launchd';
  readonly #busyMs: number;

  constructor(options: LaunchdOptions = {}) {
    super(options);
    this.#busyMs = options.busyMs ?? BUSY_MS;
  }

  async install(options: PlanOptions, hooks: InstallHooks = {}): Promise<Installed> {
    refuseOtherUser(this.circumstances);
    const session = new Session(this.run);
    const plan = planService({ ...options, home: this.home });
    const agent = launchAgent(plan);
    let loaded = await this.#find(session);
    const { file } = this;
    if (loaded && readIfThere(file) !== agent) refuseFromInside(this.circumstances);
    await preparePlaces(plan);
    const changed = await writeServiceFile(file, agent);
    if (loaded && changed) {
      // `kickstart -k` would start what was loaded, not what the file says now.
      await this.#bootout(session, loaded.target);
      loaded = null;
    }
    await this.#enable(session);
    if (!loaded) {
      await hooks.beforeStart?.();
      loaded = {
        target: await this.#bootstrap(session, file),
        job: { pid: null, lastExit: null, throttled: false },
      };
    }
    if (!plan.onDemand && loaded.job.pid === null) await this.#awaitStart(session, loaded, plan);
    return { file, changed, plan };
  }

  async uninstall(): Promise<Uninstalled> {
    const session = this.beginStop();
    const installed = readInstalled('launchd', this.home);
    const loaded = await this.#find(session);
    if (loaded) await this.#bootout(session, loaded.target);
    const removed = await removeFiles([this.file]);
    removed.push(...(await removeLeftovers(installed)));
    return { removed, wasLoaded: loaded !== null };
  }

  async restart(): Promise<void> {
    const session = this.beginStop();
    const loaded = await this.#find(session);
    const target = loaded?.target ?? this.#target('gui');
    const ran = await session.run('launchctl', 'kickstart', '-k', target);
    if (ran.code !== 0) throw this.#failure(session, 'cannot restart the service', ran);
  }

  async status(options: PlanOptions): Promise<ServiceStatus> {
    const session = new Session(this.run);
    const installed = readInstalled('launchd', this.home);
    const loaded = await this.#find(session);
    const disabled = await this.#isDisabled(session);
    const problems: Finding[] = [];
    if (installed) {
      const plan = planAgain({ ...options, home: this.home }, installed);
      problems.push(
        ...problemsOf(installed, plan, planFiles(plan, this.home)),
        ...protectedProblems(installed, this.home),
        ...stateProblems(loaded?.job, disabled, plan, this.circumstances.uid),
      );
    } else if (loaded) {
      const message =
        'launchd still has the service, but its file is gone; it will not be there after the next login';
      const remedy = 'gardener service uninstall';
      problems.push({ check: 'service.loaded', level: 'warning', message, remedy });
    }
    return {
      manager: 'launchd',
      installed: installed !== undefined,
      enabled: installed !== undefined && !disabled,
      loaded: loaded !== null,
      running: loaded?.job.pid != null,
      pid: loaded?.job.pid ?? null,
      last_exit: loaded?.job.lastExit ?? null,
      file: this.file,
      problems,
    };
  }

  #target(domain: 'gui' | 'user'): string {
    return `${domain}/${this.circumstances.uid}/${LABEL}`;
  }

  /** Looks for the loaded job in both domains; null when it is in neither. */
  async #find(session: Session): Promise<Loaded | null> {
    for (const domain of ['gui', 'user'] as const) {
      const target = this.#target(domain);
      const ran = await session.run('launchctl', 'print', target);
      if (ran.code === 0) return { target, job: readPrint(ran.output) };
      if (ran.code === CODE.missing) throw this.#failure(session, 'cannot ask launchd', ran);
    }
    return null;
  }

  async #isDisabled(session: Session): Promise<boolean> {
    const { uid } = this.circumstances;
    for (const domain of [`gui/${uid}`, `user/${uid}`]) {
      const ran = await session.run('launchctl', 'print-disabled', domain);
      if (ran.code === 0) return isDisabled(ran.output);
    }
    return false;
  }

  async #enable(session: Session): Promise<void> {
    const ran = await session.run('launchctl', 'enable', this.#target('gui'));
    const noSession = ran.code === CODE.notSupported || ran.code === CODE.noDomain;
    const again = noSession ? await session.run('launchctl', 'enable', this.#target('user')) : ran;
    if (again.code !== 0) throw this.#failure(session, 'cannot enable the service', again);
  }

  /** Loads the job, waiting while launchd is still busy with an earlier one. */
  async #bootstrap(session: Session, file: string): Promise<string> {
    const limit = performance.now() + this.#busyMs;
    let domain: 'gui' | 'user' = 'gui';
    for (;;) {
      const ran = await session.run('launchctl', 'bootstrap', `${domain}/${this.circumstances.uid}`, file);
      if (ran.code === 0) return this.#target(domain);
      const noSession = ran.code === CODE.notSupported || ran.code === CODE.noDomain;
      if (noSession && domain === 'gui') {
        domain = 'user';
        continue;
      }
      const busy = [CODE.inputOutput, CODE.inProgress, CODE.alreadyInProgress].some(
        (code) => code === ran.code,
      );
      if (!busy || performance.now() >= limit) throw this.#failure(session, 'cannot load the service', ran);
      // It counts as done when somebody else has loaded it meanwhile.
      const found = ran.code === CODE.alreadyInProgress ? await this.#find(session) : null;
      if (found) return found.target;
      await pause(LOOK_EVERY_MS);
    }
  }

  /** Unloads the job and waits until it is gone: `bootout` answers before that. */
  async #bootout(session: Session, target: string): Promise<void> {
    const ran = await session.run('launchctl', 'bootout', target);
    const fine: readonly number[] = [0, CODE.noSuchProcess, CODE.inProgress, CODE.noService];
    if (!fine.includes(ran.code)) throw this.#failure(session, 'cannot unload the service', ran);
    const limit = performance.now() + this.#busyMs;
    for (;;) {
      const { code } = await session.run('launchctl', 'print', target);
      if (code !== 0) return;
      if (performance.now() > limit) {
        throw session.error(
          `cannot unload the service: launchd still has it after ${this.#busyMs / 1000} s`,
          'gardener service status; then again',
        );
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  /** Makes sure that a job which is to run from login on does run. */
  async #awaitStart(session: Session, { target }: Loaded, plan: ServicePlan): Promise<void> {
    const limit = performance.now() + START_MS;
    let asked = false;
    for (;;) {
      const ran = await session.run('launchctl', 'print', target);
      const { pid, lastExit } = readPrint(ran.output);
      if (pid !== null) return;
      if (lastExit !== null && lastExit !== 0) {
        const { message, remedy } = explainExit(lastExit, plan.crashLog);
        throw session.error(`cannot start the service: ${message}`, remedy);
      }
      // It ended well before: it was stopped, or gave way to another daemon.
      if (lastExit === 0 && !asked) {
        asked = true;
        await session.run('launchctl', 'kickstart', target);
      } else if (lastExit === 0) return;
      if (performance.now() > limit) {
        throw session.error(
          `cannot start the service: launchd has not started it within ${START_MS / 1000} s`,
          'gardener service status',
        );
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  #failure(session: Session, what: string, { code }: Ran): ServiceError {
    const { message, remedy } = explainCode(code, { uid: this.circumstances.uid, file: this.file });
    return session.error(`${what}: ${message}`, remedy);
  }
}
