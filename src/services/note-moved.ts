/** What an operation that can be taken back has moved is noted once it is in the trash. */
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { Discarded } from './trash/trash.ts';

/** Notes that the directories of an operation are in the trash. For what could not be moved a later start tries again. */
export async function noteMoved(
  { store, log }: { readonly store: Pick<Store, 'journal'>; readonly log: Logger },
  entry: string | undefined,
  discarded: readonly Discarded[],
): Promise<void> {
  if (entry === undefined || discarded.some(({ place, left }) => place === null && left !== null)) return;
  await store.journal
    .close(entry)
    .catch((error: unknown) => log.warn({ err: error }, 'cannot note that a directory was moved'));
}
