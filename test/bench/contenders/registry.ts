/** What this package is: its daemon and its client library, as built. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as library from '../../../client/index.ts';
import { dist } from '../dist.ts';
import { startServer } from '../processes.ts';
import type { Contender, Session } from './contender.ts';

type Library = typeof library;

export const registry: Contender = {
  name: 'registry',
  unavailable: async () => null,
  start: (place, core) => startServer(daemonCommand(place.dataDir, place.socket), place.socket, core),
  async connect({ dataDir, socket }) {
    const { connect } = (await import(pathToFileURL(join(dist, 'index.js')).href)) as Library;
    return session(await connect({ dataDir, socket, autoStart: false }));
  },
};

export function daemonCommand(dataDir: string, socket: string, nodeFlags: readonly string[] = []): string[] {
  const program = join(dist, 'gardenerd.js');
  return [process.execPath, ...nodeFlags, program, '--data-dir', dataDir, '--socket', socket];
}

function session(client: library.Client): Session {
  return {
    get: (project) => client.projects.get({ project }),
    list: async () => (await client.projects.list({})).projects,
    async setStatus(project, status) {
      await client.projects.set_status({ project, status: status as 'completed' });
    },
    async subscribe(onChange) {
      client.onNotification((method, params) => {
        if (method !== 'registry.event') return;
        for (const { project } of (params as { events: { project?: { training_status: string } }[] }).events)
          if (project) onChange(project.training_status);
      });
      await client.registry.watch({});
    },
    close: () => client.close(),
  };
}
