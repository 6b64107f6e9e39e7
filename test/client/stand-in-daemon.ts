/**
 * A program in the place of the daemon. It notes each start and its environment beside the socket, and then does what its first argument
 * says: `serve`, `slow` (serves, and takes its time), `give-way`, `fail`, `tidy` (fails, and removes the logs), `crash`
 * or `stall`. A serving one ends with its last connection.
 */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'data-dir': { type: 'string' }, socket: { type: 'string' }, manager: { type: 'string' } },
});
const { socket = '' } = values;
mkdirSync(dirname(socket), { recursive: true });
appendFileSync(
  `${socket}.starts`,
  `${JSON.stringify({ ...values, cwd: process.cwd(), pid: process.pid })}\n`,
);

writeFileSync(`${socket}.env`, JSON.stringify(process.env));

switch (positionals[0]) {
  case 'fail':
    process.stderr.write(
      '(node:1) Warning: of Node\ngardenerd: cannot use the data directory: it is full of weeds\ntry: gardenerd --help\n',
    );
    process.exit(3);
    break;
  case 'tidy':
    rmSync(`${values['data-dir']}/logs`, { recursive: true });
    process.exit(4);
    break;
  case 'crash':
    throw new TypeError('a plain bug');
  case 'give-way':
    process.exit(0);
    break;
  case 'stall':
    // Longer than any test gives it; whoever started it ends it then.
    setTimeout(() => process.exit(0), 30_000);
    break;
  default:
    serve();
}

function serve(): void {
  const server = createServer((peer) => {
    peer.on('close', () => server.close());
    peer.on('error', () => peer.destroy());
    const lines = createInterface({ input: peer });
    // readline passes it on.
    lines.on('error', () => undefined);
    lines.on('line', (line) => {
      const { id, method } = JSON.parse(line) as { id: number; method: string };
      // Long after it took the connection, as a daemon does that still reads a big file.
      if (positionals[0] === 'slow') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      const result =
        method === 'daemon.hello' ? { protocol: 1, pid: process.pid, epoch: 'spawned' } : process.pid;
      peer.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
    });
  });
  // What a killed one left.
  rmSync(socket, { force: true });
  server.listen(socket);
  // Where nobody comes, as when a test fails, it must not stay for ever.
  setTimeout(() => server.close(), 30_000).unref();
}
