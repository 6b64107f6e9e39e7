import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { builtProgram, commandLine } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { withoutProc } from '../../support/namespaces.ts';
import { trainable, WAITS } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

describe('a trainer', () => {
  test('that ends well has trained the project', async () => {
    const { cli, train, project } = await trainable();
    const script = 'echo out; echo err >&2; echo x > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"';
    expect(await train(script).finished).toEqual({
      code: 0,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    const trained = await project();
    expect(trained).toMatchObject({
      training_status: 'completed',
      training: { holder: null, error: null },
    });
    expect(Date.parse(trained.last_trained ?? '')).toBeGreaterThan(Date.parse(trained.created_at));
    expect(await cli.json(['call', 'registry.validate'])).toEqual({ issues: [] });
  });

  test('that ends well and leaves no adapter is told so', async () => {
    const { cli, train } = await trainable();
    const { code, stdout, stderr } = await train('exit 0', ['--json']).finished;
    const told =
      'payments is trained, and there is no adapter: the trainer is to write it to $GARDENER_PROJECT_LORA_ADAPTER_PATH, or to report another lora_adapter_path';
    expect({ code, stderr }).toEqual({ code: 0, stderr: `gardener: ${told}\n` });
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'completed', warnings: [told] });
    const elsewhere = train(
      `echo x > "$HOME/adapter"; echo '{"result": {"lora_adapter_path": "adapter"}}' >&3`,
    );
    expect(await elsewhere.finished).toMatchObject({ code: 0, stderr: '' });
    // That one is in service; now none is.
    expect(await train('exit 0').finished).toMatchObject({ code: 0, stderr: '' });
    await cli.json(['call', 'projects.update', '{"project": "payments", "lora_adapter_path": null}']);
    expect(await train('exit 0').finished).toMatchObject({ code: 0, stderr: `gardener: ${told}\n` });
  });

  test('finds the project in its environment, and nothing of a trainer around it', async () => {
    const { cli, project } = await trainable();
    await cli.json(['call', 'projects.update', '{"project": "payments", "context_path": null}']);
    const words = ['train', 'payments', '--', 'sh', '-c', 'env | grep ^GARDENER_; pwd; cat'];
    const { stdout } = await cli.run(words, {
      cwd: join(cli.home, 'src'),
      env: {
        GARDENER_OUTPUT_DIR: '/other',
        GARDENER_PROJECT_PREVIOUS_LORA_ADAPTER_PATH: '/other/adapter',
        GARDENER_PROJECT_CONTEXT_PATH: '/other',
        GARDENER_PROJECT_TOKEN: '99',
      },
      input: 'from standard input',
    });
    const { project_id: id, source_path: source, vector_store_path: vectors, training } = await project();
    const output = join(cli.dataDir, 'projects', id, 'trainings', String(training?.token));
    expect(stdout.split('\n').toSorted()).toEqual(
      [
        `GARDENER_PROJECT_ID=${id}`,
        'GARDENER_PROJECT_NAME=payments',
        `GARDENER_PROJECT_SOURCE_PATH=${source}`,
        `GARDENER_OUTPUT_DIR=${output}`,
        `GARDENER_PROJECT_LORA_ADAPTER_PATH=${output}/lora_adapter.bin`,
        `GARDENER_PROJECT_VECTOR_STORE_PATH=${vectors}`,
        `GARDENER_PROJECT_TOKEN=${training?.token}`,
        'GARDENER_PROGRESS_FD=3',
        join(cli.home, 'src'),
        'from standard input',
      ].toSorted(),
    );
  });

  test('is all that stands behind the dashes, whatever it looks like', async () => {
    const { cli } = await trainable();
    const words = [
      '--json',
      '--help',
      '-h',
      '--version',
      '--claim',
      '--data-dir',
      '/x',
      '--',
      'train',
      'help',
    ];
    const named = await cli.run(['train', 'payments', '--', 'echo', ...words]);
    expect(named).toMatchObject({ code: 0, stdout: `${words.join(' ')}\n` });
    const meant = await cli.run(['train', '--json', '--', 'echo', ...words], {
      cwd: join(cli.home, 'src/payments'),
    });
    expect(JSON.parse(meant.stdout)).toMatchObject({ outcome: 'completed', exit_code: 0 });
    expect(meant.stderr).toContain(`\n${words.join(' ')}\n`);
    expect(await cli.run(['train', 'payments', '--', '--help'])).toMatchObject({ code: 127, stdout: '' });
  });

  test('reaches the registry that the flags named', async () => {
    const { cli } = await trainable();
    const elsewhere = { env: { CODEBASE_GARDENER_DATA_DIR: join(cli.home, 'elsewhere') } };
    const words = [
      '--data-dir',
      cli.dataDir,
      'train',
      'payments',
      '--',
      'sh',
      '-c',
      'echo $CODEBASE_GARDENER_DATA_DIR',
    ];
    expect((await cli.run(words, elsewhere)).stdout).toBe(`${cli.dataDir}\n`);
  });

  test('that ends otherwise has failed, with its last words', async () => {
    const { train, project } = await trainable();
    const { code, stderr } = await train('echo loading >&2; printf "no such model" >&2; exit 3').finished;
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: 'loading\nno such model\ngardener: training payments has failed: exit code 3\n',
    });
    expect(await project()).toMatchObject({
      training_status: 'failed',
      last_trained: null,
      training: { error: 'exit code 3\nloading\nno such model', details: { exit_code: 3 }, holder: null },
    });
  });

  test('that is killed ends gardener with 128 and the signal', async () => {
    const { train, project } = await trainable();
    expect((await train('kill -KILL $$').finished).code).toBe(137);
    expect(await project()).toMatchObject({
      training_status: 'failed',
      training: { error: 'ended by SIGKILL', details: { signal: 'SIGKILL' } },
    });
  });

  test('for which no pipe can be made says what is missing', async () => {
    const { cli, project } = await trainable();
    const { code, stderr } = await cli.run(['train', 'payments', '--', 'true'], {
      env: { PATH: join(cli.home, 'empty') },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^gardener: cannot make a pipe: mkfifo cannot be run: .*\ntry: a PATH with mkfifo on it/,
    );
    expect(stderr).not.toContain('TMPDIR');
    expect(await project()).toMatchObject({ training_status: 'not_started', training: { holder: null } });
  });

  // GNU's mkfifo sets permissions by way of /proc.
  test.runIf(process.platform === 'linux')(
    'runs, and is ended with all that it has begun, where /proc is not mounted',
    async (context) => {
      const [enter = '', ...rest] = await withoutProc(context);
      const { cli, project } = await trainable();
      const run = async (script: string): Promise<{ stdout: string; stderr: string }> => {
        const train = [builtProgram('gardener.js'), 'train', 'payments', '--', 'sh', '-c', script];
        return await promisify(execFile)(enter, [...rest, process.execPath, ...train], {
          env: environment(cli.home),
        });
      };
      const { stdout } = await run('echo out; echo x > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"');
      expect(stdout).toBe('out\n');
      expect(await project()).toMatchObject({ training_status: 'completed' });
      const said = run('touch "$HOME/begun"; sleep 1000 & wait').then(
        () => 'it ended well',
        ({ stderr }: { stderr: string }) => stderr,
      );
      await until(() => readFile(join(cli.home, 'begun')).catch(() => null), 'it has begun');
      await cli.json(['train', '--cancel', 'payments']);
      expect(await said).toContain('was cancelled');
    },
  );

  test('that cannot be run leaves the project as it was', async () => {
    const { cli, project } = await trainable();
    await cli.json(['retrain', 'payments', '--reason', 'new model']);
    await writeFile(join(cli.home, 'text'), 'no program');
    const run = (program: string) => cli.run(['train', 'payments', '--', program]);
    expect(await run('no-such-trainer')).toMatchObject({
      code: 127,
      stderr: 'gardener: cannot run no-such-trainer: there is no such program\n',
    });
    const asked = await cli.run(['train', 'payments', '--json', '--', 'no-such-trainer']);
    expect(JSON.parse(asked.stdout)).toMatchObject({
      outcome: 'released',
      exit_code: 127,
      signal: null,
      project: { name: 'payments', training_status: 'not_started' },
      warnings: ['cannot run no-such-trainer: there is no such program'],
    });
    expect(await run('./text')).toMatchObject({
      code: 126,
      stderr: 'gardener: cannot run ./text: permission denied\n',
    });
    expect(await project()).toMatchObject({
      training_status: 'not_started',
      retrain_requested: { reason: 'new model' },
      training: { holder: null, error: null },
    });
  });

  test('gets the signals that gardener gets', async () => {
    const { cli, train, whenProject, project } = await trainable();
    const signals = ['HUP', 'INT', 'USR1', 'USR2', 'TERM'];
    const traps = signals.map((name) => `trap "echo ${name}" ${name};`).join(' ');
    const { child, output, finished } = train(`${traps} echo 50% >&3; ${WAITS}`);
    await whenProject(({ training }) => training?.progress === 0.5, 'the traps are set');
    for (const name of signals) {
      child.kill(`SIG${name}` as NodeJS.Signals);
      await until(() => output.stdout.endsWith(`${name}\n`), `SIG${name} has arrived`);
    }
    expect((await project()).training_status).toBe('training');
    await writeFile(join(cli.home, 'go'), '');
    expect((await finished).code).toBe(0);
  });

  test('goes on when nobody reads its errors any more', async () => {
    const { train, whenProject, letGo } = await trainable();
    const { child, finished } = train(`echo 10% >&3; ${WAITS}; yes error | head -c 300000 >&2; echo 90% >&3`);
    await whenProject(({ training }) => training?.progress === 0.1, 'it runs');
    child.stderr?.destroy();
    await letGo();
    expect((await finished).code).toBe(0);
    await whenProject(({ training_status: status }) => status === 'completed', 'it is trained');
  });

  test('may leave something behind that runs on', async () => {
    const { cli, train, letGo } = await trainable();
    expect(
      (
        await train(
          `{ while [ -d "$HOME" ] && [ ! -e "$HOME/go" ]; do sleep 0.02; done; echo done > "$HOME/left"; } > /dev/null &`,
        ).finished
      ).code,
    ).toBe(0);
    await letGo();
    await until(
      async () => (await readFile(join(cli.home, 'left'), 'utf8').catch(() => '')) === 'done\n',
      'what was left behind is done',
    );
  });

  test('gives programs one document, and its output to standard error', async () => {
    const { train } = await trainable();
    const { code, stdout, stderr } = await train('echo out; exit 4', ['--json']).finished;
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: 'out\ngardener: training payments has failed: exit code 4\n',
    });
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'failed',
      exit_code: 4,
      signal: null,
      project: { name: 'payments', training_status: 'failed' },
    });
  });
});

