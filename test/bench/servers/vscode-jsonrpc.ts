/** node vscode-jsonrpc.js FILE SOCKET */
import { createServer } from 'node:net';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import { NaiveRegistry } from './naive-registry.ts';

const [file = '', path = ''] = process.argv.slice(2);
const registry = new NaiveRegistry(file);

const server = createServer((socket) => {
  const connection = createMessageConnection(
    new SocketMessageReader(socket),
    new SocketMessageWriter(socket),
  );
  connection.onRequest('get', ({ project }: { project: string }) => registry.get(project));
  connection.onRequest('list', () => registry.list());
  connection.onRequest('setStatus', async ({ project, status }: { project: string; status: string }) => {
    await registry.setStatus(project, status);
    return null;
  });
  connection.listen();
});
server.listen(path);
process.on('SIGTERM', () => process.exit(0));
