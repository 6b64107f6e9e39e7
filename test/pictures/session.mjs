/**
 * The pictures of the README: the built program in a terminal, in a home of its own where it is always the same time.
 *
 * npm run pictures
 *
 * Needs script(1) of util-linux. What is different now shows in `git diff`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { drawTerminal } from './svg.mjs';
import { openTerminal, PATIENCE_MS } from './terminal.mjs';

const here = fileURLToPath(new URL('./', import.meta.url));
const program = fileURLToPath(new URL('../../dist/gardener.js', import.meta.url));
// Always the same one: it is in the hash of what `show` shows.
const home = join(realpathSync('/tmp'), 'gardener-pictures');
const clock = join(home, '.clock');
const env = {
  HOME: home,
  PATH: `${home}/bin:${process.env.PATH}`,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  PICTURES_CLOCK: clock,
  NODE_OPTIONS: `--import=${new URL('./clock.mjs', import.meta.url).href}`,
};
const KEYS = { up: '\x1b[A', down: '\x1b[B', space: ' ', enter: '\r' };
/** What `npm run pictures` started, to be ended with it. */
const started = [];
const pipes = [];

try {
  furnish();
  setClock('2026-03-06T09:24:00.000Z');
  await startDaemon();
  await train('website', ['2026-03-06T09:37:00.000Z', 0.64, 'training', 'loss 0.21']);
  setClock('2026-03-06T09:38:00.000Z');
  await everydayUse();
  await train('payments', ['2026-03-06T09:41:00.000Z', 0.42, 'training', 'epoch 2 of 3']);
  setClock('2026-03-06T09:42:00.000Z');
  await watching();
  await training();
} finally {
  for (const child of started.toReversed()) {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  for (const pipe of pipes) await pipe.close();
  rmSync(home, { recursive: true, force: true });
}

async function everydayUse() {
  const terminal = openTerminal({ columns: 96, rows: 80, env });
  const scan = await terminal.begin('gardener scan --tag work ~/work');
  await terminal.shows('◼ payments', '◼ scratch');
  scan.stdin.write(KEYS.up + KEYS.space);
  await terminal.shows('◻ scratch');
  scan.stdin.write(KEYS.enter);
  await terminal.ended(scan);
  await terminal.type('gardener ls');
  await terminal.type('gardener use pay');
  await terminal.type('cd "$(gardener path website)" && gardener');
  write('everyday', 'gardener: scan, ls, use, path', terminal);
}

async function watching() {
  const terminal = openTerminal({ columns: 96, rows: 11, env });
  const watch = terminal.start('gardener watch');
  await terminal.shows('42%', '64%', '? keys');
  watch.stdin.write(KEYS.down);
  await terminal.shows('>* payments');
  write('watch', 'gardener watch', terminal);
  watch.stdin.write('q');
  await terminal.ended(watch);
}

/** One that has ended, and below it one that has come some way. */
async function training() {
  setClock('2026-03-06T10:00:00.000Z');
  const terminal = openTerminal({ columns: 96, rows: 30, env });
  const first = await terminal.begin('gardener train ledger -- python train.py --epochs 3');
  const made = await instruct(
    'ledger',
    'echo epoch 1: loss 0.417; echo epoch 2: loss 0.204; echo epoch 3: loss 0.101',
    'truncate -s 96M "$GARDENER_PROJECT_LORA_ADAPTER_PATH"',
    `echo '{"result": {"file_count": 188, "metadata": {"loss": 0.101}}}' >&3`,
  );
  await terminal.shows('epoch 3');
  setClock('2026-03-06T10:05:17.000Z');
  await made.write('exit\n');
  await terminal.ended(first);

  const second = await terminal.begin('gardener train search -- python train.py --epochs 3');
  const trainer = await instruct('search', `${report(0, 'training', 'epoch 1')}; echo epoch 1: loss 0.398`);
  await terminal.shows('0.398');
  await watched(' 0%');
  setClock('2026-03-06T10:08:29.000Z');
  await trainer.write(`${report(0.61, 'training', 'epoch 2, loss 0.204')}\n`);
  await terminal.shows('61%', 'left');
  write('training', 'gardener train', terminal);
  await trainer.write('exit\n');
  await terminal.ended(second);
}

/** Begins a training that goes on until all is ended, and that has come so far at a time. */
async function train(project, [time, ...standing]) {
  started.push(spawn(program, ['train', project, '--', 'train-lora'], { env, stdio: 'ignore' }));
  const trainer = await instruct(project, report(0, ...standing.slice(1)));
  await watched(' 0%');
  setClock(time);
  await trainer.write(`${report(...standing)}\n`);
  await watched(`${standing[0] * 100}%`);
}

/** Waits until it stands in the table of all projects: until the daemon knows it. */
async function watched(text) {
  const terminal = openTerminal({ columns: 80, rows: 10, env });
  const watch = terminal.start('gardener watch');
  await terminal.shows(text);
  watch.stdin.write('q');
  await terminal.ended(watch);
}

/** Tells the trainer of a project, which may yet have to come, what to do; more can be written to what is returned. */
async function instruct(project, ...commands) {
  // For reading, too: so nobody waits for a trainer that does not come.
  const pipe = await open(pipeOf(project), 'r+');
  pipes.push(pipe);
  await pipe.write(`${commands.join('\n')}\n`);
  return pipe;
}

function pipeOf(project) {
  return join(home, `.${project}`);
}

/** The words for a shell by which a trainer tells how far it is. */
function report(progress, phase, message) {
  return `echo '${JSON.stringify({ progress, phase, message })}' >&3`;
}

/** A daemon that goes by our clock, which one that a command starts would not be told of. */
async function startDaemon() {
  const daemon = spawn(process.execPath, [join(dirname(program), 'gardenerd.js')], { env, stdio: 'inherit' });
  started.push(daemon);
  const socket = join(home, '.codebase-gardener/run/registry.sock');
  const signal = AbortSignal.timeout(PATIENCE_MS);
  while (!existsSync(socket)) await setTimeout(50, undefined, { signal });
}

function write(name, title, terminal) {
  writeFileSync(join(here, `${name}.svg`), drawTerminal({ title, ...terminal.picture() }));
}

function setClock(time) {
  writeFileSync(clock, time);
}

/** A home with codebases, all but one of which are registered already, and a trainer. */
function furnish() {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { mode: 0o700 });
  codebase('work/payments', 'package.json', { ts: 411 });
  codebase('work/ledger', 'go.mod', { go: 187 });
  codebase('work/scratch', 'pyproject.toml', { py: 5 });
  codebase('src/website', 'package.json', { js: 87 });
  codebase('src/search', 'go.mod', { go: 1203 });
  codebase('src/ingest', 'pyproject.toml', { py: 235 });
  // They do what they are told on a pipe, one at a time.
  for (const name of ['python', 'train-lora'])
    command(name, 'exec 4< ~/.$GARDENER_PROJECT_NAME\nwhile read -r line <&4; do eval "$line"; done');
  execFileSync('mkfifo', ['website', 'payments', 'ledger', 'search'].map(pipeOf));
  symlinkSync(program, join(home, 'bin/gardener'));
  const projects = [
    project('website', 'javascript', 88, {
      training_status: 'completed',
      last_trained: '2026-03-05T08:14:00.000Z',
      last_used: '2026-03-05T08:30:00.000Z',
    }),
    project('ingest', 'python', 236, {
      training_status: 'completed',
      last_trained: '2026-02-20T11:40:00.000Z',
      last_used: '2026-03-06T04:10:00.000Z',
    }),
    project('search', 'go', 1204, {
      training_status: 'failed',
      last_used: '2026-03-03T16:20:00.000Z',
      tags: ['work', 'gpu'],
      training: {
        token: 2,
        phase: 'training',
        progress: 0.64,
        updated_at: '2026-03-03T16:20:00.000Z',
        error: ['exit code 1', 'epoch 2 of 3: loss 0.417', 'CUDA out of memory'].join('\n'),
      },
    }),
  ];
  const registry = { version: '1.2', active_project: projects.at(-1).project_id, projects: byId(projects) };
  file('.codebase-gardener/registry.json', JSON.stringify(registry));
}

