/** File systems of a test's own: small ones that fill up, old ones whose clocks tick. Gone with the process. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';
import { requireTools } from '../../support/tools.ts';

export interface Mount {
  readonly type: 'tmpfs' | 'ramfs';
  /** As for `mount -o`, such as `size=1m`. */
  readonly options?: string;
}

/** The beginning of a command that runs the rest of it with a new file system at a place; the process id stays. */
export function mounting({ type, options = 'mode=700' }: Mount, place: string): string[] {
  // An ordinary user is root in a namespace of their own.
  const unshare = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-r', '-m'];
  const script = `mount -t ${type} -o ${options} ${type} "$0" && exec "$@"`;
  return [...unshare, 'sh', '-c', script, place];
}

/** Says that a test needs to mount; where that is not allowed it is skipped, or fails with `REQUIRE_TOOLS=1`. */
export async function requireMounts(context: TestContext, mount: Mount): Promise<void> {
  requireTools(context, ['unshare', 'mount']);
  const [program, ...args] = mounting(mount, tmpdir());
  try {
    await promisify(execFile)(String(program), [...args, 'true']);
  } catch (error) {
    const note = `needs to mount ${mount.type} in a namespace of its own: ${String(error)}`;
    if (process.env['REQUIRE_TOOLS'] === '1') throw new Error(note, { cause: error });
    context.skip(note);
  }
}
