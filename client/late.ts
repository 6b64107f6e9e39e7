/**
 * What few programs need lies in a file of its own, which is no part of their start. A program that is connected for weeks
 * has it in memory before somebody upgrades the package below it.
 */
import { errorCode } from '../src/system/errors.ts';

/** After this time a program is none that makes a call and ends. Milliseconds. */
const LIVES_MS = 1_000;

let isLoaded = false;
let timer: NodeJS.Timeout | undefined;
/** Clients that are not closed. */
let open = 0;

/**
 * Has all that is loaded when it is needed loaded soon, once in a process, which does not wait for it.
 *
 * @returns what is to be called once the client is closed: without one there is nothing to be loaded for
 */
export function loadSoon(): () => void {
  open += 1;
  if (!isLoaded) timer ??= setTimeout(() => void load(), LIVES_MS).unref();
  let isClosed = false;
  return () => {
    if (isClosed) return;
    isClosed = true;
    open -= 1;
    if (open > 0) return;
    clearTimeout(timer);
    timer = undefined;
  };
}

/**
 * Such a part, for whoever needs it.
 *
 * @throws {Error} where it is gone, with what to do
 */
export async function late<T>(part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (cause) {
    if (errorCode(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause;
    const why = 'its package was replaced below this program; start the program anew';
    throw new Error(`cannot load a part of codebase-gardener: ${why}`, { cause });
  }
}

async function load(): Promise<void> {
  isLoaded = true;
  // Whoever needs a part that is not there is told by their own import.
  await Promise.allSettled([
    import('./codebase/add.ts'),
    import('./codebase/repository.ts'),
    import('./codebase/source.ts'),
    import('./output/secured.ts'),
    import('./training/run.ts'),
  ]);
}
