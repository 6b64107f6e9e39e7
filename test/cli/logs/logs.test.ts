/** `gardener logs`: what a trainer prints, or printed. */
import { spawnSync } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { builtProgram } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { HOSTILE, obeyed } from '../../support/hostile.ts';
import { trainable, type Trainable, WAITS } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

async function pathOf({ cli, project }: Trainable): Promise<string> {
  const { project_id: id, training } = await project();
  return join(cli.dataDir, 'projects', id, 'trainings', String(training?.token), 'trainer.log');
}

const nothing = { code: 0, signal: null, stderr: '' };

describe('the log of a training', () => {
  test('has what the trainer printed, and is no part of what it made', async () => {
    const all = await trainable();
    await all.train('echo out; sleep 0.1; echo err >&2; sleep 0.1; printf end').finished;
    expect(await readFile(await pathOf(all), 'utf8')).toBe('out\nerr\nend');
    expect(await all.cli.run(['logs', 'payments'])).toEqual({ ...nothing, stdout: 'out\nerr\nend\n' });
    expect(await all.cli.run(['logs', '-n', '2', 'payments'])).toEqual({ ...nothing, stdout: 'err\nend\n' });
    const { project_id, name, lora_adapter_path: adapter, training } = await all.project();
    expect(adapter).not.toContain('trainings');
    expect(await all.cli.json(['logs', 'payments', '-n', '1'])).toEqual({
      project: { project_id, name },
      training: training?.token,
      file: await pathOf(all),
      lines: ['end'],
    });
  });

  test('is kept of one that failed, and with what is printed as JSON', async () => {
    const { cli, train } = await trainable();
    await train('echo out; echo no such model >&2; exit 3', ['--json']).finished;
    const { stdout } = await cli.run(['logs', 'payments']);
    expect(stdout.split('\n').toSorted()).toEqual(['', 'no such model', 'out']);
  });

  test('shows nothing that a terminal obeys, and a bar in its last state', async () => {
    const { cli, train } = await trainable();
    const hostile = JSON.stringify(HOSTILE)
      .slice(1, -1)
      .replaceAll('\\u001b', '\\033')
      .replace('\\ud83c', '');
    await train(`printf '${hostile.replaceAll('\\u', '\\\\u')}\\n 1%%\\r 2%%\\r100%%\\n'`).finished;
    const { stdout } = await cli.run(['logs', 'payments']);
    expect(obeyed(stdout.replace(/^error: try:.*$/m, ''), { colours: false })).toBeUndefined();
    expect(stdout.endsWith('\n100%\n')).toBe(true);
  });

  test('of an earlier training is to be had by its token', async () => {
    const { cli, train, project } = await trainable();
    await train('echo first').finished;
    const first = String((await project()).training?.token);
    await train('echo second').finished;
    expect(await cli.run(['logs', 'payments'])).toMatchObject({ stdout: 'second\n' });
    expect(await cli.run(['logs', 'payments', '--training', first])).toMatchObject({ stdout: 'first\n' });
    const { code, stderr } = await cli.run(['logs', 'payments', '--training', '5']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^gardener: there is no log of a training 5 of payments: gardener train kept none, or it is none of the last five; there is one of \d+ or \d+\ntry: gardener logs --training \d+ payments\n$/,
      ),
    });
  });

  test('is missing where nobody trained, where another program did, and where it was removed', async () => {
    const all = await trainable();
    expect(await all.cli.run(['logs', 'payments'])).toMatchObject({
      code: 1,
      stderr:
        'gardener: cannot show what a trainer printed: payments was never trained\ntry: gardener train payments -- <command>\n',
    });
    const { token } = await all.registry.training.begin({ project: 'payments' });
    await all.registry.training.complete({ project: 'payments', token });
    const missing = {
      code: 1,
      stderr: expect.stringContaining(
        'there is no log of the last training of payments: gardener train kept none',
      ),
    };
    expect(await all.cli.run(['logs', 'payments'])).toMatchObject(missing);
    await all.train('echo out').finished;
    await rm(await pathOf(all));
    expect(await all.cli.run(['logs', '-f', 'payments'])).toMatchObject(missing);
  });
});

