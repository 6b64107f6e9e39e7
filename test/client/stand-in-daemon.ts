/**
 * A program in the place of the daemon. It notes each start and its environment beside the socket, and then does what
 * its first argument says: `serve`, `slow` (serves, and takes its time), `give-way`, `fail`, `tidy` (fails, and removes
 * the logs), `crash`, `stall`, `mute` (listens and never speaks), `telling` (says that it is still starting, until there
 * is a file `go` or `stop` in the data directory; then it serves, or stalls), `busy` (the same without a word, at work),
 * `recovering` (as `telling`, and listens meanwhile) or `choosy` (serves all but the first that comes). A serving one ends
 * with its last connection, and takes no notice of SIGHUP.
 */
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
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
    stall();
    break;
  case 'mute':
    createServer((peer) => peer.on('error', () => peer.destroy())).listen(socket);
    stall();
    break;
  case 'telling':
    void tell();
    break;
  case 'busy':
    while (!exists('go')) continue;
    serve();
    break;
  case 'recovering':
    serve(tell(() => undefined));
    break;
  default:
    serve();
}

function stall(): void {
  // Longer than any test gives it; whoever started it ends it then.
  setTimeout(() => process.exit(0), 30_000);
}

function exists(name: string): boolean {
  return existsSync(`${values['data-dir']}/${name}`);
}

/** Says so, and does something when it may go on. */
function tell(goOn: () => void = serve): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (exists('stop')) {
        clearInterval(timer);
        stall();
      } else if (exists('go')) {
        clearInterval(timer);
        goOn();
        resolve();
      } else process.stderr.write('# still starting\n');
    }, 50);
  });
}

/** @param ready when it may speak */
function serve(ready?: Promise<void>): void {
  process.on('SIGHUP', () => undefined);
  let hellos = 0;
  const server = createServer((peer) => {
    // Who gives up before it speaks is none of those with whom it ends.
    let isHeard = false;
    peer.on('close', () => isHeard && server.close());
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
      if (method === 'daemon.hello') {
        hellos += 1;
        appendFileSync(`${socket}.hellos`, '.');
        if (positionals[0] === 'choosy' && hellos === 1) return;
      }
      const answer = `${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`;
      const write = (): void => {
        isHeard = true;
        peer.write(answer);
      };
      if (ready) void ready.then(write);
      else write();
    });
  });
  // What a killed one left.
  rmSync(socket, { force: true });
  server.listen(socket);
  // Where nobody comes, as when a test fails, it must not stay for ever.
  setTimeout(() => server.close(), 30_000).unref();
}
