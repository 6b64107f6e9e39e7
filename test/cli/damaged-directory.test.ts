/** Commands from a working directory whose name is no UTF-8: Node would have another directory in its place. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { builtProgram, type CommandLine, commandLine } from '../support/cli.ts';
import { environment } from '../support/home.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `gardener` there, as a shell does that came by the name or through the link. */
function there(cli: CommandLine, words: readonly string[], place = '"$(printf "sp\\351")"'): Ended {
  const script = `cd ${place} && exec "$@"`;
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', script, 'sh', process.execPath, builtProgram('gardener.js'), ...words],
    { encoding: 'utf8', cwd: cli.home, env: environment(cli.home) },
  );
  return { code: status, stdout, stderr };
}

const REFUSED =
  'gardener: cannot tell the working directory: its name is no UTF-8\ntry: from a directory whose name is\n';

/** A home with such a directory, and one that has the name that Node has for it. */
async function desk(): Promise<CommandLine> {
  const cli = await commandLine();
  execFileSync('sh', ['-c', 'mkdir -p "$(printf "sp\\351")/web"'], { cwd: cli.home });
  await mkdir(join(cli.home, 'sp\uFFFD/web'), { recursive: true });
  await cli.json(['add', await cli.codebase('api', {}), '--use']);
  return cli;
}

beforeEach((context) => {
  if (process.platform === 'darwin') context.skip('no such name can be made');
});

test.each([
  [['add']],
  [['add', 'web']],
  [['add', '../api', '--name', 'again']],
  [['mv', 'api', 'web']],
  [['edit', 'api', '--path', 'web']],
  [['show', './web']],
  [['export', 'all.json']],
  [['import', 'all.json']],
  [['train', 'api', '--', 'true']],
  [['ls', '--data-dir', 'data']],
])('%j needs its name, and is refused', async (words) => {
  const cli = await desk();
  expect(there(cli, words)).toEqual({ code: 1, stdout: '', stderr: REFUSED });
  expect(await cli.json(['ls'])).toMatchObject({
    projects: [{ name: 'api', source_path: join(cli.home, 'api') }],
  });
  expect(existsSync(join(cli.home, 'sp\uFFFD/all.json'))).toBe(false);
});

test('what needs no name goes on with the active project, and says so', async () => {
  const cli = await desk();
  expect(there(cli, ['which'])).toEqual({
    code: 0,
    stdout: 'api\n',
    stderr: 'cannot tell the working directory: using the active project "api"\n',
  });
  expect(there(cli, ['ls'])).toMatchObject({ code: 0, stderr: '' });
  expect(there(cli, ['export', join(cli.home, 'all.json')])).toMatchObject({ code: 0, stderr: '' });
});

test('a link that the person came through has a name for it', async () => {
  const cli = await desk();
  execFileSync('sh', ['-c', 'ln -s "$(printf "sp\\351")" link'], { cwd: cli.home });
  expect(there(cli, ['add', 'web'], 'link')).toMatchObject({ code: 0, stderr: '' });
  expect(await cli.json(['show', 'web'])).toMatchObject({ source_path: join(cli.home, 'link/web') });
});
