/** Serves an agent on standard input and output, until the input ends. */
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createServer, type ServerOptions } from './server.ts';
import type { Session } from './session.ts';

export async function serve(
  session: Session,
  options: ServerOptions,
  stdin: NodeJS.ReadableStream,
): Promise<void> {
  const ended = new Promise<void>((resolve) => stdin.once('end', resolve));
  const handle = serveStdio(() => createServer(session, options));
  await ended;
  await handle.close();
  await session.close();
}
