/**
 * `gardenerd`, with its compiled code kept from one start to the next: compiling is a fifth of a start.
 *
 * Node can do that from 22.8 on, in its own directory below that for temporary files; before that, and where it cannot
 * write there, nothing happens.
 */
import * as module from 'node:module';

const { enableCompileCache } = module as { enableCompileCache?: () => unknown };
enableCompileCache?.();
await import('./main.ts');
