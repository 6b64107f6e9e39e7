/** The service as units of systemd --user. Every operation may be repeated: it does what is missing. */
import { INSTALL, NOTHING_TO_RUN, type Ran, ServiceError, Session } from '../commands.ts';
import { preparePlaces, removeFiles, removeLeftovers, writeServiceFile } from '../files.ts';
import { refuseFromInside, refuseOtherUser } from '../guards.ts';
import { readIfThere, readInstalled, SERVICE_UNIT, SOCKET_UNIT, socketUnitFile } from '../installed.ts';
import { type Installed, type InstallHooks, ServiceManager, type Uninstalled } from '../manager.ts';
import { planService, type PlanOptions, type ServicePlan } from '../plan.ts';
import { type Finding, planAgain, problemsOf, type ServiceStatus } from '../status.ts';
import { serviceUnit, socketUnit, unusablePath } from './units.ts';

export class Systemd extends ServiceManager {
  readonly name = 'systemd';

  async install(options: PlanOptions, hooks: InstallHooks = {}): Promise<Installed> {
    refuseOtherUser(this.circumstances);
    const session = new Session(this.run);
    const plan = planService({ ...options, onDemand: true, home: this.home });
    for (const path of [plan.launcher, plan.node, plan.daemon, plan.dataDir, plan.socket]) {
      const fault = unusablePath(path);
      if (fault) throw new ServiceError(`cannot install the service: ${fault}`, 'another place for it');
    }
    // Asked before anything is written, so that a machine without systemd is left as it was.
    const before = await this.#show(session, SOCKET_UNIT);
    const files = this.#files(plan);
    const differs = Object.entries(files).some(([file, text]) => readIfThere(file) !== text);
    if (differs && before['ActiveState'] === 'active') refuseFromInside(this.circumstances);
    await preparePlaces(plan);
    const written: string[] = [];
    for (const [file, text] of Object.entries(files))
      if (await writeServiceFile(file, text)) written.push(file);
    const changed = written.length > 0;
    if (changed || before['NeedDaemonReload'] === 'yes')
      await this.#must(session, 'read the units', 'daemon-reload');
    if (changed && before['LoadState'] === 'loaded') {
      // The daemon that runs drains first. Connections wait in the socket meanwhile, if that stays as it is.
      const socketToo = written.includes(socketUnitFile(this.home)) ? [SOCKET_UNIT] : [];
      await this.#must(session, 'end the daemon', 'stop', ...socketToo, SERVICE_UNIT);
    }
    if (changed || before['ActiveState'] !== 'active') {
      await hooks.beforeStart?.();
      // What crashed too often before stays failed otherwise.
      await session.run('systemctl', '--user', 'reset-failed', SOCKET_UNIT, SERVICE_UNIT);
    }
    await this.#must(session, 'enable the socket', 'enable', '--now', SOCKET_UNIT);
    return { file: this.file, changed, plan };
  }

  async uninstall(): Promise<Uninstalled> {
    const session = this.beginStop();
    const installed = readInstalled('systemd', this.home);
    const state = await this.#show(session, SOCKET_UNIT);
    const wasLoaded = state['LoadState'] === 'loaded';
    if (wasLoaded) {
      await this.#must(session, 'disable the socket', 'disable', '--now', SOCKET_UNIT);
      await this.#must(session, 'end the daemon', 'stop', SERVICE_UNIT);
    }
    const removed = await removeFiles([this.file, socketUnitFile(this.home)]);
    if (removed.length > 0) {
      await this.#must(session, 'forget the units', 'daemon-reload');
      // A unit that had failed is remembered without its file; "not loaded" is the answer for one that had not.
      await session.run('systemctl', '--user', 'reset-failed', SOCKET_UNIT, SERVICE_UNIT);
    }
    removed.push(...(await removeLeftovers(installed)));
    return { removed, wasLoaded };
  }

  async restart(): Promise<void> {
    const session = this.beginStop();
    await session.run('systemctl', '--user', 'reset-failed', SOCKET_UNIT, SERVICE_UNIT);
    await this.#must(session, 'restart the service', 'restart', SERVICE_UNIT);
  }

