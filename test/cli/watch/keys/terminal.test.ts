import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtProgram } from '../../../support/cli.ts';
import { environment } from '../../../support/home.ts';
import { tmuxTerminal } from '../../../support/tmux.ts';
import { requireTools } from '../../../support/tools.ts';
import { trainable, WAITS } from '../../../support/trainer.ts';
import { until } from '../../../support/until.ts';

const WATCH = `"${process.execPath}" "${builtProgram('gardener.js')}" watch`;

test('keys look into a training, cancel it, and use and retrain a project', async (context) => {
  requireTools(context, 'tmux');
  const { cli, registry, train, whenProject } = await trainable();
  await cli.codebase('src/web', {});
  await cli.json(['add', 'src/web']);
  const trainer = train(`echo '{"phase": "embedding"}' >&3; echo epoch 1 of 3; ${WAITS}`);
  await whenProject(({ training }) => training?.phase === 'embedding', 'it is being trained');
  const { shows, type, paste } = await tmuxTerminal(WATCH, { env: environment(cli.home) });
  await shows('>* payments  training');
  await type('Enter');
  expect(await shows('epoch 1 of 3')).toMatch(
    /^\* payments {2}training\n[^]*\nphases +embedding since \d\d:\d\d\n/,
  );
  await type('Escape');
  await shows(/^ {3}web/m);
  await type('r');
  // Broken into lines where the number of a process has it.
  await shows(/^cannot take "payments": [^]*try:\s+c,\s+which\s+cancels\s+that\s+training$/m);
  await type('c');
  await shows('cancel the training of payments? y/n');
  await type('y');
  await shows('asked sh to stop training payments');
  expect((await trainer.finished).code).not.toBe(0);
  await whenProject(({ training }) => training?.outcome === 'cancelled', 'it was cancelled');
  // What is pasted is no key, but goes into a filter.
  await paste('q');
  await type('/');
  await paste('web');
  await type('Enter', 'u');
  await shows('active now: web');
  expect((await registry.projects.active()).active_project?.name).toBe('web');
  await type('r');
  expect(await shows('web waits for training now')).toMatch(
    /^\/web {2}1 of 2 projects\n[^]*\n>\* web +retrain/,
  );
  expect((await registry.projects.get({ project: 'web' })).retrain_requested).not.toBeNull();
  await type('q');
  expect(await shows('ended with')).toBe('ended with 0');
});

test('one project that is watched has the screen, and it is given back when the program stops and ends', async (context) => {
  requireTools(context, 'tmux');
  const { cli } = await trainable();
  const pidFile = join(cli.home, 'pid');
  const job = join(cli.home, 'job.sh');
  // Of two programs, as with npx; the process of the one has a number that is known.
  await writeFile(
    job,
    `sh -c 'echo $$ > "$0"; exec "$@"' '${pidFile}' '${process.execPath}' '${builtProgram('gardener.js')}' watch payments\nexit $?\n`,
  );
  const command = `set -m; echo before; sh "${job}"; echo the shell is back; read go; fg >/dev/null`;
  const { shows, screen, type } = await tmuxTerminal(command, { env: environment(cli.home) });
  await shows(/^\* payments {2}not started\n[^]*q leaves$/);
  await type('C-z');
  await until(async () => (await screen()).endsWith('the shell is back'), 'the terminal is as it was');
  await type('Enter');
  await shows(/^\* payments {2}not started\n/);
  process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGTERM');
  expect(await shows('ended with')).toMatch(/^before\n[^]*the shell is back\n+ended with 143$/);
  await type('hello', 'Enter');
  await until(async () => (await screen()).endsWith('hello\nhello'), 'what is typed is seen, and comes back');
});

test('who leaves does not wait for a daemon that does not answer', async (context) => {
  requireTools(context, 'tmux');
  const { cli } = await trainable();
  const { pid } = (await cli.json(['daemon', 'status'])) as { pid: number };
  const { shows, type } = await tmuxTerminal(WATCH, { env: environment(cli.home) });
  await shows('q leaves');
  process.kill(pid, 'SIGSTOP');
  try {
    await type('u');
    await shows('making payments the active project …');
    // The system stops nobody whom no shell could let go on.
    await type('C-z', 'C-l', 'q');
    expect(await shows('ended with')).toBe(
      'note: the daemon has not answered, and it may still be done: making payments the\n  active project\nended with 0',
    );
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});
