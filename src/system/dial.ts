/** Connecting to a Unix socket. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

/** @throws the system's error, `ECONNREFUSED` where nobody listens, or the reason of the signal */
export async function dial(path: string, signal?: AbortSignal): Promise<Socket> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    signal?.throwIfAborted();
    throw error;
  }
}
