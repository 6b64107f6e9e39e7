/** What a program writes, on its way through this process to whoever reads. */
import { fstatSync, write } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { WriteStream } from 'node:tty';
import { promisify } from 'node:util';
import { errorCode } from '../../../../src/system/errors.ts';
import type { Shown } from '../../terminal/gate.ts';
import { endsLine, type LiveLine } from './live-line.ts';

/** Where it goes: the process's own stream, and not by way of the context: these are bytes, in whatever encoding. */
export type Outlet = WriteStream & { readonly fd: number };

export interface PassageOptions {
  /** Sees all of it first. */
  readonly seen: (bytes: Buffer) => void;
  /**
   * What becomes of it when nobody reads any more: the program notices, as if it had written there itself; or it is
   * dropped, and the program does not stand still.
   */
  readonly unread: 'noticed' | 'dropped';
  /** Where it is written to a terminal. */
  readonly terminals: Terminals;
  /** How long what was written elsewhere before it may take to arrive, milliseconds; default no time. */
  readonly lag?: number | undefined;
}

/**
 * Passes on what comes from a source, no faster than it is read.
 *
 * @returns to be called when the program has ended: the rest is taken at once, however slowly it is read
 */
export function passOn(source: Socket, outlet: Outlet, options: PassageOptions): () => Promise<void> {
  const { seen, unread, terminals, lag = 0 } = options;
  let isLast = false;
  let late: Promise<void> | undefined;
  const goOn = (): void => void source.resume();
  const lost = (): void => void (unread === 'noticed' ? source.destroy() : source.resume());
  const pass = (bytes: Buffer): void => {
    seen(bytes);
    terminals.passed(outlet, bytes);
    if (outlet.isTTY) void terminals.write(outlet, bytes).then(goOn, lost);
    else if (!outlet.writable) return lost();
    else if (outlet.write(bytes)) return;
    if (!isLast) source.pause();
  };
  source.on('data', (bytes: Buffer) => {
    if (lag === 0 || isLast) return pass(bytes);
    source.pause();
    late = pause(lag).then(() => {
      goOn();
      pass(bytes);
    });
  });
  outlet.on('drain', goOn).on('close', lost).on('error', lost);
  source.once('close', () => outlet.off('drain', goOn).off('close', lost).off('error', lost));
  return async () => {
    isLast = true;
    await late;
    goOn();
  };
}

/**
 * Writes to terminals, one thing after another: standard output and standard error of a program are mostly one of them.
 * By threads: what Node writes to a terminal it writes at once, and a Ctrl-S would stop this process and not the program.
 */
export class Terminals {
  #last: Promise<void> = Promise.resolve();
  readonly #line: LiveLine | undefined;
  #isStale = false;
  /** Where a program has begun a line and not ended it; both of its streams may lead to one place. */
  readonly #open = new Set<string>();

  /** @param line stands below all that is written, on standard error */
  constructor(line?: LiveLine) {
    this.#line = line;
  }

  /** @throws the system's errors, as when the terminal is gone */
  write(outlet: Outlet, bytes: Buffer): Promise<void> {
    return this.#inTurn(outlet, () => this.#line?.around(bytes) ?? bytes);
  }

  /** Something is passed on, to a terminal or elsewhere. */
  passed(outlet: Outlet, bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (endsLine(bytes)) this.#open.delete(placeOf(outlet));
    else this.#open.add(placeOf(outlet));
  }

  /** Whether a line is open there, which whoever asks is about to end. */
  closes(outlet: Outlet): boolean {
    return this.#open.delete(placeOf(outlet));
  }

  /** Writes a line of this program's own, to standard error; a terminal that is gone is nobody's concern. */
  say(text: Shown): void {
    this.closes(process.stderr);
    const written = this.#inTurn(process.stderr, () => this.#line?.aside(text) ?? Buffer.from(text));
    written.catch(() => undefined);
  }

  /** Shows the line as it was set, unless that is to be done already; resolves when it is. */
  async refresh(): Promise<void> {
    if (!this.#line || this.#isStale) return this.#last;
    this.#isStale = true;
    await this.#inTurn(process.stderr, () => {
      this.#isStale = false;
      return this.#line?.refreshed() ?? Buffer.alloc(0);
      // Whoever passes on what the program writes hears that the terminal is gone.
    }).catch(() => undefined);
  }

  #inTurn(outlet: Outlet, bytes: () => Buffer): Promise<void> {
    const written = this.#last.then(() => writeAll(outlet, bytes()));
    this.#last = written.catch(() => undefined);
    return written;
  }

  /** Resolves when all is written. */
  get written(): Promise<void> {
    return this.#last;
  }
}

/** What a stream leads to, which may be the same for another one. */
function placeOf({ fd }: Outlet): string {
  const { dev, ino } = fstatSync(fd);
  return `${dev}:${ino}`;
}

async function writeAll(outlet: Outlet, bytes: Buffer): Promise<void> {
  const writeSome = promisify(write);
  for (let done = 0; done < bytes.length;) {
    try {
      done += (await writeSome(outlet.fd, bytes, done)).bytesWritten;
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error;
      // Somebody who shares the terminal has said that nobody is to wait for it; Node has a way of its own to it.
      const rest = bytes.subarray(done);
      return await new Promise((resolve, reject) => {
        outlet.write(rest, (failed) => (failed ? reject(failed) : resolve()));
      });
    }
  }
}
