/** What a person sees of a training at a terminal, and what Ctrl-C and Ctrl-Z do. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { builtProgram } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { tmuxTerminal, type TmuxTerminal } from '../../support/tmux.ts';
import { requireTools } from '../../support/tools.ts';
import { trainable, type Trainable, WAITS } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

/** What gardener and a trainer wait for, piece by piece. */
const waitsFor = (name: string) => WAITS.replace('/go', `/${name}`);
const REPORT = `echo '{"progress": 0.61, "phase": "training", "message": "epoch 2, loss 0.204"}' >&3`;

/** The shell around it is not whom Ctrl-C is for. */
const NOT_THE_SHELL = (command: string): string => `trap : INT; ${command}`;

interface Screen extends Trainable, TmuxTerminal {
  /** Lets the trainer go on that waits for it. */
  go(name: string): Promise<void>;
}

/** A training of a script in a terminal of so many columns. */
async function screen(
  context: TestContext,
  script: string,
  { columns = 80, run = NOT_THE_SHELL }: { columns?: number; run?: (command: string) => string } = {},
): Promise<Screen> {
  requireTools(context, ['tmux', 'script']);
  const here = await trainable();
  const { home } = here.cli;
  await writeFile(join(home, 'train.sh'), script);
  const command = `exec "${process.execPath}" "${builtProgram('gardener.js')}" train payments -- sh "${home}/train.sh"`;
  await writeFile(join(home, 'run.sh'), command);
  const env = { ...environment(home), TERM: 'xterm', PS1: '$ ' };
  const seen = await tmuxTerminal(run(`sh "${home}/run.sh"`), { columns, env });
  return { ...here, ...seen, go: (name) => writeFile(join(home, name), '') };
}

const LEAVES = `echo '{"result": {"file_count": 412, "metadata": {"loss": 0.10001, "by": "me"}}}' >&3
head -c 3000000 /dev/zero > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"`;

