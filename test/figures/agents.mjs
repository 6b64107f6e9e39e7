/** What an agent waits for, and what its server occupies, over what node itself does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { settledMiB, startDaemon, withHome } from './measures.mjs';

/** Of which the median is taken, after as many that are not counted: code is compiled that is called often. */
const CALLS = 300;
/** Says that it runs, and waits for the end of its input, as a server does. */
const NOTHING = ['-e', 'process.stdin.resume(); console.log("{}")'];

/** Whether there was a server for agents when this was built. */
export function servesAgents(checkout) {
  return existsSync(join(checkout, 'dist', 'gardener-mcp-server.js'));
}

/** From the start to the answer to `initialize`, without the time that node needs to say something. */
export async function initializeMs(checkout) {
  return await withHome(0, async (env) => {
    const [bare, server] = [await begin(NOTHING, env), await beginServer(checkout, env)];
    for (const { end } of [bare, server]) await end();
    return server.began - bare.began;
  });
}

/** From a question about a project to its answer, with a daemon that runs already. */
export async function callMs(checkout) {
  return await withServer(checkout, async ({ ask }) => {
    const times = [];
    for (let call = 0; call < 2 * CALLS; call += 1) {
      const began = performance.now();
      await ask('tools/call', { name: 'get_project', arguments: { project: `project-${call % 100}` } });
      if (call >= CALLS) times.push(performance.now() - began);
    }
    return times.toSorted((a, b) => a - b)[CALLS / 2];
  });
}

/** What it occupies after a call, without what node occupies. */
export async function serverMiB(checkout) {
  return await withServer(checkout, async ({ ask, pid }, env) => {
    await ask('tools/call', { name: 'list_projects', arguments: {} });
    const bare = await begin(NOTHING, env);
    const over = (await settledMiB(pid)) - (await settledMiB(bare.pid));
    await bare.end();
    return over;
  });
}

async function withServer(checkout, work) {
  return await withHome(100, async (env) => {
    const daemon = await startDaemon(checkout, env);
    const server = await beginServer(checkout, env);
    try {
      return await work(server, env);
    } finally {
      await server.end();
      await daemon.stop();
    }
  });
}

async function beginServer(checkout, env) {
  const clientInfo = { name: 'figures', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  return await begin([join(checkout, 'dist', 'gardener.js'), 'mcp'], env, request(0, 'initialize', params));
}

/** Starts a program that answers in lines; it has begun when the first has come. */
async function begin(words, env, first = '') {
  const started = performance.now();
  const child = spawn(process.execPath, words, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(first);
  await lines.next();
  const began = performance.now() - started;
  let id = 0;
  return {
    pid: child.pid,
    began,
    async ask(method, params) {
      child.stdin.write(request((id += 1), method, params));
      const { result, error } = JSON.parse((await lines.next()).value);
      if (error || result.isError)
        throw new Error(`${method} was refused: ${JSON.stringify(error ?? result)}`);
    },
    async end() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

function request(id, method, params) {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
}
