/** One measurement each, of the built programs of a checkout, in a home of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** Between two looks at what a process occupies; it has settled when both see the same. Milliseconds. */
const LOOK_EVERY_MS = 300;

/** A command from its start to its end, with a daemon that runs already where there are projects. */
export async function commandMs(checkout, words, projects) {
  return await withHome(projects, async (env) => {
    const program = join(checkout, 'dist', 'gardener.js');
    const daemon = projects > 0 ? await startDaemon(checkout, env) : undefined;
    try {
      const began = performance.now();
      execFileSync(process.execPath, [program, ...words], { env });
      return performance.now() - began;
    } finally {
      await daemon?.stop();
    }
  });
}

/** A daemon from its start until it has answered a ping. */
export async function firstAnswerMs(checkout, projects) {
  return await withHome(projects, async (env) => {
    const began = performance.now();
    const daemon = await startDaemon(checkout, env);
    const elapsed = performance.now() - began;
    await daemon.stop();
    return elapsed;
  });
}

/** What a daemon that nobody asks anything occupies. */
export async function residentMiB(checkout, projects) {
  return await withHome(projects, async (env) => {
    const daemon = await startDaemon(checkout, env);
    try {
      return await settledMiB(daemon.pid);
    } finally {
      await daemon.stop();
    }
  });
}

/** What a process occupies when it has nothing more to do. */
export async function settledMiB(pid) {
  const look = () => execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  for (let before = ''; ;) {
    const now = look();
    if (now === before) return Number(now) / 1024;
    before = now;
    await pause(LOOK_EVERY_MS);
  }
}

/** The built files with such names, together. */
export function sizeKiB(checkout, pattern) {
  const names = readdirSync(join(checkout, 'dist')).filter((name) => pattern.test(name));
  return names.reduce((sum, name) => sum + statSync(join(checkout, 'dist', name)).size, 0) / 1024;
}

/** A built file, with all that it imports before it begins. */
export function loadedKiB(checkout, entry) {
  const loaded = new Set([entry]);
  let size = 0;
  // What is added meanwhile comes, too.
  for (const name of loaded) {
    const text = readFileSync(join(checkout, 'dist', name), 'utf8');
    size += Buffer.byteLength(text);
    for (const [, imported] of text.matchAll(/^(?:import|export)\b[^;]*?"\.\/([\w-]+\.js)";$/gm))
      loaded.add(imported);
  }
  return size / 1024;
}

/** @param what `size` of the packed package, or its `unpackedSize` */
export function packedKiB(checkout, what) {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
  const [packed] = JSON.parse(execFileSync('npm', words, { cwd: checkout, encoding: 'utf8' }));
  return packed[what] / 1024;
}

/** Gives the work an environment with a home that has as many projects, and is gone afterwards. */
export async function withHome(projects, work) {
  // In /tmp, because a socket's path may have no more than 103 bytes.
  const home = mkdtempSync(join(realpathSync('/tmp'), 'gardener-figures-'));
  try {
    if (projects > 0) writeRegistry(home, projects);
    return await work({ HOME: home, PATH: process.env.PATH, LANG: process.env.LANG });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Starts a daemon, which answers when this resolves. */
export async function startDaemon(checkout, env) {
  const child = spawn(process.execPath, [join(checkout, 'dist', 'gardenerd.js')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  while (!(await answers(join(env.HOME, '.codebase-gardener', 'run', 'registry.sock')))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the daemon of ${checkout} ended with ${child.exitCode ?? child.signalCode}`);
    await pause(1);
  }
  return {
    pid: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function answers(path) {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
    socket.write('{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}\n');
    await once(createInterface({ input: socket }), 'line');
    return true;
  } catch (error) {
    // Nobody listens yet.
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

function writeRegistry(home, count) {
  const data = join(home, '.codebase-gardener');
  mkdirSync(data, { mode: 0o700 });
  const at = '2026-01-05T08:00:00.000Z';
  const projects = Array.from({ length: count }, (_, number) => {
    const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
    const own = join(data, 'projects', id);
    const project = {
      project_id: id,
      name: `project-${number}`,
      source_path: home,
      created_at: at,
      last_updated: at,
      training_status: 'not_started',
      language: 'python',
      file_count: number,
      lora_adapter_path: join(own, 'lora_adapter.bin'),
      vector_store_path: join(own, 'vector_store'),
      context_path: join(own, 'context.json'),
      last_trained: null,
      last_used: null,
      tags: ['figures'],
      metadata: {},
      training: null,
      retrain_requested: null,
      repository: null,
    };
    return [id, project];
  });
  const registry = { version: '1.2', active_project: null, projects: Object.fromEntries(projects) };
  writeFileSync(join(data, 'registry.json'), `${JSON.stringify(registry, null, 2)}\n`, { mode: 0o600 });
}
