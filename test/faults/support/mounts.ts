/** File systems of a test's own: small ones that fill up, old ones whose clocks tick. Gone when the test is over. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished, type TestContext } from 'vitest';
import { temporaryDirectory } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';

/** A file system at a place that only the processes of one namespace see there. */
export class PrivateMount {
  readonly place: string;
  readonly #holder: ChildProcess;

  private constructor(place: string, holder: ChildProcess) {
    this.place = place;
    this.#holder = holder;
  }

  /**
   * Mounts a file system over a new directory. Where that is not allowed the test is skipped, or fails with
   * `REQUIRE_TOOLS=1`.
   *
   * @param options as for `mount -o`
   */
  static async make(context: TestContext, type: 'tmpfs' | 'ramfs', options: string): Promise<PrivateMount> {
    requireTools(context, ['unshare', 'nsenter', 'mount', 'sleep']);
    const place = await temporaryDirectory();
    const script = `mount -t ${type} -o mode=700,${options} ${type} "$0" && echo mounted && exec sleep infinity`;
    const words = [...(isRoot() ? [] : ['-r']), '-m', 'sh', '-c', script, place];
    const holder = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const closed = once(holder, 'close');
    onTestFinished(async () => {
      holder.kill('SIGKILL');
      await closed;
    });
    let said = '';
    for (const stream of [holder.stdout, holder.stderr])
      stream.on('data', (chunk: Buffer) => (said += String(chunk)));
    await Promise.race([closed, once(holder.stdout, 'data')]);
    if (said.includes('mounted')) return new PrivateMount(place, holder);
    const note = `needs to mount ${type} in a namespace of its own: ${said}`;
    if (process.env['REQUIRE_TOOLS'] === '1') throw new Error(note);
    return context.skip(note);
  }

  /** Where everybody else finds a path of the namespace. */
  outside(path: string): string {
    return `/proc/${this.#holder.pid ?? 0}/root${path}`;
  }

  /** The beginning of a command whose rest runs in the namespace; the process id stays. */
  get enter(): string[] {
    return [
      'nsenter',
      '-t',
      String(this.#holder.pid),
      '-m',
      ...(isRoot() ? [] : ['-U', '--preserve-credentials']),
    ];
  }
}

/** An ordinary user is root in a namespace of their own. */
function isRoot(): boolean {
  return process.getuid?.() === 0;
}
