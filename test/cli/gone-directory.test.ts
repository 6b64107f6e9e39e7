/** Commands from a working directory that was removed: what needs none goes on. */
import { execFile } from 'node:child_process';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtProgram, type CommandLine, commandLine } from '../support/cli.ts';
import { environment } from '../support/home.ts';

/** Runs a program where there is nothing any more. */
async function fromNowhere(
  cli: CommandLine,
  program: 'gardener.js' | 'gardenerd.js',
  words: readonly string[],
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const script = 'mkdir "$HOME/gone" && cd "$HOME/gone" && rmdir "$HOME/gone" && exec "$@"';
  const command = ['-c', script, 'sh', process.execPath, builtProgram(program), ...words];
  return await promisify(execFile)('sh', command, { env: environment(cli.home) }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: unknown; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  );
}

test('names and absolute paths are used', async () => {
  const cli = await commandLine();
  const web = await cli.codebase('src/web', { 'a.ts': '' });
  const gardener = (...words: string[]) => fromNowhere(cli, 'gardener.js', words);
  expect(await gardener('add', web)).toMatchObject({ code: 0, stderr: '' });
  expect(await gardener('which', 'web')).toMatchObject({ code: 0, stdout: 'web\n' });
  const file = join(cli.home, 'all.json');
  expect(await gardener('export', file)).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ projects: expect.any(Object) as object });
  expect(await gardener('import', '~/all.json')).toMatchObject({ code: 0, stderr: '' });
  await rename(web, join(cli.home, 'src/moved'));
  expect(await gardener('mv', 'web', join(cli.home, 'src/moved'))).toMatchObject({ code: 0, stderr: '' });
  expect((await gardener('mv', 'nosuch', join(cli.home, 'src/moved'))).stderr).toContain('nosuch');
});

test('what is relative is refused, and the reason given', async () => {
  const cli = await commandLine();
  expect(await fromNowhere(cli, 'gardener.js', ['import', 'all.json'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('try: from a directory that exists\n') as string,
  });
  expect(await fromNowhere(cli, 'gardenerd.js', ['--data-dir', 'data'])).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'gardenerd: cannot use data: it is relative, and the working directory is gone; give an absolute path\n',
  });
});
