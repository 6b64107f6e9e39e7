/** What a trainer prints reaches whoever reads as if nobody stood between. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { builtProgram } from '../../support/cli.ts';
import { environment } from '../../support/home.ts';
import { requireTools } from '../../support/tools.ts';
import { trainable, type Trainable, WAITS } from '../../support/trainer.ts';
import { until } from '../../support/until.ts';

const SEEN = fileURLToPath(new URL('../terminal/seen.py', import.meta.url));
const ADAPTER = 'echo x > "$GARDENER_PROJECT_LORA_ADAPTER_PATH"';

/** Trains at a terminal, and gives what it shows, without what gardener itself says. */
async function atTerminal(
  { cli }: Trainable,
  script: string,
  { flags = [], env = {} }: { flags?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const words = [
    process.execPath,
    builtProgram('gardener.js'),
    'train',
    'payments',
    ...flags,
    '--',
    'sh',
    '-c',
    script,
  ];
  const child = spawn('python3', [SEEN, '100', '30', ...words], {
    cwd: cli.home,
    env: { ...environment(cli.home), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    shown += text;
  });
  await once(child, 'close');
  return withoutOurs(shown);
}

/** Without the line of progress, its taking away, and what is told around the training. */
function withoutOurs(shown: string): string {
  return (
    shown
      // oxlint-disable-next-line no-control-regex -- it is what is taken out
      .replace(/\r\x1b7\x1b\[m\x1b\[J\x1b8|\x1b7\x1b\[m\x1b\[\?7l[^\n]*?\x1b\[\?7h\x1b8/g, '')
      // oxlint-disable-next-line no-control-regex -- it is what is taken out
      .replace(/\x1b\[2m(?:training|trained|  ).*\x1b\[22m\r\n/g, '')
      .replaceAll('\r\n', '\n')
  );
}

async function logOf({ cli, project }: Trainable): Promise<string> {
  const { project_id: id, training } = await project();
  const path = join(cli.dataDir, 'projects', id, 'trainings', String(training?.token), 'trainer.log');
  return readFile(path, 'utf8');
}

describe('at a terminal', () => {
  test('standard output is one of its size, standard error is none, and colours stay', async (context) => {
    requireTools(context, ['python3', 'script']);
    const here = await trainable();
    const is = 'for fd in 0 1 2; do test -t $fd && echo $fd is a terminal; done';
    const printed = '0 is a terminal\n1 is a terminal\n30 100\n\x1b[32mgreen\x1b[0m\ta\n';
    const script = `${ADAPTER}; ${is}; stty size < /dev/stdout; printf '\\033[32mgreen\\033[0m\\ta\\n'; echo last >&2`;
    for (const seen of [await atTerminal(here, script), await logOf(here)]) {
      // A terminal and a pipe are read each for itself: what is last in one may be first in the other.
      expect(seen).toContain('last\n');
      expect(seen.replace('last\n', '')).toBe(printed);
    }
  });

  test('it has another size when the terminal has, before it is told so', async (context) => {
    requireTools(context, ['python3', 'script']);
    const script = `trap 'stty size < /dev/stdout; exit 0' WINCH; ${ADAPTER}; echo now resize; ${WAITS}`;
    expect(await atTerminal(await trainable(), script)).toBe('now resize\n30 110\n');
  });

  test('that it has another size after the trainer has ended costs the training nothing', async (context) => {
    requireTools(context, ['python3', 'script']);
    const here = await trainable();
    const resized = '(for n in 1 2 3 4 5; do sleep 0.05; kill -WINCH $P; done) &';
    expect(await atTerminal(here, `${ADAPTER}; P=$PPID; ${resized} exit 0`)).toBe('');
    expect(await here.project()).toMatchObject({ training_status: 'completed' });
  });

  test('everything is shown and kept, however much it is', async (context) => {
    requireTools(context, ['python3', 'script']);
    const here = await trainable();
    const shown = await atTerminal(here, `${ADAPTER}; seq 200000`);
    expect(shown).toBe(await logOf(here));
    expect(shown.endsWith('199999\n200000\n')).toBe(true);
  });

  test('with --json it is seen, too, where standard error is one', async (context) => {
    requireTools(context, ['python3', 'script']);
    const here = await trainable();
    expect(await atTerminal(here, `${ADAPTER}; test -t 1 && echo yes`, { flags: ['--json'] })).toMatch(
      /^yes\n\{/,
    );
  });

  test('without script(1) it is the terminal itself, and the log says what it lacks', async (context) => {
    requireTools(context, ['python3']);
    const here = await trainable();
    const programs = await here.cli.codebase('programs', { script: '#!/bin/sh\nexit 1\n' });
    await chmod(join(programs, 'script'), 0o755);
    const env = { PATH: `${programs}:${process.env['PATH']}` };
    const script = `${ADAPTER}; test -t 1 && echo yes; echo no >&2`;
    expect(await atTerminal(here, script, { env })).toBe('yes\nno\n');
    expect(await logOf(here)).toBe(
      '[gardener: standard output went to a terminal and is not in here: there is no script(1) that would show it]\nno\n',
    );
  });
});

describe('elsewhere', () => {
  test.each([1, 2])(
    'whoever reads descriptor %s slowly gets all of it, also after the trainer has ended',
    async (fd) => {
      const { cli, whenProject, letGo } = await trainable();
      const trainer = `seq 100000 120000 >&${fd}; ${ADAPTER}`;
      // More than a pipe holds, of which nothing is read before the training is over.
      const script = `"$@" ${fd === 1 ? '' : '2>&1'} | { while [ ! -e "$HOME/go" ]; do sleep 0.02; done; cat; }`;
      const words = [
        process.execPath,
        builtProgram('gardener.js'),
        'train',
        'payments',
        '--',
        'sh',
        '-c',
        trainer,
      ];
      const child = spawn('sh', ['-c', script, 'sh', ...words], {
        env: environment(cli.home),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let printed = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
      await whenProject(({ training_status: status }) => status === 'completed', 'it is trained');
      await letGo();
      await once(child, 'close');
      expect(printed.length).toBe(7 * 20_001);
    },
  );

  test('a trainer notices that nobody reads any more', async () => {
    const { train, project } = await trainable();
    const { child, output, finished } = train('while echo more; do sleep 0.01; done');
    await until(() => output.stdout !== '', 'it prints');
    child.stdout?.destroy();
    await finished;
    expect(await project()).toMatchObject({
      training_status: 'failed',
      training: { error: expect.stringMatching(/SIGPIPE|exit code/) },
    });
  });

  test('a trainer waits while nobody reads, and its lease is kept', async () => {
    const { cli, registry, whenProject } = await trainable();
    const script = `seq 1000000; ${ADAPTER}`;
    const child = spawn(
      process.execPath,
      [builtProgram('gardener.js'), 'train', 'payments', '--', 'sh', '-c', script],
      {
        env: environment(cli.home),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await whenProject(({ training_status: status }) => status === 'training', 'it trains');
    expect(await cli.run(['daemon', 'restart'])).toMatchObject({ code: 0 });
    const { training_status: status } = await registry.projects.get({ project: 'payments' });
    expect(status).toBe('training');
    let bytes = 0;
    child.stdout.on('data', (some: Buffer) => (bytes += some.length));
    await once(child, 'close');
    expect({ code: child.exitCode, bytes }).toEqual({ code: 0, bytes: 6_888_896 });
  });
});
