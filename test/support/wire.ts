/** A wire between clients and a daemon that can be cut. */
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from './home.ts';

export interface Wire {
  /** Where clients connect to. */
  readonly socket: string;
  /** How many connections there have been. */
  readonly accepted: number;
  /** Ends every connection, on both sides. */
  cut(): void;
  /** Cuts the wire when the daemon answers the next message with this text in it: it is done, and nobody is told. */
  loseAnswerTo(text: string): void;
}

/** Lays a wire to a daemon's socket; it is gone when the test is over. */
export async function wire(daemonSocket: string): Promise<Wire> {
  const socket = join(await temporaryDirectory(), 'wire.sock');
  const ends = new Set<Socket>();
  let accepted = 0;
  let wanted: string | null = null;
  const cut = (): void => {
    for (const end of ends) end.destroy();
  };
  const server = createServer((client) => {
    accepted += 1;
    const daemon = createConnection(daemonSocket);
    let isLosing = false;
    client.on('data', (chunk: Buffer) => {
      if (wanted !== null && chunk.includes(wanted)) isLosing = true;
      if (isLosing) wanted = null;
      daemon.write(chunk);
    });
    daemon.on('data', (chunk: Buffer) => {
      if (isLosing) cut();
      else client.write(chunk);
    });
    for (const [end, other] of [
      [client, daemon],
      [daemon, client],
    ] as const) {
      ends.add(end);
      end.on('error', () => end.destroy());
      end.on('close', () => {
        ends.delete(end);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    socket,
    get accepted() {
      return accepted;
    },
    cut,
    loseAnswerTo: (text) => (wanted = text),
  };
}
