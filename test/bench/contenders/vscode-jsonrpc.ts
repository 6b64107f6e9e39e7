/** The JSON-RPC of the language server protocol: headers, cancellation, typed connections. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { benchProgram } from '../dist.ts';
import { startServer } from '../processes.ts';
import type { BenchProject } from '../projects.ts';
import type { Contender } from './contender.ts';

export const vscodeJsonrpc: Contender = {
  name: 'vscode-jsonrpc',
  unavailable: async () => null,
  start: ({ file, socket }, core) =>
    startServer([process.execPath, benchProgram('vscode-jsonrpc'), file, socket], socket, core),
  async connect({ socket: path }) {
    const { createMessageConnection, SocketMessageReader, SocketMessageWriter } =
      await import('vscode-jsonrpc/node');
    const socket = createConnection(path);
    await once(socket, 'connect');
    const connection = createMessageConnection(
      new SocketMessageReader(socket),
      new SocketMessageWriter(socket),
    );
    connection.listen();
    return {
      get: (project) => connection.sendRequest<BenchProject>('get', { project }),
      list: () => connection.sendRequest<BenchProject[]>('list'),
      setStatus: (project, status) => connection.sendRequest('setStatus', { project, status }),
      async close() {
        connection.dispose();
        socket.destroy();
      },
    };
  },
};
