/** How far a call is, for whoever has asked to be told. */
import type { ServerContext } from '@modelcontextprotocol/server';
import { printable } from '../../../src/system/printable.ts';

/**
 * Tells it.
 *
 * @param done how much is done; what is no more than was told before is not told
 * @param total of how much, where that is known
 * @param message for people
 */
export type Tell = (done: number, total: number | undefined, message: string | undefined) => void;

/** What tells how far a call is, where its caller gave a token for that. */
export function tellProgress({ _meta, signal, notify }: ServerContext['mcpReq']): Tell | undefined {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let told = -Infinity;
  let isSending = false;
  return (progress, total, message) => {
    // One at a time: whoever does not read must not have them wait in memory.
    if (progress <= told || isSending || signal.aborted) return;
    told = progress;
    isSending = true;
    const params = {
      progressToken,
      progress,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message: printable(message) }),
    };
    notify({ method: 'notifications/progress', params })
      // Nobody is there any more; the call finds that out by itself.
      .catch(() => undefined)
      .finally(() => {
        isSending = false;
      });
  };
}
