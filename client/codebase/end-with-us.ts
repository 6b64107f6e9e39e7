/** Groups of processes that this program has started, and that are not to outlive it. */
import { errorCode } from '../../src/system/errors.ts';

/** Those that run. One set of listeners is enough for all of them: more than ten are a leak to Node, and to whoever reads its warning. */
const running = new Set<number>();
const SIGNALS = ['SIGHUP', 'SIGTERM'] as const;

/**
 * Ends a group of processes when this program is ended before it, as by Ctrl-C; gives what takes that back.
 *
 * @param start gives the number of the group, or undefined where it could not be started. A signal that comes meanwhile is
 *   heard after it
 */
export function endWithUs(start: () => number | undefined): () => void {
  if (running.size === 0) {
    process.on('exit', endAll);
    for (const signal of SIGNALS) process.on(signal, endBy);
  }
  let pid: number | undefined;
  try {
    pid = start();
    if (pid !== undefined) running.add(pid);
  } finally {
    if (running.size === 0) stopListening();
  }
  return () => {
    if (pid !== undefined && running.delete(pid) && running.size === 0) stopListening();
  };
}

function stopListening(): void {
  process.off('exit', endAll);
  for (const signal of SIGNALS) process.off(signal, endBy);
}

function endAll(): void {
  for (const pid of running) killGroup(pid);
  running.clear();
}

function endBy(signal: NodeJS.Signals): void {
  endAll();
  stopListening();
  // As it would have ended without us, unless somebody else wants to hear of it.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nobody is left; macOS says so with EPERM when only its entry waits to be collected.
    if (errorCode(error) === undefined) throw error;
  }
}
