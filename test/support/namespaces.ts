/** Processes that are counted anew, as in a container. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';
import { requireTools } from './tools.ts';
import { until } from './until.ts';

/**
 * The beginning of a command whose rest is process 1 among its own. What it begins is a process of its own, and killed
 * with it. Where that is not allowed the test is skipped, or fails with `REQUIRE_TOOLS=1`.
 */
export async function countedAnew(context: TestContext): Promise<string[]> {
  requireTools(context, ['unshare', 'true']);
  // An ordinary user is root in a namespace of their own.
  const rights = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return await allowed(context, ['unshare', ...rights, '--pid', '--fork', '--mount-proc', '--kill-child']);
}

/** The beginning of a command whose rest finds nothing in /proc, under the same conditions. */
export async function withoutProc(context: TestContext): Promise<string[]> {
  requireTools(context, ['unshare', 'true']);
  const rights = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const hide = 'mount -t tmpfs none /proc && exec "$@"';
  return await allowed(context, ['unshare', ...rights, '--mount', 'sh', '-c', hide, 'sh']);
}

async function allowed(context: TestContext, enter: string[]): Promise<string[]> {
  try {
    await promisify(execFile)('unshare', [...enter.slice(1), 'true']);
    return enter;
  } catch (error) {
    const note = `needs a namespace: ${(error as Error).message}`;
    if (process.env['REQUIRE_TOOLS'] === '1') throw new Error(note, { cause: error });
    return context.skip(note);
  }
}

/** What process 1 of such a command is called here. */
export async function insider(pid: number): Promise<number> {
  const children = await until(() => readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'), 'it has a child');
  return Number.parseInt(children, 10);
}
