/** node jayson.js FILE SOCKET */
import jayson from 'jayson/promise/index.js';
import { NaiveRegistry } from './naive-registry.ts';

const [file = '', path = ''] = process.argv.slice(2);
const registry = new NaiveRegistry(file);

const server = new jayson.Server({
  get: async ({ project }: { project: string }) => registry.get(project),
  list: async () => registry.list(),
  async setStatus({ project, status }: { project: string; status: string }) {
    await registry.setStatus(project, status);
    return null;
  },
});
server.tcp().listen({ path });
process.on('SIGTERM', () => process.exit(0));
