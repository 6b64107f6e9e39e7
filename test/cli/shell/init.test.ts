/** What `gardener init` gives the shells: the real ones run it, in front of a program that a test stands in for. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { commandLine } from '../../support/cli.ts';
import { environment, temporaryDirectory } from '../../support/home.ts';
import { terminal } from '../../support/terminal.ts';
import { requireTools } from '../../support/tools.ts';
import { runIn, type Shell, SHELLS } from './shells.ts';

const ID = 'aaaaaaaa-0000-4000-8000-000000000001';
const LINE = `export CODEBASE_GARDENER_PROJECT=${ID}`;

/** A home with a program of that name, written in sh, and an environment that finds it. */
async function homeWith(program: string): Promise<{ home: string; env: NodeJS.ProcessEnv }> {
  const home = await temporaryDirectory();
  await mkdir(join(home, 'bin'));
  await writeFile(join(home, 'bin/gardener'), `#!/bin/sh\n${program}\n`);
  await chmod(join(home, 'bin/gardener'), 0o755);
  const env = environment(home);
  return { home, env: { ...env, PATH: `${join(home, 'bin')}:${env['PATH']}` } };
}

describe.each(Object.keys(SHELLS) as Shell[])('in %s', (shell) => {
  const code = shell === 'fish' ? '$status' : '$?';

  test('other words go to the program as they are, with what it reads and its exit code', async (context) => {
    requireTools(context, shell);
    const { home, env } = await homeWith('printf "<%s>" "$@"; cat; exit 7');
    const script = `printf input | gardener train 'a  b' '' '*' -- use --shell x; echo " ${code}"`;
    const { stdout } = await runIn(shell, script, { env, cwd: home });
    expect(stdout).toBe('<train><a  b><><*><--><use><--shell><x>input 7\n');
  });

  test('use --shell changes this shell, and takes no other answer for a change', async (context) => {
    requireTools(context, shell);
    const { home, env } = await homeWith(`case "$*" in
      *--none*) echo export CODEBASE_GARDENER_PROJECT= ;;
      *--help*) echo 'touch pwned' ;;
      *nobody*) echo '${LINE}'; exit 1 ;;
      *) echo '${LINE}' ;;
    esac`);
    const told = `printenv CODEBASE_GARDENER_PROJECT; echo "${code}"`;
    const script = [
      'use --shell nobody',
      '--no-start switch web --shell',
      'use --shell --help',
      'use --none --shell',
    ]
      .map((words) => `gardener ${words}; echo "${code}"; printenv CODEBASE_GARDENER_PROJECT`)
      .join('\n');
    const { stdout } = await runIn(shell, `${script}\n${told}`, { env, cwd: home });
    expect(stdout.split('\n').slice(0, -1)).toEqual(['1', '0', ID, 'touch pwned', '0', ID, '0', '1']);
    expect(await readdir(home)).not.toContain('pwned');
  });

  test('gcd goes where the program says, and back', async (context) => {
    requireTools(context, shell);
    const { home, env } = await homeWith(`echo "$@" >&2; printf '%s\\n' "$DIRECTORY"; [ "$2" != nobody ]`);
    const directory = join(home, '-a "b" $(touch pwned)\\n');
    await mkdir(directory);
    const script = `gcd web; echo "${code}"; pwd; gcd - > /dev/null; pwd; gcd; pwd; gcd nobody; echo "${code}"`;
    const found = await runIn(shell, script, { env: { ...env, DIRECTORY: directory }, cwd: home });
    expect(found).toEqual({
      stdout: ['0', directory, home, directory, '1', ''].join('\n'),
      stderr: 'path web\npath\npath nobody\n',
    });
    const gone = await runIn(shell, `gcd web; echo "${code}"; pwd`, {
      env: { ...env, DIRECTORY: join(home, 'gone') },
      cwd: home,
    });
    expect(gone.stdout).toBe(`1\n${home}\n`);
    expect(gone.stderr).toMatch(/^path web\ngcd: cannot go there: the directory is gone.*\ntry: gardener mv/);
    expect(await readdir(home)).not.toContain('pwned');
  });

  test('it may be read twice, by a shell in which little is as usual', async (context) => {
    requireTools(context, shell);
    const { home, env } = await homeWith(`case $1 in path) echo / ;; *) echo '${LINE}' ;; esac`);
    const names = [
      'local',
      'cd',
      'printf',
      'command',
      'builtin',
      'return',
      'read',
      'export',
      'unset',
      'gcd',
      'awk',
    ];
    const aliases = names.map((name) => `alias ${name}="echo alias"`).join('\n');
    const unusual = {
      bash: `set -eu -o noclobber -o posix; IFS=agc/01; cd() { echo mine; }; shopt -s expand_aliases\n${aliases}`,
      zsh: `emulate ksh; set -eu -o noclobber; IFS=agc/01; cd() { echo mine; }; setopt aliases\n${aliases}`,
      fish: `function cd; builtin cd $argv; end; function printf; echo mine; end; alias gcd 'echo alias'`,
    };
    const again = shell === 'fish' ? 'echo $INIT | string join \\n | source' : '\\eval "$INIT"';
    const script = `${again}\ngcd web; pwd; gardener use --shell x; printenv CODEBASE_GARDENER_PROJECT; gardener_prompt`;
    const found = await runIn(shell, script, { env, cwd: home, before: unusual[shell] });
    expect(found).toEqual({ stdout: `/\n${ID}\n`, stderr: '' });
  });
});

test('another shell, which reads a ~/.profile too, skips what is for bash', async (context) => {
  requireTools(context, 'dash');
  const env = { ...environment(await temporaryDirectory()), INIT: SHELLS.bash.script };
  const { stdout, stderr } = await promisify(execFile)('dash', ['-uec', 'eval "$INIT"; echo "$?"'], { env });
  expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
});

test('use --shell prints a line for eval, and says on a terminal that this alone changes nothing', async (context) => {
  requireTools(context, 'bash');
  const cli = await commandLine();
  await cli.codebase('src/web', {});
  await cli.codebase('src/api', {});
  await cli.json(['add', 'src/web']);
  const { project_id: id } = (await cli.json(['add', 'src/api', '--name', '$(touch pwned)'])) as {
    project_id: string;
  };
  const words = ['use', '--shell', '$(touch pwned)'];
  expect(await cli.run(words)).toEqual({
    code: 0,
    signal: null,
    stdout: `export CODEBASE_GARDENER_PROJECT=${id}\n`,
    stderr: 'for this shell: $(touch pwned)  ~/src/api\n',
  });
  expect((await cli.run(['use', '--shell', '--none'])).stdout).toBe('export CODEBASE_GARDENER_PROJECT=\n');
  expect(await cli.json(words)).toMatchObject({
    active_project: { name: 'web' },
    shell: { project: { project_id: id }, line: `export CODEBASE_GARDENER_PROJECT=${id}` },
  });
  const { run, env } = terminal({ home: cli.dataDir });
  env['SHELL'] = '/bin/zsh';
  const seen = await run(words);
  expect(seen.stderr).toContain('nothing has changed');
  expect(seen.stderr).toMatch(/eval "\$\(gardener .*init zsh\)"/s);
  // Whoever has a project of the shell's own would wonder why nothing changes.
  const own = await cli.run(['use', 'web'], { env: { CODEBASE_GARDENER_PROJECT: id } });
  expect(own.stderr).toContain('gardener use --shell --none');
});

test('without a shell it says which there are, and how a codebase is registered', async () => {
  const { code, stderr } = await (await commandLine()).run(['init']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/bash, zsh or fish/);
  expect(stderr).toMatch(/gardener add \./);
});
