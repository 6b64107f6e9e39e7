/** Ends the daemon of a home without starting a program for it. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { errorCode } from '../../src/system/errors.ts';

/** Longer than a daemon takes to drain. Milliseconds. */
const LIMIT_MS = 20_000;
const SHUTDOWN = { jsonrpc: '2.0', id: 1, method: 'daemon.shutdown', params: { reason: 'the test is over' } };

/**
 * Asks the daemon of a data directory to end, if there is one. It closes the connection once everything is written.
 *
 * @throws {Error} where it does not end
 */
export async function endDaemon(dataDir: string): Promise<void> {
  const socket = createConnection(join(dataDir, 'run', 'registry.sock'));
  try {
    await once(socket, 'connect');
  } catch (error) {
    if (NOBODY.has(errorCode(error))) return;
    throw error;
  }
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  socket.write(`${JSON.stringify(SHUTDOWN)}\n`);
  try {
    await once(socket, 'close', { signal: AbortSignal.timeout(LIMIT_MS) });
  } catch (error) {
    // One that was ending has not read what it was asked.
    if (!BROKEN.has(errorCode(error)))
      throw new Error(`the daemon could not be stopped: ${said}`, { cause: error });
  } finally {
    socket.destroy();
  }
}

const NOBODY: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR']);
const BROKEN: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);
