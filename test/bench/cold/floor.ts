/** The same with nothing but `net`: node cold-floor.js DATA_DIR SOCKET ID */
import { createConnection } from 'node:net';
import { readLines } from '../lines.ts';

const [, path = '', id = ''] = process.argv.slice(2);
const socket = createConnection(path);
socket.write(`${JSON.stringify({ id: 1, method: 'get', project: id })}\n`);
readLines(socket, (line) => {
  const { result } = JSON.parse(line) as { result: { project_id: string } };
  socket.destroy();
  if (result.project_id !== id) throw new Error('not the project that was asked for');
});