function byId(projects) {
  return Object.fromEntries(projects.map((one) => [one.project_id, one]));
}

function project(name, language, files, more) {
  const id = `${Buffer.from(name).toString('hex').padEnd(8, '0').slice(0, 8)}-7d1f-4c52-9a38-61b0f4d2c9e7`;
  const own = join(home, '.codebase-gardener/projects', id);
  mkdirSync(own, { recursive: true });
  return {
    project_id: id,
    name,
    source_path: join(home, 'src', name),
    created_at: '2026-02-11T10:02:00.000Z',
    last_updated: '2026-03-03T16:20:00.000Z',
    language,
    file_count: files,
    lora_adapter_path: join(own, 'lora_adapter.bin'),
    vector_store_path: join(own, 'vector_store'),
    context_path: join(own, 'context.json'),
    ...more,
  };
}

function codebase(path, manifest, files) {
  file(join(path, manifest), '');
  for (const [ending, count] of Object.entries(files)) {
    for (let at = 0; at < count; at += 1) file(`${path}/lib/file-${at}.${ending}`, '');
  }
}

function command(name, script) {
  file(`bin/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(join(home, 'bin', name), 0o755);
}

function file(path, text) {
  const whole = join(home, path);
  mkdirSync(dirname(whole), { recursive: true, mode: 0o700 });
  writeFileSync(whole, text, { mode: 0o600 });
}
