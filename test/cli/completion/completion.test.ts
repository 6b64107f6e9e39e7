import { execFile } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { completeWords } from '../../../client/cli/completion/complete-words.ts';
import { readShellLine, writeShellWord } from '../../../client/cli/completion/shell-line.ts';
import { builtProgram, type CommandLine, commandLine } from '../../support/cli.ts';
import { wholeProgram } from '../../support/every-command.ts';
import { environment } from '../../support/home.ts';
import { tmuxTerminal } from '../../support/tmux.ts';
import { requireTools } from '../../support/tools.ts';
import { until } from '../../support/until.ts';

describe('what may come next', async () => {
  const program = await wholeProgram();
  const after = (...words: string[]) => completeWords(program, words);
  const values = (...words: string[]) => after(...words).candidates.map(({ value }) => value);

  test('is a command, as the help lists them', () => {
    expect(values('')).toEqual(
      expect.arrayContaining(['add', 'ls', 'train', 'doctor', 'daemon', 'completion']),
    );
    expect(values('')).not.toContain('__complete');
    expect(values('re')).toEqual(['retrain', 'restore']);
    expect(values('daemon', 'st')).toEqual(['start', 'stop', 'status']);
    expect(values('help', 'daemon', 'lo')).toEqual(['logs']);
    expect(values('mcp', '')).toEqual(['install', 'uninstall']);
    expect(values('mcp', 'install', 'c')).toEqual(['claude', 'cursor', 'codex']);
    expect(after('ls', '').candidates).toEqual([]);
  });

  test('is a flag of the command or of all', () => {
    expect(values('ls', '--')).toEqual(
      expect.arrayContaining(['--status', '--tag', '--help', '--json', '--no-start']),
    );
    expect(values('daemon', 'logs', '--fo')).toEqual(['--follow']);
    expect(after('daemon', 'logs', '--fo').candidates[0]?.description).toMatch(/from now on/);
    expect(values('train', 'payments', '--', '--')).toEqual([]);
  });

  test('is a value of a flag, also behind its sign', () => {
    expect(values('service', 'install', '--manager', 'l')).toEqual(['launchd']);
    expect(after('service', 'install', '--manager=sys')).toMatchObject({
      prefix: 'sys',
      candidates: [{ value: 'systemd' }],
    });
    expect(values('ls', '--status', '')).toEqual(['not-started', 'training', 'completed', 'failed']);
    expect(values('daemon', 'run', '--log-level=W')).toEqual(['WARNING']);
    expect(values('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(values('ls', '--columns', 'name,ta')).toEqual(['name,tags']);
    expect(values('ls', '--columns=name,na')).toEqual([]);
  });

  test.each([
    [['show', ''], 'project'],
    [['rm', 'a', 'b', ''], 'project'],
    [['show', 'payments', ''], 'anything'],
    [['--json', 'show', '--no-start', ''], 'project'],
    [['train', ''], 'project'],
    [['train', 'payments', ''], 'command'],
    [['train', 'payments', '--', ''], 'command'],
    [['train', '--claim', '--', ''], 'command'],
    [['train', 'payments', '--', 'python', 'x'], 'command'],
    [['train', '--stall', ''], 'anything'],
    [['train', '--wait', ''], 'project'],
    [['restore', ''], 'backup'],
    [['rollback', ''], 'project'],
    [['rollback', 'payments', ''], 'token'],
    [['call', ''], 'method'],
    [['import', ''], 'file'],
    [['add', ''], 'directory'],
    [['edit', 'payments', '--path', ''], 'directory'],
    [['--data-dir', ''], 'directory'],
    [['--socket='], 'file'],
    [['add', '--name', ''], 'anything'],
    [['ls', '--tag', ''], 'tag'],
    [['ls', '--language='], 'language'],
    [['edit', 'payments', '--untag', ''], 'tag'],
    [['use', '--shell', ''], 'project'],
    [['nonsense', ''], 'anything'],
  ])('after %j is a %s', (words, kind) => {
    expect(after(...words).kind).toBe(kind);
  });

  test('is looked for where the flags say', () => {
    expect(after('--data-dir', '/a', 'show', '--socket=/b=c', '').location).toEqual({
      dataDir: '/a',
      socket: '/b=c',
    });
  });
});

describe('a line of a shell', () => {
  test.each([
    ['gardener show my', { words: ['gardener', 'show', 'my'], raw: 'my', quote: '', isLive: false }],
    ['gardener  show ', { words: ['gardener', 'show', ''], raw: '', quote: '', isLive: false }],
    [
      String.raw`gardener show my\ pro`,
      { words: ['gardener', 'show', 'my pro'], raw: String.raw`my\ pro`, quote: '', isLive: false },
    ],
    ['g show "my pro', { words: ['g', 'show', 'my pro'], raw: '"my pro', quote: '"', isLive: false }],
    [`g show it"'"s 'a b`, { words: ['g', 'show', "it's", 'a b'], raw: "'a b", quote: "'", isLive: false }],
    [
      String.raw`g show "a\$b\c"`,
      { words: ['g', 'show', String.raw`a$b\c`], raw: String.raw`"a\$b\c"`, quote: '', isLive: false },
    ],
    ['cd x; g ls | g show p', { words: ['g', 'show', 'p'], raw: 'p', quote: '', isLive: false }],
    ['g show a\\', { words: ['g', 'show', 'a'], raw: 'a\\', quote: '', isLive: false }],
    ['g show "$HO', { words: ['g', 'show', '$HO'], raw: '"$HO', quote: '"', isLive: true }],
    ['g show "$HO" a$', { words: ['g', 'show', '$HO', 'a$'], raw: 'a$', quote: '', isLive: false }],
  ])('%s', (line, expected) => {
    expect(readShellLine(line)).toEqual(expected);
  });

  test('gets words that mean themselves', () => {
    const word = "it's $(touch pwned) & co";
    expect(writeShellWord(word, '')).toBe(String.raw`it\'s\ \$\(touch\ pwned\)\ \&\ co`);
    expect(writeShellWord(word, '"')).toBe(String.raw`it's \$(touch pwned) & co`);
    expect(writeShellWord(word, "'")).toBeUndefined();
    expect(writeShellWord('日本語-1.0', '')).toBe('日本語-1.0');
    // Which bash would replace by an earlier command whatever stands before it.
    expect(writeShellWord('now!', '"')).toBeUndefined();
    expect(writeShellWord('now!', '')).toBe(String.raw`now\!`);
  });
});

const NASTY = "it's $(touch pwned) & co";

/** A command line with projects, and an environment in which `gardener` is the built program. */
async function withShell(): Promise<{ cli: CommandLine; env: NodeJS.ProcessEnv }> {
  const cli = await commandLine();
  const bin = join(cli.home, 'bin');
  await mkdir(bin);
  await symlink(builtProgram('gardener.js'), join(bin, 'gardener'));
  for (const name of ['payments', 'my project', NASTY]) {
    await cli.codebase(join('src', name), {});
    await cli.json(['add', join('src', name)]);
  }
  const env = environment(cli.home);
  return { cli, env: { ...env, PATH: `${bin}:${env['PATH']}` } };
}

describe('bash', () => {
  /** Asks bash for what it would put in the place of the end of a line. */
  async function replies(
    cli: CommandLine,
    env: NodeJS.ProcessEnv,
    line: string,
    replaced: string,
  ): Promise<string[]> {
    // compopt is for a shell with somebody in front of it; elsewhere it complains.
    const script = `eval "$(gardener completion bash)"
      COMP_LINE=$1 COMP_POINT=\${#1} _gardener gardener "$2" 2> /dev/null
      [[ \${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"`;
    const options = { env, cwd: cli.home };
    const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', line, replaced], options);
    // One that is there twice is one to bash: a program in two directories of the PATH.
    return [...new Set(stdout.split('\n').slice(0, -1))];
  }

  /** Waits until bash has these, since a daemon is not waited for on a machine that is busy. */
  async function expectReplies(
    { cli, env }: Awaited<ReturnType<typeof withShell>>,
    line: string,
    replaced: string,
    expected: readonly string[],
  ): Promise<void> {
    await until(
      async () => JSON.stringify(await replies(cli, env, line, replaced)) === JSON.stringify(expected),
      `${line} becomes ${expected.join()}`,
    );
  }

  test('completes commands, flags and paths', async (context) => {
    requireTools(context, 'bash');
    const shell = await withShell();
    await expectReplies(shell, 'gardener daemon st', 'st', ['start', 'stop', 'status']);
    await expectReplies(shell, 'gardener ls --statu', '--statu', ['--status']);
    await expectReplies(shell, 'gardener ls --status ', '', [
      'not-started',
      'training',
      'completed',
      'failed',
    ]);
    await expectReplies(shell, 'gardener service install --manager=sys', 'sys', ['systemd']);
    await expectReplies(shell, 'gardener service install --manager=sys', '--manager=sys', [
      '--manager=systemd',
    ]);
    await expectReplies(shell, 'gardener show ./sr', './sr', ['./src']);
    await expectReplies(shell, 'gardener train payments -- mkfif', 'mkfif', ['mkfifo']);
  });

  test('completes names in whatever quotes, and runs nothing that is in them', async (context) => {
    requireTools(context, 'bash');
    const shell = await withShell();
    await expectReplies(shell, 'gardener show pay', 'pay', ['payments']);
    await expectReplies(shell, String.raw`gardener show my\ p`, String.raw`my\ p`, [String.raw`my\ project`]);
    await expectReplies(shell, 'gardener show "my', 'my', ['my project']);
    await expectReplies(shell, 'gardener show it', 'it', [String.raw`it\'s\ \$\(touch\ pwned\)\ \&\ co`]);
    await expectReplies(shell, "gardener show 'it", 'it', []);
    await expectReplies(shell, 'gardener call projects.tou', 'projects.tou', ['projects.touch']);
    await expectReplies(shell, 'gardener docs activ', 'activ', ['activated']);
    expect(await readdir(shell.cli.home)).not.toContain('pwned');
  });

  test('completes a name that looks like a flag where it is none', async (context) => {
    requireTools(context, 'bash');
    const shell = await withShell();
    await shell.cli.json(['add', 'src/payments', '--name=-payments']);
    await expectReplies(shell, 'gardener use pay', 'pay', ['payments']);
    await expectReplies(shell, 'gardener use -- -', '-', ['-payments']);
    const names = await replies(shell.cli, shell.env, 'gardener use ', '');
    expect(names).not.toContain('-payments');
    expect(await shell.cli.run(['use', '--', '-payments'])).toMatchObject({ code: 0 });
    expect(await shell.cli.json(['which'])).toMatchObject({ project: { name: '-payments' } });
  });

  test('completes names without a daemon, and starts none', async (context) => {
    requireTools(context, 'bash');
    const { cli, env } = await withShell();
    await cli.json(['daemon', 'stop']);
    expect(await replies(cli, env, 'gardener show PAY', 'PAY')).toEqual(['payments']);
    expect((await cli.run(['daemon', 'status'])).code).toBe(3);
  });

  test('does so for a person who presses the tabulator key', async (context) => {
    requireTools(context, ['bash', 'tmux']);
    const { cli, env } = await withShell();
    await writeFile(join(cli.home, '.inputrc'), 'set bell-style none\n');
    await writeFile(join(cli.home, 'outfile'), '');
    const { shows, type } = await tmuxTerminal('bash --norc', { env });
    await type('eval "$(gardener completion bash)"; cd; echo rea""dy', 'Enter');
    await shows('ready');
    await type('gardener restore --dry', 'Tab');
    expect(await shows('gardener restore --dry-run')).toMatch(/gardener restore --dry-run$/);
    // Behind a redirection, the shell's own files.
    await type('C-u', 'gardener ls --json > outf', 'Tab');
    await shows('gardener ls --json > outfile');
  });
});

test('fish completes commands, flags, names and paths', async (context) => {
  requireTools(context, 'fish');
  const { cli, env } = await withShell();
  const ask = async (line: string): Promise<string[]> => {
    const script = `gardener completion fish | source; complete -C ${JSON.stringify(line)}`;
    const { stdout } = await promisify(execFile)('fish', ['--no-config', '-c', script], {
      env,
      cwd: cli.home,
    });
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((text) => text.split('\t')[0] ?? '');
  };
  const expectReplies = (line: string, expected: readonly string[]) =>
    until(
      async () => JSON.stringify(await ask(line)) === JSON.stringify(expected),
      `${line} becomes ${expected.join()}`,
    );
  await expectReplies('gardener daemon log', ['logs']);
  await expectReplies('gardener ls --statu', ['--status']);
  await expectReplies('gardener ls --status f', ['failed']);
  await expectReplies('gardener show my', ['my project']);
  await expectReplies('gardener show it', [NASTY]);
  await expectReplies('gardener service install --manager=sys', ['--manager=systemd']);
  await expectReplies('gardener show ./sr', ['./src/']);
});

test('zsh understands its script', async (context) => {
  requireTools(context, 'zsh');
  const { cli, env } = await withShell();
  const script = `autoload -Uz compinit; compinit -u -D; eval "$(gardener completion zsh)"; print $_comps[gardener]`;
  const { stdout, stderr } = await promisify(execFile)('zsh', ['-f', '-c', script], { env, cwd: cli.home });
  expect({ stdout, stderr }).toEqual({ stdout: '_gardener\n', stderr: '' });
});

test('zsh completes the values of a flag for a person who presses the tabulator key', async (context) => {
  requireTools(context, ['tmux', 'zsh']);
  const { env } = await withShell();
  const { shows, type } = await tmuxTerminal('zsh -f', { env });
  await type(
    'autoload -Uz compinit; compinit -u -D; unsetopt beep; eval "$(gardener completion zsh)"',
    'Enter',
  );
  await type('cd; clear; echo rea""dy', 'Enter');
  await shows('ready');
  await type('gardener ls --status fa', 'Tab');
  expect(await shows('gardener ls --status failed')).toMatch(/gardener ls --status failed$/);
});

test('a shell that there is no script for is wrong usage', async () => {
  const cli = await commandLine();
  expect(await cli.run(['completion', 'tcsh'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bash, zsh, fish'),
  });
});
