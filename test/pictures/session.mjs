/**
 * The pictures of the README: the built program in a terminal, in a home of its own where it is always the same time.
 *
 * npm run pictures
 *
 * Needs script(1) of util-linux. What is different now shows in `git diff`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawTerminal } from './svg.mjs';
import { openTerminal } from './terminal.mjs';

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
/** What `npm run pictures` started, to be ended with it. */
const started = [];

try {
  furnish();
  await everydayUse();
  await watching();
} finally {
  for (const child of started) {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await once(spawn(program, ['daemon', 'stop'], { env, stdio: 'ignore' }), 'exit');
  rmSync(home, { recursive: true, force: true });
}

async function everydayUse() {
  setClock('2026-03-06T09:30:00.000Z');
  const terminal = openTerminal({ columns: 80, rows: 60, env });
  await terminal.type('gardener add ~/src/payments --tag work');
  await terminal.type('gardener ls');
  await terminal.type('gardener use website');
  await terminal.type('cd ~/src/payments/lib && gardener which');
  await terminal.type('gardener show search');
  write('everyday', 'gardener: add, ls, use, which, show', terminal);
}

async function watching() {
  setClock('2026-03-06T09:30:00.000Z');
  await train('website', 'loss 1.31', 0.85, 'evaluating');
  setClock('2026-03-06T09:38:00.000Z');
  await train('payments', 'epoch 2 of 3', 0.42, 'training');
  setClock('2026-03-06T09:42:00.000Z');
  const terminal = openTerminal({ columns: 96, rows: 13, env });
  const watch = terminal.start('gardener watch');
  await terminal.shows('42%', '85%');
  write('watch', 'gardener watch', terminal);
  watch.stdin.write('q');
  await once(watch, 'exit');
}

/** Begins a training that reports once and then goes on until it is ended; resolves when the report has arrived. */
async function train(project, message, progress, phase) {
  const report = JSON.stringify({ progress, phase, message });
  const words = ['train', project, '--', 'train-lora', report];
  const trainer = spawn(program, words, { env, stdio: 'ignore' });
  started.push(trainer);
  const terminal = openTerminal({ columns: 80, rows: 10, env });
  const watch = terminal.start('gardener watch');
  await terminal.shows(`${progress * 100}%`);
  watch.stdin.write('q');
  await once(watch, 'exit');
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
  codebase('payments', { ts: 412 });
  codebase('website', { js: 88 });
  codebase('search', { go: 1204 });
  codebase('ingest', { py: 236 });
  file('bin/train-lora', `#!/bin/sh\necho "$1" >&3\nexec sleep 600\n`);
  chmodSync(join(home, 'bin/train-lora'), 0o755);
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

function codebase(name, files) {
  for (const [ending, count] of Object.entries(files)) {
    for (let at = 0; at < count; at += 1) file(`src/${name}/lib/file-${at}.${ending}`, '');
  }
}

function file(path, text) {
  const whole = join(home, path);
  mkdirSync(dirname(whole), { recursive: true, mode: 0o700 });
  writeFileSync(whole, text, { mode: 0o600 });
}