describe('what a trainer reports', () => {
  test('is seen by everybody, however it is written', async () => {
    const { train, whenProject, letGo } = await trainable();
    const { finished } = train(
      `echo '{"progress": 0.25, "phase": "embedding", "message": "file 3"}' >&3
       ${WAITS}
       echo 75% >&"$GARDENER_PROGRESS_FD"
       echo '{"phase": "saving"}' > /dev/fd/3
       printf '{"message": "no newline", "details": {"loss": 0.1}}' >&3`,
    );
    const running = await whenProject(({ training }) => training?.progress === 0.25, 'it has reported');
    expect(running).toMatchObject({
      training_status: 'training',
      training: { phase: 'embedding', message: 'file 3', holder: { name: 'sh' }, cancel_requested: false },
    });
    await letGo();
    expect((await finished).code).toBe(0);
    expect(
      await whenProject(({ training_status: status }) => status === 'completed', 'it is trained'),
    ).toMatchObject({
      training: { phase: 'saving', message: 'no newline', details: { loss: 0.1 } },
    });
  });

  test('may be bad, which is told once and harms nothing', async () => {
    const { train, project } = await trainable();
    const { code, stderr } = await train(
      `echo x > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"
       echo 'epoch 1' >&3; echo '{"progress": "7"}' >&3; head -c 100000 /dev/zero >&3; echo >&3; echo 'epoch 2' >&3
       printf '{"details": {"x": "%05000d"}}\\n' 1 >&3; echo '{"message": "fine"}' >&3`,
    ).finished;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'gardener: cannot use a progress report: it is neither JSON nor a percentage: epoch 1; later ones are not mentioned\n' +
        // It may have held the result.
        'gardener: cannot use all of the reported result: the line is too long\n',
    });
    expect(await project()).toMatchObject({
      training_status: 'completed',
      training: { message: 'fine', details: null },
    });
  });

  test('may be its result', async () => {
    const { cli, train, project } = await trainable();
    await train(
      `echo '{"result": {"file_count": 7, "metadata": {"loss": 0.5}}}' >&3
       echo '{"progress": 1, "result": {"lora_adapter_path": "out/adapter", "metadata": {"base": "small"}}}' >&3`,
    ).finished;
    expect(await project()).toMatchObject({
      training_status: 'completed',
      file_count: 7,
      lora_adapter_path: join(cli.home, 'out/adapter'),
      metadata: { loss: 0.5, base: 'small' },
    });
  });

  test('may be a result with a name that is none, which is told once', async () => {
    const { cli, train, project } = await trainable();
    const { code, stderr } = await train(
      `for epoch in 1 2; do echo '{"result": {"lora_path": "/y", "lora_adapter_path": "~/ad"}}' >&3; done; echo x > "$HOME/ad"`,
    ).finished;
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'gardener: cannot use all of the reported result: result.lora_path is unknown; it was left out; did you mean lora_adapter_path?\n',
    });
    expect((await project()).lora_adapter_path).toBe(join(cli.home, 'ad'));
  });

  test('is not taken where it is too much, and the training counts all the same', async () => {
    const { train, project } = await trainable();
    const { code, stderr } = await train(`printf '{"result": {"metadata": {"x": "%020000d"}}}\\n' 1 >&3`)
      .finished;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^gardener: cannot use all of the reported result: .*metadata/);
    expect(await project()).toMatchObject({ training_status: 'completed', metadata: {} });
  });

  test('is taken as far as it can be, and what was not is always told', async () => {
    const { train, project } = await trainable();
    const { code, stdout, stderr } = await train(
      `echo 'epoch 1' >&3; echo 'epoch 2' >&3
       echo '{"result": {"file_count": 412, "metadata": {"loss": NaN, "base": "small"}}}' >&3
       echo '{"result": {"file_count": -1}}' >&3
       printf '{"result": {"file_count": 413, "lora_adapter_path": "/a\\351"}}\\n' >&3
       printf '{"result": {"metadata": {"x": "%020000d"}}}\\n' 1 >&3`,
      ['--json'],
    ).finished;
    const told = [
      'result.metadata.loss is NaN or infinite, which JSON cannot carry; it was left out',
      'result.file_count is no whole number; it was left out',
      'result.lora_adapter_path is no UTF-8; it was left out',
      expect.stringMatching(/^result.metadata has 20008 bytes, /),
    ];
    const { warnings, outcome } = JSON.parse(stdout) as { warnings: string[]; outcome: string };
    const known = 'cannot use all of the reported result: ';
    expect({ code, outcome, told: warnings.slice(0, 4).map((text) => text.slice(known.length)) }).toEqual({
      code: 0,
      outcome: 'completed',
      told,
    });
    for (const warning of warnings) expect(stderr).toContain(`gardener: ${warning}\n`);
    expect(await project()).toMatchObject({
      training_status: 'completed',
      file_count: 413,
      metadata: { base: 'small' },
      lora_adapter_path: expect.stringMatching(/lora_adapter\.bin$/) as string,
    });
  });
});

