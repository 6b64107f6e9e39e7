/** Our server on HTTP, by the handler of the protocol's own package: what checks conformance speaks nothing else. */
import { once } from 'node:events';
import { createServer as listen, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { onTestFinished } from 'vitest';
import { connect } from '../../client/index.ts';
import { createServer, type ServerOptions } from '../../client/mcp/server.ts';
import { Session } from '../../client/mcp/session.ts';
import { builtProgram, type CommandLine } from './cli.ts';

/** Serves until the test is over, and gives the address. */
export async function serveOverHttp({ dataDir }: CommandLine, options: ServerOptions): Promise<string> {
  const daemon = [process.execPath, builtProgram('gardenerd.js')];
  const session = new Session((how) => connect({ dataDir, daemon, ...how }));
  const handler = createMcpHandler(() => createServer(session, options));
  const http = listen((request, response) => void answer(handler.fetch, request, response));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(async () => {
    http.closeAllConnections();
    http.close();
    await handler.close();
    await session.close();
  });
  const { port } = http.address() as { port: number };
  return `http://127.0.0.1:${port}/mcp`;
}

async function answer(
  handle: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = request;
  const body = method === 'POST' ? { body: Readable.toWeb(request), duplex: 'half' } : {};
  const told = await handle(
    new Request(new URL(url, `http://${headers.host}`), {
      method,
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      ...body,
    } as RequestInit),
  );
  response.writeHead(told.status, Object.fromEntries(told.headers));
  if (!told.body) return void response.end();
  // A client may have read enough of it, which is its business.
  await pipeline(Readable.fromWeb(told.body), response).catch(() => undefined);
}
