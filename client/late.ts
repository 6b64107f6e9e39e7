/**
 * What few programs need lies in a file of its own, which is no part of their start. A program that lives for weeks has it
 * in memory before somebody upgrades the package below it.
 */

/** After this time a program is none that makes a call and ends. Milliseconds. */
const LIVES_MS = 1_000;

let begun = false;

/** Has all that is loaded when it is needed loaded soon, once in a process, which does not wait for it. */
export function loadSoon(): void {
  if (begun) return;
  begun = true;
  setTimeout(() => void load(), LIVES_MS).unref();
}

async function load(): Promise<void> {
  // Whoever needs a part that is not there is told by their own import.
  await Promise.allSettled([
    import('./codebase/add.ts'),
    import('./codebase/repository.ts'),
    import('./codebase/source.ts'),
    import('./output/secured.ts'),
    import('./training/run.ts'),
  ]);
}
