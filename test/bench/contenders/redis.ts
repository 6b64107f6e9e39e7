/** Redis over a Unix socket, every change in its log before the answer (`appendfsync always`). */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { startServer } from '../processes.ts';
import { type BenchProject, readProjects } from '../projects.ts';
import type { Contender } from './contender.ts';

/** A hash of projects by id, and a channel on which changed ones are published. */
const PROJECTS = 'projects';
const CHANGES = 'changes';

export const redis: Contender = {
  name: 'Redis',
  unavailable: async () =>
    spawnSync('redis-server', ['--version']).status === 0 ? null : 'redis-server is not installed',
  async start({ dataDir, file, socket }, core) {
    const options = {
      port: '0',
      unixsocket: socket,
      dir: dataDir,
      appendonly: 'yes',
      appendfsync: 'always',
      save: '',
      daemonize: 'no',
    };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const server = await startServer(['redis-server', ...flags], socket, core);
    const client = new Redis(socket);
    const pipeline = client.pipeline();
    for (const [id, project] of readProjects(readFileSync(file, 'utf8')))
      pipeline.hset(PROJECTS, id, JSON.stringify(project));
    await pipeline.exec();
    client.disconnect();
    return server;
  },
  async connect({ socket }) {
    const client = new Redis(socket);
    const known = new Map<string, BenchProject>();
    const subscribers: Redis[] = [];
    const get = async (id: string): Promise<BenchProject> =>
      JSON.parse((await client.hget(PROJECTS, id)) ?? 'null') as BenchProject;
    return {
      get,
      list: async () => (await client.hvals(PROJECTS)).map((text) => JSON.parse(text) as BenchProject),
      async setStatus(id, status) {
        // Generous: a change made at the same time elsewhere would be lost, and nothing is checked.
        const project = known.get(id) ?? (await get(id));
        known.set(id, project);
        const text = JSON.stringify({ ...project, training_status: status });
        await client.multi().hset(PROJECTS, id, text).publish(CHANGES, text).exec();
      },
      async subscribe(onChange) {
        const subscriber = new Redis(socket);
        subscribers.push(subscriber);
        subscriber.on('message', (_channel, text: string) =>
          onChange((JSON.parse(text) as BenchProject).training_status),
        );
        await subscriber.subscribe(CHANGES);
      },
      async close() {
        client.disconnect();
        for (const subscriber of subscribers) subscriber.disconnect();
      },
    };
  },
};