describe('following', () => {
  test('shows what is printed as it is printed, and ends with the training', async () => {
    const { cli, train, whenProject, letGo } = await trainable();
    const trainer = train(`echo one; ${WAITS}; echo two >&2; printf three; exit 3`);
    await until(() => trainer.output.stdout === 'one\n', 'it has begun to print');
    const follower = cli.start(['logs', '-f', 'payments']);
    const asJson = cli.start(['logs', '--follow', '--json', 'payments']);
    await until(() => follower.output.stdout === 'one\n', 'what was printed is shown');
    await until(() => asJson.output.stdout !== '', 'also to programs');
    await letGo();
    expect(await follower.finished).toEqual({
      ...nothing,
      stdout: expect.stringMatching(/^one\ntwo\nthree\n|one\nthreetwo\n$/),
    });
    const { training } = await whenProject(
      ({ training_status: status }) => status === 'failed',
      'it has failed',
    );
    const documents = (await asJson.finished).stdout.trim().split('\n');
    expect(JSON.parse(documents[0] ?? '')).toEqual({ training: training?.token, line: 'one' });
  });

  test('a training that is over shows it and ends, and so does one whose project is removed', async () => {
    const { cli, train, registry, letGo } = await trainable();
    await train('echo one').finished;
    expect(await cli.run(['logs', '-f', 'payments'])).toEqual({ ...nothing, stdout: 'one\n' });
    const trainer = train(`echo two; ${WAITS}`);
    const follower = cli.start(['logs', '-f', 'payments']);
    await until(() => trainer.output.stdout === 'two\n', 'it has begun to print');
    const { project_id: id } = await registry.projects.get({ project: 'payments' });
    const again = cli.start(['logs', '-f', 'payments']);
    await until(() => again.output.stdout === 'two\n', 'it is followed');
    await registry.projects.remove({ project: id, force: true });
    expect(await again.finished).toMatchObject({ code: 0 });
    await follower.finished;
    await letGo();
  });

  test('goes on through a restart of the daemon', async () => {
    const { cli, train, letGo } = await trainable();
    const trainer = train(`echo one; ${WAITS}; echo two`);
    await until(() => trainer.output.stdout === 'one\n', 'it has begun to print');
    const follower = cli.start(['logs', '-f', 'payments']);
    await until(() => follower.output.stdout === 'one\n', 'what was printed is shown');
    expect(await cli.run(['daemon', 'restart'])).toMatchObject({ code: 0 });
    await letGo();
    expect(await follower.finished).toEqual({ ...nothing, stdout: 'one\ntwo\n' });
  });
});

describe('a trainer', () => {
  test('that puts something else in the place of its log trains on, and one warning says so', async () => {
    const all = await trainable();
    const script =
      'echo x > "$OUT/lora_adapter.bin"; rm "$OUT/trainer.log"; echo theirs > "$HOME/theirs"; ln -s "$HOME/theirs" "$OUT/trainer.log"; echo more';
    const { code, stderr } = await all.train(
      `OUT=$(echo "$HOME"/.codebase-gardener/projects/*/trainings/*); ${script}`,
    ).finished;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'gardener: the log of the training is incomplete: it was moved or removed\n',
    });
    expect(await readFile(join(all.cli.home, 'theirs'), 'utf8')).toBe('theirs\n');
    // Nor is it read through.
    expect(await all.cli.run(['logs', 'payments'])).toMatchObject({ code: 1, stdout: '' });
    expect(await readdir(all.cli.home)).toContain('theirs');
  });

  test('whose log cannot grow is passed on to the end', async () => {
    const { cli } = await trainable();
    // A quarter of a MiB.
    const words = ['-c', 'ulimit -f 512; exec "$@"', 'sh', process.execPath, builtProgram('gardener.js')];
    const trainer = ['train', 'payments', '--', 'sh', '-c', 'yes | head -c 3000000; exit 3'];
    const {
      status: code,
      stdout,
      stderr,
    } = spawnSync('sh', [...words, ...trainer], {
      env: environment(cli.home),
      encoding: 'utf8',
      maxBuffer: 4_000_000,
    });
    expect({ code, bytes: stdout.length, stderr }).toEqual({
      code: 3,
      bytes: 3_000_000,
      stderr:
        'gardener: the log of the training is incomplete: the file is too large\ngardener: training payments has failed: exit code 3\n',
    });
    expect((await cli.run(['logs', '-n', '1', 'payments'])).stdout).toBe('y\n');
  });
});
