/** The whole terminal for a program, and as it was before when the program ends. */

import { lastly } from '../../wire/deadline.ts';
import { shown } from './gate.ts';
import { sizeOf } from './size.ts';

/** Another screen without a cursor, where long lines are cut; and back. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
/** The terminal says what is pasted, which is not meant as keys. */
const TELL_PASTES = '\x1b[?2004h';
const NO_PASTES = '\x1b[?2004l';
const CLEAR = '\x1b[2J';
/**
 * Without a shell that could let it go on, the system stops nobody: whoever runs so long after it was asked to is one of
 * those. Milliseconds.
 */
const STOPPED_WITHIN_MS = 100;

export interface ScreenCallbacks {
  /** What is shown may not be there any more, or there is more room or less. */
  readonly redraw: () => void;
  /** The person wants to leave, or somebody wants the program to end; with the exit code for it. */
  readonly leave: (exitCode: number) => void;
  /** What comes from the keyboard, where standard input is a terminal. */
  readonly typed: (bytes: Buffer) => void;
}

export class Screen {
  readonly #callbacks: ScreenCallbacks;
  #shown: string[] = [];
  #open = false;
  readonly #handlers: [NodeJS.Signals, () => void][];
  #stopping: NodeJS.Timeout | undefined;

  constructor(callbacks: ScreenCallbacks) {
    this.#callbacks = callbacks;
    this.#handlers = [
      ['SIGINT', () => callbacks.leave(0)],
      ['SIGHUP', () => callbacks.leave(129)],
      ['SIGTERM', () => callbacks.leave(143)],
      ['SIGCONT', () => this.#enter()],
    ];
  }

  /** Takes the terminal. */
  open(): void {
    for (const [name, handler] of this.#handlers) process.on(name, handler);
    process.on('exit', this.#restore);
    process.stdout.on('resize', this.#resized);
    if (this.hasKeys) process.stdin.on('data', this.#callbacks.typed).on('end', this.#gone);
    // Also after it was given back: a terminal that has closed has no modes, either.
    process.stdin.on('error', this.#gone);
    this.#enter();
  }

  /** Gives it back. */
  close(): void {
    this.#goOn();
    process.off('SIGTSTP', this.#told);
    for (const [name, handler] of this.#handlers) process.off(name, handler);
    process.off('exit', this.#restore);
    process.stdout.off('resize', this.#resized);
    process.stdin.off('data', this.#callbacks.typed).off('end', this.#gone).pause();
    this.#restore();
  }

  /** Whether somebody can type. */
  get hasKeys(): boolean {
    return process.stdin.isTTY;
  }

  get columns(): number {
    return sizeOf(process.stdout).columns;
  }

  get rows(): number {
    return sizeOf(process.stdout).rows;
  }

  /** Shows lines from the top, writing only those that are not there already. They must fit. */
  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    const count = Math.max(lines.length, this.#shown.length);
    let output = '';
    for (let row = 0; row < count; row += 1) {
      const line = lines[row] ?? '';
      // Erased before it is written: after a line as wide as the screen, the erasing would take its last character.
      if (line !== (this.#shown[row] ?? '')) output += `\x1b[${row + 1};1H\x1b[K${shown(line)}`;
    }
    this.#shown = [...lines];
    if (output !== '') process.stdout.write(output);
  }

  #enter(): void {
    this.#goOn();
    process.off('SIGTSTP', this.#told).on('SIGTSTP', this.#told);
    this.#open = true;
    this.#shown = [];
    // Otherwise what is typed would be shown amidst the lines.
    if (this.hasKeys) process.stdin.setRawMode(true);
    process.stdout.write(ENTER + (this.hasKeys ? TELL_PASTES : '') + CLEAR);
    this.#callbacks.redraw();
  }

  #goOn(): void {
    clearTimeout(this.#stopping);
    this.#stopping = undefined;
  }

  readonly #restore = (): void => {
    if (!this.#open) return;
    this.#open = false;
    if (this.hasKeys) process.stdin.setRawMode(false);
    process.stdout.write((this.hasKeys ? NO_PASTES : '') + LEAVE);
  };

  /**
   * Gives the terminal back and stops the program until it is told to go on, with whoever waits for it: the shell has that
   * back only when each program of its job has stopped, as by a Ctrl-Z that no program takes for a key.
   */
  suspend(): void {
    this.#stop(0);
  }

  /** @param pid of a process; 0 for all of the group */
  #stop(pid: number): void {
    this.#restore();
    process.off('SIGTSTP', this.#told);
    clearTimeout(this.#stopping);
    // Going on is told by a signal, which is looked at first.
    this.#stopping = lastly(() => this.#stopping && this.#enter(), STOPPED_WITHIN_MS);
    process.kill(pid, 'SIGTSTP');
  }

  /** Whoever sent it to others, too, has done so. */
  readonly #told = (): void => this.#stop(process.pid);

  /** Shows all of it anew, as somebody else may have written between the lines. */
  refresh(): void {
    this.#resized();
  }

  readonly #resized = (): void => {
    if (!this.#open) return;
    this.#shown = [];
    process.stdout.write(CLEAR);
    this.#callbacks.redraw();
  };

  readonly #gone = (): void => {
    if (this.#open) this.#callbacks.leave(129);
  };
}
