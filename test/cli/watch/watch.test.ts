import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { WatchEvent } from '../../../client/index.ts';
import { builtProgram, commandLine } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { tmuxTerminal } from '../../support/tmux.ts';
import { requireTools } from '../../support/tools.ts';
import { trainable, WAITS } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

describe('gardener watch, piped', () => {
  test('writes a line for each event', async () => {
    const { cli, train } = await trainable();
    await cli.codebase('src/web', {});
    const { output, child, finished } = cli.start(['watch']);
    const sees = (text: string) => until(() => output.stdout.includes(text), `it has seen: ${text}`);
    await sees('watching');
    await cli.json(['add', 'src/web', '--use']);
    await cli.json(['edit', 'web', '--language', 'elm', '--tag', 'work']);
    await cli.json(['retrain', 'web', '--reason', 'new model']);
    await train('echo "no such model" >&2; exit 3').finished;
    await cli.json(['rm', '--yes', 'web']);
    await sees('removed');
    child.kill('SIGINT');
    expect((await finished).code).toBe(0);
    const lines = output.stdout.trimEnd().split('\n');
    expect(lines.every((line) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  /.test(line))).toBe(true);
    expect(
      lines.map((line) => line.slice(21)).filter((line) => !line.startsWith('updated      web  last_used')),
    ).toEqual([
      'watching     1 project',
      'registered   web  ~/src/web',
      'active       web',
      'updated      web  language, tags',
      'retrain      web  new model',
      'training     payments  by sh',
      'failed       payments  no such model (exit code 3)',
      'removed      web',
      'active       payments',
    ]);
  });

  test('says of a project that was given back that it was, and not that it has failed once more', async () => {
    const { cli, train } = await trainable();
    await train('echo "no such model" >&2; exit 3').finished;
    const { output, child, finished } = cli.start(['watch']);
    await until(() => output.stdout.includes('watching'), 'it watches');
    expect((await cli.run(['train', 'payments', '--', 'no-such-program'])).code).toBe(127);
    await cli.json(['rm', '--yes', 'payments']);
    await until(() => output.stdout.includes('active       none'), 'it is over');
    child.kill('SIGINT');
    await finished;
    expect(
      output.stdout
        .trimEnd()
        .split('\n')
        .map((text) => text.slice(21)),
    ).toEqual([
      'watching     1 project',
      'training     payments  by no-such-program',
      'released     payments',
      'removed      payments',
      'active       none',
    ]);
  });

  test('tells edits of the file and what is wrong with it', async () => {
    const { cli } = await trainable();
    const { output } = cli.start(['watch', 'payments']);
    await until(() => output.stdout.includes('watching'), 'it watches');
    const file = join(cli.dataDir, 'registry.json');
    await writeFile(`${file}.new`, '{ "version": "1.2",\n  oops');
    await rename(`${file}.new`, file);
    await until(() => /problem {6}.*line 2, column 3/.test(output.stdout), 'it tells the problem');
    const late = cli.start(['watch']);
    await until(
      () => /watching {5}1 project {2}problem: .*line 2, column 3/.test(late.output.stdout),
      'one that begins now tells it at once',
    );
  });

  test('leaves progress out unless it is asked for', async () => {
    const { cli, train } = await trainable();
    const quiet = cli.start(['watch', '--json']);
    const loud = cli.start(['watch', '--progress']);
    for (const { output } of [quiet, loud]) await until(() => output.stdout !== '', 'it watches');
    await train(`echo '40% epoch 2' >&3`).finished;
    await until(() => loud.output.stdout.includes('completed'), 'it is over');
    expect(loud.output.stdout).toContain('progress     payments  40%  epoch 2  by sh\n');
    await until(() => quiet.output.stdout.includes('"completed"'), 'it is over');
    expect(quiet.output.stdout).not.toContain('"progress","project_id"');
  });

  test('with --json is a document a line, through a restart of the daemon', async () => {
    const { cli } = await trainable();
    const { output } = cli.start(['watch', '--json']);
    const events = () =>
      output.stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as WatchEvent);
    await until(() => events().length === 1, 'it watches');
    await cli.json(['daemon', 'restart']);
    await until(() => events().length >= 3, 'it watches again');
    await cli.json(['retrain', 'payments']);
    await until(() => events().at(-1)?.type === 'training', 'it sees what happens then');
    expect(events().map(({ type }) => type)).toEqual(['resync', 'shutdown', 'resync', 'training']);
    expect(events()[0]).toMatchObject({
      projects: [{ name: 'payments' }],
      active_project: { name: 'payments' },
      cursor: expect.stringContaining(':'),
    });
  });

  test('does not bring back a daemon that somebody stops', async () => {
    const { cli } = await trainable();
    const { output, child } = cli.start(['watch']);
    await until(() => output.stdout.includes('watching'), 'it watches');
    await cli.json(['daemon', 'stop']);
    await until(() => output.stdout.includes('shutdown'), 'it knows');
    await cli.json(['ls']);
    await until(() => output.stdout.includes('resynced'), 'it has found the next one');
    const starts = await readFile(join(cli.dataDir, 'logs', 'daemon-start.log'), 'utf8');
    expect(starts.match(/process \d+ starts/g)).toHaveLength(2);
    expect(starts).not.toContain(`process ${child.pid} starts`);
  });

  test('of a project that is not there says so', async () => {
    const { cli } = await trainable();
    expect(await cli.run(['watch', 'paiments'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('did you mean payments?'),
    });
  });

  test('without a daemon that it may not start says so', async () => {
    const cli = await commandLine();
    expect((await cli.run(['--no-start', 'watch'])).code).toBe(3);
  });
});

