/**
 * Figures of the built programs at several sizes of the registry, beside bare Node in the same run.
 *
 * npm run figures [-- 10 1000 10000]
 *
 * Medians; machines are noisy, so read the ratios and not the milliseconds.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const sizes = process.argv.slice(2).map(Number);
const ROUNDS = 15;

const rows = [];
for (const size of sizes.length > 0 ? sizes : [10, 1_000, 10_000]) rows.push(await measure(size));
console.table(Object.fromEntries(rows.map(({ projects, ...row }) => [`${projects} projects`, row])));

async function measure(projects) {
  const home = mkdtempSync(join(tmpdir(), 'gardener-figures-'));
  const dataDir = join(home, 'data');
  mkdirSync(join(dataDir, 'run'), { recursive: true, mode: 0o700 });
  const ids = Array.from({ length: projects }, () => randomUUID());
  writeFileSync(join(dataDir, 'registry.json'), registryText(ids, home, dataDir));
  try {
    const bare = [];
    const starts = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      bare.push(timeProcess(['-e', '0']));
      const { daemon, socket, ms } = await start(dataDir);
      starts.push(ms);
      await stop(daemon, socket);
    }
    const { daemon, socket } = await start(dataDir);
    const peer = await connect(socket);
    const get = await time(2_000, (n) => peer.call('projects.get', { project: ids[n % ids.length] }));
    const list = await time(20, () => peer.call('projects.list', {}));
    const status = await time(50, (n) =>
      peer.call('projects.set_status', { project: ids[n % ids.length], status: 'completed' }),
    );
    const register = await time(50, (n) =>
      peer.call('projects.register', { name: `new ${n}`, source_path: home }),
    );
    peer.close();
    await stop(daemon, socket);
    const idle = await start(dataDir);
    await settle(idle.daemon.pid);
    const rss = residentMiB(idle.daemon.pid);
    const lists = [];
    const env = { ...process.env, CODEBASE_GARDENER_DATA_DIR: dataDir };
    for (let round = 0; round < ROUNDS; round += 1)
      lists.push(timeProcess([join(dist, 'gardener.js'), 'ls'], env));
    await stop(idle.daemon, idle.socket);
    const node = median(bare);
    return {
      projects,
      'node -e 0 (ms)': round(node),
      'start to first answer (ms over node)': round(median(starts) - node),
      'get (ms)': round(get),
      'list all (ms)': round(list),
      'set_status, durable (ms)': round(status),
      'register, durable (ms)': round(register),
      'idle memory (MiB over node)': round(rss - bareMemory()),
      'gardener ls (ms over node)': round(median(lists) - node),
    };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function registryText(ids, sourcePath, dataDir) {
  const at = '2026-01-05T09:30:00.000Z';
  const projects = Object.fromEntries(
    ids.map((id, n) => [
      id,
      {
        project_id: id,
        name: `project ${n}`,
        source_path: sourcePath,
        created_at: at,
        last_updated: at,
        training_status: 'not_started',
        language: 'python',
        file_count: n,
        lora_adapter_path: join(dataDir, 'projects', id, 'lora_adapter.bin'),
        vector_store_path: join(dataDir, 'projects', id, 'vector_store'),
        context_path: join(dataDir, 'projects', id, 'context.json'),
      },
    ]),
  );
  return `${JSON.stringify({ version: '1.1', active_project: ids[0], projects }, null, 2)}\n`;
}

/** Starts a daemon; the time runs until it has answered. */
async function start(dataDir) {
  const began = performance.now();
  const daemon = spawn(process.execPath, [join(dist, 'gardenerd.js'), '--data-dir', dataDir], {
    stdio: 'inherit',
  });
  const socket = join(dataDir, 'run', 'registry.sock');
  for (;;) {
    try {
      const peer = await connect(socket);
      await peer.call('daemon.hello', {});
      peer.close();
      return { daemon, socket, ms: performance.now() - began };
    } catch (error) {
      if (!['ENOENT', 'ECONNREFUSED'].includes(error.code)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

async function stop(daemon, socket) {
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  const peer = await connect(socket);
  await peer.call('daemon.shutdown', {});
  peer.close();
  await ended;
}

function connect(path) {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let received = [];
    let answered;
    let id = 0;
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      received.push(chunk);
      if (chunk.at(-1) !== 0x0a) return;
      const answer = JSON.parse(Buffer.concat(received).toString());
      received = [];
      answered(answer);
    });
    socket.once('connect', () =>
      resolve({
        call: (method, params) =>
          new Promise((done, fail) => {
            answered = ({ error, result }) => (error ? fail(new Error(error.message)) : done(result));
            socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: (id += 1), method, params })}\n`);
          }),
        close: () => socket.destroy(),
      }),
    );
  });
}

async function time(count, call) {
  const times = [];
  for (let n = 0; n < count; n += 1) {
    const began = performance.now();
    await call(n);
    times.push(performance.now() - began);
  }
  return median(times);
}

function timeProcess(args, env = process.env) {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env });
  if (status !== 0) throw new Error(`node ${args.join(' ')} failed: ${stderr}`);
  return performance.now() - began;
}

function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

function bareMemory() {
  const { stdout } = spawnSync(process.execPath, [
    '-e',
    'process.stdout.write(require("fs").readFileSync("/proc/self/status"))',
  ]);
  return Number(/VmRSS:\s+(\d+)/.exec(stdout)[1]) / 1024;
}

/** Waits until a process has done with what it does after its start: two equal looks at its processor time. */
async function settle(pid) {
  for (let before = ''; ;) {
    const now = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).join(' ');
    if (now === before) return;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function round(value) {
  return Math.round(value * 100) / 100;
}
