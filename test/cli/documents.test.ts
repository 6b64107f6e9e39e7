import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type CommandLine, commandLine } from '../support/cli.ts';
import { ALL, ANSWERED, COMMANDS, GROUPS, splitWords as split, WORDS } from '../support/every-command.ts';
import { faultsOf } from '../support/declared-documents.ts';
import { temporaryDirectory } from '../support/home.ts';
import { type Seen, terminal } from '../support/terminal.ts';
import { until } from '../support/until.ts';
import { world } from '../support/world.ts';

const HELP = { help: expect.stringMatching(/^Usage: gardener/) };
const failed = (kind: string) => ({
  error: { code: null, message: expect.stringMatching(/^.+$/s), data: { kind } },
});

test('every command of the program is in the tables below', () => {
  const untold =
    'give each command words it runs with: a row of ANSWERED, REFUSED or STREAMS in test/support/every-command.ts';
  expect(Object.keys(WORDS).toSorted(), untold).toEqual(COMMANDS.toSorted());
});

describe('with --json there is one document on standard output', () => {
  let run: (words: readonly string[]) => Promise<Seen>;
  let home: string;
  beforeAll(async () => {
    home = await temporaryDirectory();
    ({ run } = terminal({ home }));
  });

  test.each(['', ...ALL.map(({ path }) => path)])('for the help of gardener %s', async (path) => {
    const words = split(path);
    for (const asked of [
      [...words, '--help', '--json'],
      ['--json', '-h', ...words],
      ['help', ...words, '--json'],
      ['help', '--json', ...words],
    ]) {
      const { code, stdout, stderr } = await run(asked);
      expect({ code, stderr, document: JSON.parse(stdout) as unknown }, asked.join(' ')).toEqual({
        code: 0,
        stderr: '',
        document: HELP,
      });
    }
  });

  test.each(GROUPS)('where the command is missing after gardener %s', async (path) => {
    const { code, stdout, stderr } = await run([...split(path), '--json']);
    expect(JSON.parse(stdout)).toEqual(failed('usage'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^\S*gardener:\S* cannot tell what to do: the command is missing\n\S*try:/);
  });

  test.each(COMMANDS)('for wrong usage of %s', async (path) => {
    const { code, stdout } = await run(['--json', ...split(path), '--nope']);
    expect({ code, document: JSON.parse(stdout) as unknown }).toEqual({ code: 2, document: failed('usage') });
  });

  test.each(Object.entries(WORDS))('of %s without a daemon', async (path, more) => {
    // No manager of services, nor anything else that could be started.
    vi.stubEnv('PATH', join(home, 'no-programs'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const { code, stdout } = await run([
      '--data-dir',
      home,
      '--no-start',
      '--json',
      ...split(`${path} ${more}`),
    ]);
    // No log has been written, and no line of it is printed.
    if (path === 'daemon logs') return expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    return expect(JSON.parse(stdout)).toEqual(
      code === 0 || path === 'doctor' ? expect.anything() : { error: expect.anything() },
    );
  });
});

test(
  'with --json every command that is given what it needs answers with a document',
  { timeout: 120_000 },
  async () => {
    const cli = await commandLine();
    await cli.codebase('src/api', { 'a.go': '' });
    await cli.codebase('src/web', {});
    for (const [path, more] of Object.entries(ANSWERED)) {
      const words = split(`${path} ${more}`);
      const { code, stdout, stderr } = await cli.run(['--json', ...words]);
      expect(code, `${words.join(' ')}: ${stderr}`).toBe(0);
      expect(faultsOf(path, JSON.parse(stdout)), words.join(' ')).toEqual([]);
      if (path === 'docs') await followed(cli);
    }
  },
);

test('so does every command that needs something that was done before', async () => {
  const { paths, writer, codebase } = await world(['api', 'web']);
  const home = paths.dataDir;
  const { run } = terminal({ home, isTTY: false });
  const answer = async (path: string, ...words: string[]): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await run([...split(path), ...words, '--json']);
    expect(code, `${path} ${words.join(' ')}: ${stderr}`).toBe(0);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    expect(faultsOf(path, document), `${path} ${words.join(' ')}`).toEqual([]);
    return document;
  };
  for (const loss of [0.2, 0.1]) {
    const { token, output } = await writer.call('training.begin', { project: 'api' });
    await writeFile(join(String(output?.['directory']), 'lora_adapter.bin'), 'weights');
    await writer.call('training.complete', { project: 'api', token, metadata: { loss } });
  }
  await answer('history', 'api');
  await answer('rollback', 'api');
  await answer('prune', 'api', '--older', '0d', '--yes');
  const file = join(home, 'projects.json');
  await answer('export', file);
  await answer('use', 'web');
  await answer('rm', 'web', '--yes');
  const { undone } = await answer('undo', '--dry-run');
  expect(undone).toMatchObject({ effect: { active_project: { to: { name: 'web' } } } });
  await answer('import', file, '--dry-run');
  await answer('import', file);
  const { backups } = await answer('backups');
  const name = (backups as { name: string }[]).at(-1)?.name ?? '';
  await answer('restore', name, '--dry-run');
  await answer('restore', name, '--yes');
  await answer('restore', name, '--yes');
  await answer('mv', 'web', await codebase('elsewhere'), '--dry-run');
  await answer('doctor', '--fix');
});

/** What goes on has a document a line. */
async function followed(cli: CommandLine): Promise<void> {
  for (const words of [['watch'], ['daemon', 'logs', '--follow']]) {
    const { child, output } = cli.start(['--json', ...words]);
    await until(() => output.stdout.includes('\n'), `${words.join(' ')} has printed a line`);
    child.kill('SIGINT');
    await once(child, 'close');
    for (const line of output.stdout.trimEnd().split('\n')) {
      expect(JSON.parse(line)).toBeTypeOf('object');
      expect(faultsOf(words.join(' ').replace(' --follow', ''), JSON.parse(line))).toEqual([]);
    }
  }
}
