/** The same with Redis: node cold-redis.js DATA_DIR SOCKET ID */
import { Redis } from 'ioredis';

const [, socket = '', id = ''] = process.argv.slice(2);
const client = new Redis(socket);
const project = JSON.parse((await client.hget('projects', id)) ?? '{}') as { project_id?: string };
client.disconnect();
if (project.project_id !== id) throw new Error('not the project that was asked for');
