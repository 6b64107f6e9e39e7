/** What must not be done to a service, whoever asks. */
import { readIfThere, LABEL, SERVICE_UNIT } from './installed.ts';
import { WITHOUT_SUDO } from '../../src/claim/private-directory.ts';
import { ServiceError } from './commands.ts';

export interface Circumstances {
  readonly uid: number;
  readonly env: NodeJS.ProcessEnv;
  /** The text of `/proc/self/cgroup` where there is one. */
  readonly cgroup: string;
}

export function circumstances(): Circumstances {
  return {
    uid: process.getuid?.() ?? 0,
    env: process.env,
    cgroup: readIfThere('/proc/self/cgroup') ?? '',
  };
}

/**
 * Refuses to work on somebody else's service as root: files would belong to root, and the service would be root's.
 *
 * @throws {ServiceError}
 */
export function refuseOtherUser({ uid, env }: Circumstances): void {
  const { SUDO_UID: person, SUDO_USER: name } = env;
  if (uid !== 0 || person === undefined || person === '0') return;
  throw new ServiceError(
    `cannot work on the service of user ${name ?? person} as root: files would belong to root, and the service would run as root`,
    WITHOUT_SUDO,
  );
}

/**
 * Refuses to stop the service from a process that the service manager would stop with it.
 *
 * @throws {ServiceError}
 */
export function refuseFromInside({ env, cgroup }: Circumstances): void {
  if (env['XPC_SERVICE_NAME'] !== LABEL && !cgroup.includes(`/${SERVICE_UNIT}`)) return;
  throw new ServiceError(
    'cannot stop the service from inside itself: this process would be stopped with it, half-way',
    'the same from a terminal of your own',
  );
}