describe('gardener train', () => {
  test.each([
    [['train'], 'the command to run is missing'],
    [['train', 'payments'], 'the command to run is missing'],
    [['train', '--claim'], 'the command to run is missing'],
    [['train', '--cancel'], 'name one project'],
    [['train', '--cancel', 'payments', '--', 'true'], 'name one project'],
    [['train', '--claim', '--cancel', 'payments'], 'cannot claim and cancel'],
    [['train', '--claim', '--force', '--', 'true'], 'cannot claim by force'],
    [['train', 'payments', '--tag', 'work', '--', 'true'], 'without --claim'],
    [['train', 'payments', '--wait', '--force', '--', 'true'], 'cannot wait'],
    [['train', '--wait', 'payments', '--', 'true'], 'a project stands before --wait'],
    [['train', 'payments', '--loop', '--', 'true'], 'without --claim'],
    [['train', 'payments', '--reason', 'x', '--', 'true'], 'without --cancel'],
    [['train', '--cancel', 'payments', '--stall', '3'], 'with --cancel'],
    [['train', 'payments', '--stall', '0', '--', 'true'], 'number of seconds'],
    [['train', 'payments', '--stall', '86401', '--', 'true'], 'at most 86400 seconds'],
  ])('%j is wrong usage', async (words, why) => {
    const cli = await commandLine();
    const { code, stderr } = await cli.run(words);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(why) });
  });

  test('takes the longest --stall that there is', async () => {
    const { train } = await trainable();
    expect(await train('exit 3', ['--stall', '86400']).finished).toMatchObject({ code: 3 });
  });

  test('runs nothing without a daemon that it may not start', async () => {
    const cli = await commandLine();
    const { code, stdout } = await cli.run(['--no-start', 'train', 'payments', '--', 'echo', 'trained']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });

  test('runs nothing for a project that is not there', async () => {
    const { cli } = await trainable();
    const { code, stdout, stderr } = await cli.run(['train', 'paiments', '--', 'echo', 'trained']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('did you mean payments?');
  });
});