describe('at 80 columns', () => {
  test('a training has a line of progress below its output, and one at the end', async (context) => {
    const seen = await screen(
      context,
      `${REPORT}; echo step 1; ${waitsFor('on')}; echo step 2; ${waitsFor('go')}; ${LEAVES}`,
    );
    const top = `training payments  (Ctrl-C ends it, twice by force)
  elsewhere: gardener train --cancel payments
step 1
`;
    const bar = '████████████░░░░░░░░  61%  training: epoch 2, loss 0.204';
    expect(await seen.shows(/61%.* 0:0\d/)).toMatch(new RegExp(`^${escaped(top)}${bar} {5}0:\\d\\d`));
    await seen.go('on');
    // Still below, and once.
    const now = await seen.shows(/step 2\n.*61%/);
    expect(now.split('61%')).toHaveLength(2);
    await seen.go('go');
    expect(await seen.shows('ended with 0')).toMatch(
      new RegExp(
        `^${escaped(top)}step 2\ntrained payments in \\d+ s {2}412 files, loss 0.1, adapter 2.9 MiB\n {2}log: gardener logs payments\nended with 0$`,
      ),
    );
    const { project_id: id, training } = await seen.project();
    const log = join(seen.cli.dataDir, 'projects', id, 'trainings', String(training?.token), 'trainer.log');
    expect(await readFile(log, 'utf8')).toBe('step 1\nstep 2\n');
  });

  test('it is not mixed into a line that the trainer has not ended', async (context) => {
    const bars = `printf '\\r10%%|#'; ${waitsFor('on')}; printf '\\r20%%|##\\n'; ${waitsFor('go')}; printf '\\r30%%|###'`;
    const seen = await screen(context, `${LEAVES}; ${REPORT}; echo step 1; ${waitsFor('begin')}; ${bars}`);
    await seen.shows(/step 1\n.*61%/);
    await seen.go('begin');
    expect(await seen.shows('10%|#')).not.toContain('61%');
    await seen.go('on');
    await seen.shows(/^20%\|##\n.*61%/m);
    await seen.go('go');
    expect(await seen.shows('ended with 0')).toMatch(/^20%\|##\n30%\|###\ntrained payments/m);
  });

  test('Ctrl-C ends it, and the outcome is cancelled', async (context) => {
    const seen = await screen(context, `${REPORT}; echo step 1; exec sleep 1000`);
    await seen.shows('61%');
    await seen.type('C-c');
    expect(await seen.shows('ended with')).toMatch(
      /step 1\ngardener: training payments was cancelled: Ctrl-C\n {2}log: gardener logs payments\nended with 130$/,
    );
    expect(await seen.project()).toMatchObject({
      training_status: 'not_started',
      training: { outcome: 'cancelled', holder: null },
    });
  });

  test('one that wants to go on is asked, and ended by force by another Ctrl-C', async (context) => {
    const seen = await screen(
      context,
      `trap 'echo saving' INT; ${REPORT}; echo step 1; while :; do sleep 0.1; done`,
    );
    await seen.shows('61%');
    await seen.type('C-c');
    const pressed = performance.now();
    const asked = await seen.shows('Ctrl-C again');
    expect(asked).toMatch(/61% {2}asked to end; Ctrl-C again ends it by force {5}0:\d\d/);
    await seen.whenProject(({ training }) => training?.cancel_requested === true, 'everybody sees it');
    // What comes at once is the same press of the key.
    await until(() => performance.now() > pressed + 150, 'the key can be pressed again');
    await seen.type('C-c');
    await seen.shows('ended with');
    expect(await seen.screen()).toMatch(
      /saving\n.*was cancelled: Ctrl-C, ended by force\n.*\nended with 130/,
    );
    expect((await seen.project()).training).toMatchObject({ outcome: 'cancelled' });
  });

  test('one that ends well after a Ctrl-C has trained', async (context) => {
    const seen = await screen(
      context,
      `trap '${LEAVES.replaceAll("'", `'\\''`)}; exit 0' INT; ${REPORT}; echo step 1; while :; do sleep 0.1; done`,
    );
    await seen.shows('61%');
    await seen.type('C-c');
    expect(await seen.shows('ended with')).toMatch(/trained payments in .*\n.*\nended with 0$/);
    expect(await seen.project()).toMatchObject({ training_status: 'completed' });
  });

  test('the line is gone while somebody else has the terminal, and back afterwards', async (context) => {
    requireTools(context, 'bash');
    const seen = await screen(context, `${REPORT}; echo step 1; ${waitsFor('on')}; echo step 2; ${WAITS}`, {
      run: () => 'bash --norc --noprofile -i',
    });
    await seen.type(`sh ${seen.cli.home}/run.sh`, 'Enter');
    await seen.shows('61%');
    await seen.type('C-z');
    expect(await seen.shows('Stopped')).not.toContain('61%');
    await seen.type('bg', 'Enter');
    await seen.go('on');
    expect(await seen.shows('step 2')).not.toContain('61%');
    await seen.type('fg', 'Enter');
    await seen.shows(/step 2[^]*61%/);
    await seen.go('go');
    await seen.shows('trained payments');
  });
});

test('at 40 columns it loses columns and not letters, also when the terminal becomes as narrow', async (context) => {
  const seen = await screen(context, `${REPORT}; echo step 1; ${waitsFor('on')}; echo step 2; ${WAITS}`);
  await seen.shows('░');
  await seen.resize(40, 24);
  expect(await seen.shows(/^61% {2}training: epoch 2, loss 0.204$/m)).not.toContain('░');
  await seen.go('on');
  expect(await seen.shows('step 2')).toMatch(/step 1\nstep 2(?:\n61% {2}training: epoch 2, loss 0.204)?$/);
  await seen.go('go');
  await seen.shows(/trained payments in \d+ s\n {2}log: gardener logs payments/);
});

test('there is none on a terminal that can do nothing', async (context) => {
  const seen = await screen(context, `${REPORT}; echo step 1; ${WAITS}`, {
    run: (command) => `TERM=dumb; export TERM; ${NOT_THE_SHELL(command)}`,
  });
  await seen.whenProject(({ training }) => training?.progress === 0.61, 'it has reported');
  await seen.type('C-c');
  expect(await seen.shows('ended with 130')).not.toContain('61%');
});

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
