/** What launchctl says, in words that help. `print` is no interface: it is read loosely. */
import { INSTALL, NOTHING_TO_RUN } from '../commands.ts';
import { LABEL } from '../installed.ts';

/** Exit codes of launchctl that this package knows. */
export const CODE = {
  noSuchProcess: 3,
  inputOutput: 5,
  inProgress: 36,
  alreadyInProgress: 37,
  noDomain: 112,
  noService: 113,
  disabled: 119,
  notSupported: 125,
  missing: 127,
} as const;

/** A job that ended with this had nothing to run; launchd uses it itself when the program is missing. */
const EX_CONFIG = 78;

export interface Explanation {
  readonly message: string;
  readonly remedy: string;
}

/** What an exit code of launchctl means for this service, and what to do. */
export function explainCode(code: number, { uid, file }: { uid: number; file: string }): Explanation {
  const known: Readonly<Record<number, Explanation>> = {
    [CODE.inputOutput]: {
      message:
        'launchd refused it (5, input/output error): it is disabled, still ending, or its file is spoilt',
      remedy: `launchctl enable gui/${uid}/${LABEL}; plutil -lint ${file}; then again`,
    },
    [CODE.inProgress]: {
      message: 'launchd is still ending it (36, operation in progress)',
      remedy: 'again in half a minute',
    },
    [CODE.alreadyInProgress]: {
      message: 'launchd is still ending it, or has it already (37, operation already in progress)',
      remedy: 'gardener service status; again in half a minute',
    },
    [CODE.noDomain]: {
      message: `launchd has no session of user ${uid} (112)`,
      remedy: 'log in at the screen as this user, then again',
    },
    [CODE.noService]: {
      message: 'launchd does not know the service (113): it is not loaded',
      remedy: INSTALL,
    },
    [CODE.disabled]: {
      message: 'the service is disabled (119), here or in Login Items',
      remedy: `launchctl enable gui/${uid}/${LABEL}, or allow it in System Settings > General > Login Items`,
    },
    [CODE.notSupported]: {
      message: `there is no graphical session of user ${uid} (125), as over ssh`,
      remedy: `log in at the screen, or load it for background sessions: launchctl bootstrap user/${uid} ${file}`,
    },
    [CODE.missing]: {
      message: 'there is no launchctl here',
      remedy: 'on Linux: gardener service install --manager systemd',
    },
  };
  return (
    known[code] ?? {
      message: `launchctl ended with ${code}`,
      remedy: `launchctl error ${code}, which says what that is`,
    }
  );
}

/** What the exit code of the job itself means. */
export function explainExit(code: number, log: string): Explanation {
  if (code === EX_CONFIG) return { message: NOTHING_TO_RUN, remedy: `${log} says which; then: ${INSTALL}` };
  return { message: `the daemon ended with exit code ${code}`, remedy: `gardener daemon logs; ${log}` };
}

export interface Job {
  readonly pid: number | null;
  readonly lastExit: number | null;
  /** launchd waits before it starts it again. */
  readonly throttled: boolean;
}

/** Reads `launchctl print <domain>/<label>`. */
export function readPrint(output: string): Job {
  const field = (name: string): string | undefined =>
    new RegExp(`^\\s*${name} = (.*)$`, 'm').exec(output)?.[1]?.trim();
  const number = (text: string | undefined): number | null => {
    const digits = /^-?\d+/.exec(text ?? '')?.[0];
    return digits === undefined ? null : Number(digits);
  };
  return {
    pid: number(field('pid')),
    lastExit: number(field('last exit code')),
    throttled: /^(spawn scheduled|spawn pending)|throttle/.test(field('state') ?? ''),
  };
}

/** Whether `launchctl print-disabled <domain>` has the service among the disabled ones. */
export function isDisabled(output: string): boolean {
  const state = new RegExp(`"${LABEL.replaceAll('.', '\\.')}" => (\\w+)`).exec(output)?.[1];
  // Until macOS 12 it says whether "disabled" is true.
  return state === 'disabled' || state === 'true';
}
