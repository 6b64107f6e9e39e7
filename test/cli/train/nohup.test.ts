/** What was to outlive its terminal does, and what was not ends with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { builtProgram } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';
import { type Trainable, trainable, WAITS } from '../../support/trainer.ts';

const TERMINAL = fileURLToPath(new URL('../terminal/terminal.py', import.meta.url));

/** Has a shell train at a terminal until that is closed; GARDENER stands for the command in the script. */
async function closeTerminal({ cli, whenProject }: Trainable, script: string): Promise<void> {
  const gardener = `"${process.execPath}" "${builtProgram('gardener.js')}" train payments -- sh -c 'echo 10% >&3; ${WAITS}'`;
  const words = [TERMINAL, 'sh', '-c', script.replace('GARDENER', gardener)];
  const child = spawn('python3', words, {
    cwd: cli.home,
    env: environment(cli.home),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await whenProject(({ training }) => training?.progress === 0.1, 'it has begun');
  child.stdin.end('\n');
  await once(child, 'exit');
}

test.for([
  ['nohup', 'nohup GARDENER & wait'],
  ['nohup with its own log', 'nohup GARDENER > log 2>&1 & wait'],
  ['nohup that the shell names', '_=/usr/bin/nohup; export _; trap "" HUP; exec GARDENER'],
  ['a shell that ignores the signal', "trap '' HUP; GARDENER > log; sleep 0"],
])('a training outlives its terminal with %s', async ([, script], context) => {
  requireTools(context, ['python3', 'nohup']);
  const here = await trainable();
  await closeTerminal(here, `${script} `);
  await here.letGo();
  const project = await here.whenProject(
    ({ training_status: status }) => status !== 'training',
    'it is over',
  );
  expect(project).toMatchObject({ training_status: 'completed' });
});

test('a training ends with its terminal otherwise', async (context) => {
  requireTools(context, ['python3']);
  const here = await trainable();
  await closeTerminal(here, 'GARDENER; sleep 0');
  const project = await here.whenProject(
    ({ training_status: status }) => status !== 'training',
    'it is over',
  );
  expect(project).toMatchObject({ training_status: 'failed', training: { error: 'ended by SIGHUP' } });
});
