/** What a daemon tells of itself, in words. */
import type { Result } from '../../../src/protocol/methods.ts';
import { BUILD, VERSION } from '../../../src/version.ts';
import type { Context } from '../context.ts';
import type { Elsewhere } from '../elsewhere.ts';

/** The version of a daemon, and whether it is another build of it than this command line. */
export function releaseText({ version, build }: Result<'daemon.status'>): string {
  const isOther = version === VERSION && build?.id !== BUILD?.id;
  return isOther ? `${version} (another build than this command line)` : version;
}

/** Where a daemon is that has other files than those here; its paths may be something else here. */
export function placeText(ctx: Context, place: Elsewhere | null): string | undefined {
  return place ? ctx.paint('yellow', place.where) : undefined;
}

/** Who started the daemon. */
export function managerWords(manager: Result<'daemon.status'>['manager']): string {
  switch (manager) {
    case 'launchd':
    case 'systemd':
      return `started by ${manager}`;
    case 'spawned':
      return 'started on demand';
    case 'foreground':
      return 'in the foreground';
  }
}
