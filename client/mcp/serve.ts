/** Serves an agent on standard input and output, until the input ends. */
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { createServer, type ServerOptions } from './server.ts';
import type { Session } from './session.ts';

export async function serve(
  session: Session,
  options: ServerOptions,
  stdin: NodeJS.ReadableStream,
): Promise<void> {
  const ended = new Promise<void>((resolve) => stdin.once('end', resolve));
  const transport = new StdioServerTransport();
  const handle = serveStdio(() => createServer(session, options), { transport });
  const { onmessage } = transport;
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is no event target
  transport.onmessage = (message) => {
    session.updates.hear(message);
    onmessage?.(message);
  };
  await ended;
  await handle.close();
  await session.close();
}
