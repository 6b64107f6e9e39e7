/** A daemon with a few projects, one connection to change them, and others to look on. */
import type { DaemonOptions } from '../../src/daemon.ts';
import { type RunningDaemon, startDaemon } from './daemon.ts';
import { subscribe, type Subscriber } from './events.ts';
import type { LineClient } from './lines.ts';

export interface World extends RunningDaemon {
  /** The connection of whoever makes the changes. */
  readonly writer: LineClient;
  /** Registers a project, with a directory of its own; gives its id. */
  add(name: string, params?: object): Promise<string>;
  /** Subscribes on a connection that is used for nothing else. */
  watch(params?: object): Promise<Subscriber>;
  /** Ends the daemon as a signal does, and starts the next one in the same home. */
  restart(): Promise<World>;
}

/** Starts a daemon and registers projects of these names, in this order. */
export async function world(names: readonly string[] = [], options: DaemonOptions = {}): Promise<World> {
  const daemon = await startDaemon(options);
  const writer = await daemon.connect();
  const add = async (name: string, params: object = {}): Promise<string> => {
    const source_path = await daemon.codebase(name);
    return String((await writer.call('projects.register', { name, source_path, ...params }))['project_id']);
  };
  for (const name of names) await add(name);
  const watch = async (params?: object) => await subscribe(await daemon.connect(), params);
  const restart = async (): Promise<World> => {
    const stopped = daemon.daemon.stop('restart');
    // Peers that stay are waited for.
    writer.socket.destroy();
    await stopped;
    return await world([], { ...options, dataDir: daemon.paths.dataDir });
  };
  return { ...daemon, writer, add, watch, restart };
}

/** A request as it goes over the wire. */
export function request(id: number, method: string, params: object = {}): object {
  return { jsonrpc: '2.0', id, method, params };
}

/** Takes the lease on a project; gives the token. */
export async function begin(peer: LineClient, project: string, params: object = {}): Promise<number> {
  return Number((await peer.call('training.begin', { project, ...params }))['token']);
}

/** A project as it is now. */
export function get(peer: LineClient, project: string): ReturnType<LineClient['call']> {
  return peer.call('projects.get', { project });
}
