/** The floor: `net`, a line a message, JSON.parse and JSON.stringify, and nothing checked. node floor.js FILE SOCKET */
import { createServer, type Socket } from 'node:net';
import { readLines } from '../lines.ts';
import { NaiveRegistry } from './naive-registry.ts';

interface Request {
  readonly id: number;
  readonly method: 'get' | 'list' | 'setStatus' | 'subscribe';
  readonly project?: string;
  readonly status?: string;
}

const [file = '', path = ''] = process.argv.slice(2);
const registry = new NaiveRegistry(file);
const subscribers = new Set<Socket>();

const server = createServer((socket) => {
  readLines(socket, (line) => void answer(socket, JSON.parse(line) as Request));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => subscribers.delete(socket));
});
server.listen(path);
process.on('SIGTERM', () => process.exit(0));

async function answer(socket: Socket, { id, method, project = '', status = '' }: Request): Promise<void> {
  let result: unknown = null;
  if (method === 'get') result = registry.get(project);
  else if (method === 'list') result = registry.list();
  else if (method === 'subscribe') subscribers.add(socket);
  else {
    await registry.setStatus(project, status);
    const event = `${JSON.stringify({ event: registry.get(project) })}\n`;
    for (const subscriber of subscribers) subscriber.write(event);
  }
  socket.write(`${JSON.stringify({ id, result })}\n`);
}