  async status(options: PlanOptions): Promise<ServiceStatus> {
    const session = new Session(this.run);
    const installed = readInstalled('systemd', this.home);
    const socket = await this.#show(session, SOCKET_UNIT);
    const service = await this.#show(session, SERVICE_UNIT);
    const pid = Number(service['MainPID'] ?? 0);
    const problems: Finding[] = [];
    if (installed) {
      const plan = planAgain({ ...options, home: this.home }, installed);
      problems.push(...problemsOf(installed, plan, this.#files(plan)), ...stateProblems(socket, service));
    }
    // ExecMainCode: 1 is a process that exited (CLD_EXITED), others were ended by a signal.
    const exited = service['ExecMainCode'] === '1' || service['ExecMainCode'] === 'exited';
    return {
      manager: 'systemd',
      installed: installed !== undefined,
      enabled: socket['UnitFileState'] === 'enabled',
      loaded: socket['ActiveState'] === 'active',
      running: pid > 0,
      pid: pid > 0 ? pid : null,
      last_exit: exited ? Number(service['ExecMainStatus']) : null,
      file: this.file,
      problems,
    };
  }

  /** What should be known about sessions: without lingering, systemd --user ends with the last login. */
  async lingers(): Promise<boolean | undefined> {
    // By number: not every user has a name.
    const user = String(process.getuid?.() ?? 0);
    const ran = await this.run('loginctl', ['show-user', user, '--property=Linger', '--value']);
    return ran.code === 0 ? ran.output.trim() === 'yes' : undefined;
  }

  #files(plan: ServicePlan): Record<string, string> {
    return { [socketUnitFile(this.home)]: socketUnit(plan), [this.file]: serviceUnit(plan) };
  }

  async #show(session: Session, unit: string): Promise<Record<string, string>> {
    const properties =
      'LoadState,ActiveState,Result,UnitFileState,NeedDaemonReload,MainPID,ExecMainCode,ExecMainStatus';
    const ran = await session.run('systemctl', '--user', 'show', `--property=${properties}`, unit);
    if (ran.code !== 0) throw this.#failure(session, 'ask systemd', ran);
    return Object.fromEntries(
      ran.output.split('\n').flatMap((line) => {
        const at = line.indexOf('=');
        return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
      }),
    );
  }

  async #must(session: Session, what: string, ...args: readonly string[]): Promise<void> {
    const ran = await session.run('systemctl', '--user', ...args);
    if (ran.code !== 0) throw this.#failure(session, what, ran);
  }

  #failure(session: Session, what: string, { code, output }: Ran): ServiceError {
    const [reason = `systemctl ended with ${code}`] = output.split('\n');
    return session.error(`cannot ${what}: ${reason}`, remedyFor(code, output));
  }
}

function remedyFor(code: number, output: string): string {
  if (code === 127)
    return 'on macOS: gardener service install --manager launchd; without systemd the daemon is started on demand';
  if (/connect to bus|Operation not permitted|No medium found/i.test(output)) {
    return 'log in as this user (ssh, or machinectl shell), since su and sudo give no session; or: export XDG_RUNTIME_DIR=/run/user/$(id -u)';
  }
  if (/masked/.test(output)) return `systemctl --user unmask ${SOCKET_UNIT} ${SERVICE_UNIT}, then again`;
  return `systemctl --user status ${SOCKET_UNIT} ${SERVICE_UNIT}; journalctl --user -u ${SERVICE_UNIT}`;
}

function stateProblems(
  socket: Readonly<Record<string, string>>,
  service: Readonly<Record<string, string>>,
): Finding[] {
  const problems: Finding[] = [];
  if (socket['UnitFileState'] !== 'enabled') {
    const message = `the socket is ${socket['UnitFileState'] || 'not known to systemd'}: nobody listens after the next login`;
    problems.push({ check: 'service.disabled', level: 'warning', message, remedy: INSTALL });
  }
  if (socket['NeedDaemonReload'] === 'yes' || service['NeedDaemonReload'] === 'yes') {
    const message = 'the units were changed, and systemd has not read them since';
    const remedy = 'systemctl --user daemon-reload';
    problems.push({ check: 'service.loaded', level: 'warning', message, remedy });
  }
  if (/start-limit|trigger-limit/.test(`${socket['Result']} ${service['Result']}`)) {
    const message = 'systemd has given up starting the daemon, because it ended too often';
    const remedy = `journalctl --user -u ${SERVICE_UNIT}, mend what it says; then: ${INSTALL}`;
    problems.push({ check: 'service.throttled', level: 'error', message, remedy });
  } else if (service['ActiveState'] === 'failed') {
    const code = service['ExecMainStatus'];
    const message =
      code === '78' ? NOTHING_TO_RUN : `the daemon failed: ${service['Result']}, exit code ${code}`;
    const remedy = `journalctl --user -u ${SERVICE_UNIT}; then: ${INSTALL}`;
    problems.push({ check: 'service.exit', level: 'error', message, remedy });
  } else if (socket['ActiveState'] !== 'active') {
    const message = 'systemd does not listen on the socket';
    problems.push({ check: 'service.loaded', level: 'warning', message, remedy: INSTALL });
  }
  return problems;
}
