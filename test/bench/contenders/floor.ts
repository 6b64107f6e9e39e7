/** A bare `net` server and client with JSON on both sides: what is left when everything is left out. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { benchProgram } from '../dist.ts';
import { readLines } from '../lines.ts';
import { startServer } from '../processes.ts';
import type { BenchProject } from '../projects.ts';
import type { Contender } from './contender.ts';

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly event?: BenchProject;
}

export const floor: Contender = {
  name: 'net + JSON',
  unavailable: async () => null,
  start: ({ file, socket }, core) =>
    startServer([process.execPath, benchProgram('floor'), file, socket], socket, core),
  async connect({ socket: path }) {
    const socket = createConnection(path);
    await once(socket, 'connect');
    const waiting = new Map<number, (result: unknown) => void>();
    let heard: (status: string) => void = () => undefined;
    let lastId = 0;
    readLines(socket, (line) => {
      const { id, result, event } = JSON.parse(line) as Answer;
      if (event) return heard(event.training_status);
      if (id === undefined) return;
      waiting.get(id)?.(result);
      waiting.delete(id);
    });
    const call = (method: string, params: object): Promise<unknown> =>
      new Promise((resolve) => {
        const id = ++lastId;
        waiting.set(id, resolve);
        socket.write(`${JSON.stringify({ id, method, ...params })}\n`);
      });
    return {
      get: async (project) => (await call('get', { project })) as BenchProject,
      list: async () => (await call('list', {})) as BenchProject[],
      setStatus: async (project, status) => void (await call('setStatus', { project, status })),
      async subscribe(onChange) {
        heard = onChange;
        await call('subscribe', {});
      },
      close: async () => void socket.destroy(),
    };
  },
};
