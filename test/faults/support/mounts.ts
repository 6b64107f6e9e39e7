/**
 * File systems of a test's own: small ones that fill up, old ones whose clocks tick, dead ones.
 * Gone when the test is over.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';

const DEAD_DISK = fileURLToPath(new URL('dead_disk.py', import.meta.url));

/** A file system at a place that only the processes of one namespace see there. */
export class PrivateMount {
  readonly place: string;
  readonly #holder: ChildProcess;
  #said = '';

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
    requireTools(context, ['mount', 'sleep']);
    const script = `mount -t ${type} -o mode=700,${options} ${type} "$0" && echo mounted && exec sleep infinity`;
    return await PrivateMount.#hold(context, type, (place) => ['sh', '-c', script, place]);
  }

  /** The same with a disk whose server does not answer: whoever asks for a path on it waits, and cannot be killed. */
  static async dead(context: TestContext): Promise<PrivateMount> {
    requireTools(context, 'python3');
    return await PrivateMount.#hold(context, 'FUSE', (place) => ['python3', DEAD_DISK, place]);
  }

  /**
   * The same with one that answers before {@link PrivateMount.die}: directories can be made on it, and the system
   * remembers what they are.
   *
   * @param place to mount it at, made if need be
   */
  static async mortal(context: TestContext, place: string): Promise<PrivateMount> {
    requireTools(context, 'python3');
    const command = (at: string): string[] => ['python3', DEAD_DISK, at, 'alive'];
    return await PrivateMount.#hold(context, 'FUSE', command, place);
  }

  static async #hold(
    context: TestContext,
    type: string,
    command: (place: string) => readonly string[],
    given?: string,
  ): Promise<PrivateMount> {
    requireTools(context, ['unshare', 'nsenter']);
    // In a directory of its own, with nothing beside it.
    const place = given ?? join(await temporaryDirectory(), 'disk');
    await mkdir(place, { recursive: true });
    const words = [...(isRoot() ? [] : ['-r']), '-m', ...command(place)];
    const holder = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const closed = once(holder, 'close');
    onTestFinished(async () => {
      holder.kill('SIGKILL');
      await closed;
    });
    const mount = new PrivateMount(place, holder);
    for (const stream of [holder.stdout, holder.stderr])
      stream.on('data', (chunk: Buffer) => (mount.#said += String(chunk)));
    await Promise.race([closed, once(holder.stdout, 'data')]);
    if (mount.#said.includes('mounted')) return mount;
    const note = `needs to mount ${type} in a namespace of its own: ${mount.#said}`;
    if (process.env['REQUIRE_TOOLS'] === '1') throw new Error(note);
    return context.skip(note);
  }

  /**
   * Ends it before the test is over: a process that waits for a dead disk ends only with it.
   */
  end(): void {
    this.#holder.kill('SIGKILL');
  }

  /** From now on it answers nothing. */
  async die(): Promise<void> {
    this.#holder.kill('SIGUSR1');
    await until(() => /^dead$/m.test(this.#said), 'the disk is dead');
  }

  /** How many questions a dead disk was asked. */
  get asked(): number {
    return this.#said.split('asked').length - 1;
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
