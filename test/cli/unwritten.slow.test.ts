/** What happens to an answer that cannot be written: the work is done, the exit code tells, nobody sees a stack. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { builtProgram, type CommandLine, commandLine } from '../support/cli.ts';
import { ANSWERED } from '../support/every-command.ts';
import { environment } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** A descriptor whose reader has gone: what is written to it fails. */
const UNREAD = `
trap '' PIPE
exec 9> >(exec true)
while printf x >&9; do :; done 2> /dev/null
trap - PIPE
`;

/** Runs a script in which `gardener` is the program, and nobody reads descriptor 9. */
function shell({ home }: CommandLine, script: string): Ended {
  const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
  const gardener = `gardener() { ${quoted(process.execPath)} ${quoted(builtProgram('gardener.js'))} "$@"; }\n`;
  const { status, stderr } = spawnSync('bash', ['-c', UNREAD + gardener + script], {
    encoding: 'utf8',
    cwd: home,
    env: environment(home),
  });
  return { code: status, stderr };
}

async function desk(): Promise<CommandLine> {
  const cli = await commandLine();
  await cli.codebase('src/api', { 'a.go': '' });
  await cli.codebase('src/web', {});
  return cli;
}

describe.runIf(existsSync('/dev/full'))('an answer that cannot be written', () => {
  beforeEach((context) => requireTools(context, 'bash'));

  test.each([
    ['has no room', '>/dev/full', 1, /^gardener: cannot write the answer: the disk is full$/m],
    ['is not read', '>&9', 0, /^(?!.*cannot write)/s],
    ['has nowhere to go', '>&-', 0, /^(?!.*cannot write)/s],
  ])('shows nobody a stack where it %s', { timeout: 120_000 }, async (_what, where, code, said) => {
    const cli = await desk();
    for (const [path, more] of Object.entries(ANSWERED)) {
      // Some have nothing to say but to programs.
      const words = `--json ${path} ${more}`;
      const ended = shell(cli, `gardener ${words} ${where}`);
      expect(ended.stderr, words).toMatch(said);
      expect(ended.stderr, words).not.toMatch(/^\s+at |node:/m);
      expect(ended.code, words).toBe(code);
    }
  });
  test.each([
    ['nope', 2],
    ['show nope', 1],
    ['--no-start --data-dir nowhere ls', 3],
    ['rm --yes api nope', 1],
  ])('leaves the exit code of %s as it is', async (words, code) => {
    const cli = await desk();
    await cli.json(['add', 'src/api']);
    for (const where of ['>&9', '2>&9', '2>/dev/full', '>&- 2>&-', '>/dev/full 2>&1']) {
      expect(shell(cli, `gardener ${words} ${where}`).code, where).toBe(code);
      expect(shell(cli, `gardener --json ${words} ${where}`).code, where).toBe(code);
    }
  });

  test('ends what does nothing else, and only that', async () => {
    const cli = await desk();
    await cli.json(['add', 'src/api']);
    expect(shell(cli, 'gardener watch >/dev/full')).toMatchObject({ code: 1 });
    expect(shell(cli, 'gardener daemon logs -f >/dev/full')).toMatchObject({ code: 1 });
    expect(shell(cli, 'gardener watch >&9')).toMatchObject({ code: 0, stderr: '' });
    const result = `{"result": {"file_count": 7}}`;
    const trainer = `echo words; echo words >&2; echo '${result}' >&3`;
    shell(cli, `gardener train api -- sh -c "${trainer.replaceAll('"', '\\"')}" 2>&9`);
    expect(await cli.json(['show', 'api'])).toMatchObject({ training_status: 'completed', file_count: 7 });
  });
});
