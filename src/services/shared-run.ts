/**
 * Lets everybody who asks while something expensive is under way share one more run of it.
 *
 * A run that began before the question may not have seen what the caller has just changed, so that one is not shared:
 * whoever asks gets a run that begins afterwards.
 */
export function sharedRun<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  let next: Promise<T> | null = null;
  const start = (): Promise<T> => {
    next = null;
    const started = run().finally(() => {
      if (running === started) running = null;
    });
    running = started;
    return started;
  };
  return () => {
    if (!running) return start();
    next ??= running.then(start, start);
    return next;
  };
}