describe('gardener watch at a terminal', () => {
  test('that does not say how large it is, shows the table all the same', async (context) => {
    requireTools(context, 'python3');
    const cli = await commandLine();
    await cli.codebase('src/payments', {});
    await cli.json(['add', 'src/payments']);
    // Python's terminals are 0 by 0, as those of containers.
    const child = spawn(
      'python3',
      [
        '-c',
        'import pty, sys; pty.spawn(sys.argv[1:])',
        process.execPath,
        builtProgram('gardener.js'),
        'watch',
      ],
      { env: { ...environment(cli.home), TERM: 'xterm' }, cwd: cli.home },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await until(() => /payments.*not started/.test(output), 'the project is shown');
    child.stdin.write('q');
    await once(child, 'exit');
  });

  test('is a table that follows what happens and the size, and leaves no trace', async (context) => {
    requireTools(context, 'tmux');
    const { cli, train, letGo } = await trainable();
    const { screen, shows, type, resize } = await tmuxTerminal(
      `echo before; "${process.execPath}" "${builtProgram('gardener.js')}" watch`,
      { columns: 80, rows: 10, env: environment(cli.home) },
    );
    expect(await shows('q leaves')).toBe(
      [
        '1 project: 1 not started',
        '   NAME      STATUS       PROGRESS  DOING  BY  SINCE',
        '>* payments  not started                       just now',
        '↑↓ enter  c cancel  r retrain  u use  / filter  ? keys  q leaves',
      ].join('\n'),
    );
    const { finished } = train(
      `echo '{"progress": 0.4, "phase": "embedding", "message": "file 3"}' >&3; ${WAITS}`,
    );
    expect(await shows('40%')).toContain(
      '* payments  training  ████░░░░░░  40%  embedding: file 3  sh  just now\n',
    );
    await resize(110, 10);
    await shows('>* payments  training  ████████░░░░░░░░░░░░  40%  embedding: file 3  sh  just now\n');
    for (const name of ['api', 'web', 'app', 'cli', 'doc']) {
      await cli.codebase(`src/${name}`, {});
      await cli.json(['add', `src/${name}`]);
    }
    await resize(48, 6);
    const small = await shows('1-3 of 6  ↑↓ enter  c cancel  ? keys  q leaves');
    expect(small.split('\n')).toEqual([
      '6 projects: 1 training, 5 not started',
      '   NAME      STATUS       PROGRESS  DOING',
      expect.stringMatching(/^>\* payments {2}training {6}40% {6}embedding: …$/),
      expect.stringMatching(/^ {3}doc {7}not started$/),
      expect.stringMatching(/^ {3}cli {7}not started$/),
      '1-3 of 6  ↑↓ enter  c cancel  ? keys  q leaves',
    ]);
    await cli.json(['daemon', 'stop']);
    await shows('no daemon answers; reconnecting …');
    await cli.json(['ls']);
    await shows('q leaves');
    await letGo();
    expect((await finished).code).toBe(0);
    await shows('1 completed');
    await type('C-c');
    expect(await shows('ended with')).toBe('before\nended with 0');
    // The terminal takes lines again, and shows what is typed.
    await type('hello', 'Enter');
    await until(
      async () => (await screen()).endsWith('hello\nhello'),
      'what is typed is seen, and comes back',
    );
  });

  test('shows what is wrong with the file, and goes when it is told to', async (context) => {
    requireTools(context, 'tmux');
    const { cli } = await trainable();
    const { shows, type } = await tmuxTerminal(
      `"${process.execPath}" "${builtProgram('gardener.js')}" watch`,
      {
        env: environment(cli.home),
      },
    );
    await shows('q leaves');
    await writeFile(join(cli.dataDir, 'registry.json'), '{ "version": "1.2",\n  oops');
    await shows(/^problem: .*line 2, column 3/m);
    await type('q');
    expect(await shows('ended with')).toBe('ended with 0');
  });
});
