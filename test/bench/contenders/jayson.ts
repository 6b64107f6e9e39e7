/** A well-known JSON-RPC 2.0 library. Its client makes a connection for each call. */
import type { IpcSocketConnectOpts } from 'node:net';
import type { TcpClientOptions } from 'jayson';
import { benchProgram } from '../dist.ts';
import { startServer } from '../processes.ts';
import type { BenchProject } from '../projects.ts';
import type { Contender } from './contender.ts';

export const jayson: Contender = {
  name: 'jayson',
  unavailable: async () => null,
  start: ({ file, socket }, core) =>
    startServer([process.execPath, benchProgram('jayson'), file, socket], socket, core),
  async connect({ socket: path }) {
    const { default: library } = await import('jayson/promise/index.js');
    // Its types know of ports only; node:net, which gets the options, knows paths.
    const client = library.Client.tcp({
      path,
    } satisfies Partial<IpcSocketConnectOpts> as object as TcpClientOptions);
    const call = async (method: string, params: object): Promise<unknown> => {
      const answer = (await client.request(method, params)) as { result?: unknown; error?: object };
      if (answer.error) throw new Error(JSON.stringify(answer.error));
      return answer.result;
    };
    return {
      get: async (project) => (await call('get', { project })) as BenchProject,
      list: async () => (await call('list', {})) as BenchProject[],
      setStatus: async (project, status) => void (await call('setStatus', { project, status })),
      close: async () => undefined,
    };
  },
};
