/** Signals to this process, which are meant for the trainer that it runs. */
import type { Trainer } from './process.ts';

const PASSED_ON = ['SIGHUP', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** One press of a key: whoever started this program may pass on what its terminal has told both. Milliseconds. */
const ONE_PRESS_MS = 100;

export interface Signalled {
  /** A Ctrl-C; how many there were until now. The first one is passed on, too. */
  readonly interrupted: (times: number) => void;
  /** The terminal is about to be somebody else's; this process stops when that resolves. */
  readonly suspended: () => Promise<void>;
  /** It may be this program's again, or have another size. */
  readonly continued: () => void;
}

export interface Passing {
  /** There is a trainer: it gets what came before it was, and what comes. */
  to(trainer: Trainer): void;
  /** It is gone, and what comes is for nobody: what is left to be done is done in a moment, and must be. */
  leave(): void;
  /** Signals are again what they were to this process. */
  end(): void;
}

/**
 * Hands the signals that this process gets to the trainer.
 *
 * @param ignored those that nobody is to notice
 */
export function passSignals(
  ignored: ReadonlySet<NodeJS.Signals>,
  { interrupted, suspended, continued }: Signalled,
): Passing {
  let trainer: Trainer | undefined;
  let isGone = false;
  const early: NodeJS.Signals[] = [];
  const pass = (name: NodeJS.Signals): void => {
    if (trainer) trainer.signal(name);
    else early.push(name);
  };
  let times = 0;
  let pressed = -Infinity;
  const interrupt = (): void => {
    const since = performance.now() - pressed;
    pressed = performance.now();
    if (since < ONE_PRESS_MS || isGone) return;
    times += 1;
    if (times === 1) pass('SIGINT');
    interrupted(times);
  };
  const suspend = (): void => {
    // Not the same: a group that no shell looks after ignores the signal of a Ctrl-Z.
    trainer?.signal('SIGSTOP');
    void suspended().then(() => process.kill(process.pid, 'SIGSTOP'));
  };
  const goOn = (): void => {
    pass('SIGCONT');
    continued();
  };
  const resize = (): void => void trainer?.resized().then(continued);
  const handlers = [
    ...PASSED_ON.map((name) => [name, () => pass(name)] as const),
    ['SIGINT', interrupt] as const,
    ['SIGTSTP', suspend] as const,
    ['SIGCONT', goOn] as const,
    ['SIGWINCH', resize] as const,
  ].filter(([name]) => !ignored.has(name));
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    to(started) {
      trainer = started;
      for (const name of early.splice(0)) started.signal(name);
    },
    leave() {
      trainer = undefined;
      isGone = true;
    },
    end() {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
