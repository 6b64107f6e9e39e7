/** The text of the systemd units: what is in them and why. */
import { dirname } from 'node:path';
import { SERVICE_UNIT, SOCKET_UNIT } from '../installed.ts';
import type { ServicePlan } from '../plan.ts';

/** systemd waits this long for the daemon to drain, which takes up to 10 s. Seconds. */
const STOP_TIMEOUT = 20;

/**
 * The service unit.
 *
 * - `Type=exec`: a start that cannot run the program fails at once. `notify` would need native code, and is not needed
 *   for readiness: connections wait in the socket.
 * - The launcher is an argument of the shell, because systemd runs no program whose path has quotes or backslashes in it.
 * - After exit 78 (nothing to run) trying again cannot help; after a crash it does, at most ten times a minute.
 */
export function serviceUnit(plan: ServicePlan): string {
  return `[Unit]
Description=Codebase Gardener registry
Requires=${SOCKET_UNIT}
After=${SOCKET_UNIT}
StartLimitIntervalSec=60
StartLimitBurst=10

[Service]
Type=exec
ExecStart=/bin/sh ${[plan.launcher, ...daemonArguments(plan)].map(unitWord).join(' ')}
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=78
TimeoutStopSec=${STOP_TIMEOUT}
UMask=0077
LimitNOFILE=4096
`;
}

/** The socket unit, which is the one that is enabled: it listens from login on, and a connection starts the service. */
export function socketUnit({ socket }: ServicePlan): string {
  return `[Unit]
Description=Socket of the Codebase Gardener registry

[Socket]
ListenStream=${socket.replaceAll('%', '%%')}
SocketMode=0600
DirectoryMode=0700
Service=${SERVICE_UNIT}
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`;
}

function daemonArguments(plan: ServicePlan): string[] {
  const { node, daemon, dataDir, socket, idleTimeout } = plan;
  const flags = ['--manager', 'systemd', '--data-dir', dataDir, '--socket', socket];
  return [node, daemon, ...flags, '--idle-timeout', String(idleTimeout)];
}

/**
 * A word of `ExecStart`, quoted: `%` begins a specifier and `$` a variable.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
 */
function unitWord(word: string): string {
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${escaped.replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
}

/** Why systemd could not take a path; undefined for one that it can. */
export function unusablePath(path: string): string | undefined {
  if (/[\n\r\0]/.test(path)) return `${JSON.stringify(path)} has a line break in it`;
  if (path !== path.trim() || path.endsWith('\\'))
    return `"${path}" begins or ends with what systemd strips off`;
  return dirname(path) === path ? `"${path}" is no file` : undefined;
}
