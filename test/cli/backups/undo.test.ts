import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Project } from '../../../client/index.ts';
import { type CommandLine, commandLine } from '../../support/cli.ts';
import { startDaemon } from '../../support/daemon.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { terminal } from '../../support/terminal.ts';

/** A registry of api and web, of which api is removed, with what training left of it. */
async function removed(): Promise<{ cli: CommandLine; own: string }> {
  const cli = await commandLine();
  for (const name of ['api', 'web']) {
    await cli.codebase(name, {});
    await cli.json(['add', name]);
  }
  const { project_id: id } = (await cli.json(['show', 'api'])) as Project;
  const own = join(cli.dataDir, 'projects', id);
  await writeFile(join(own, 'lora_adapter.bin'), 'weights');
  await cli.json(['rm', 'api', '--yes']);
  return { cli, own };
}

describe('gardener undo', () => {
  test('shows what it would take back, and takes it back', async () => {
    const { cli, own } = await removed();
    const shown = await cli.run(['undo', '--dry-run']);
    expect(shown.stdout.split('\n')).toEqual([
      expect.stringMatching(/^removal {2}/),
      '  comes back  api',
      '  active      web → api',
      expect.stringMatching(/^ {2}put back {4}.*\/projects\/[0-9a-f-]{36}$/),
      '',
    ]);
    const { stdout } = await cli.run(['undo', '--yes']);
    expect(stdout).toContain('comes back  api\n');
    expect(stdout).toMatch(/took back the removal\n$/);
    expect(await readFile(join(own, 'lora_adapter.bin'), 'utf8')).toBe('weights');
    expect(await cli.run(['undo', '--yes'])).toMatchObject({ code: 0, stderr: 'nothing to take back\n' });
    expect(await cli.json(['undo', '--yes'])).toEqual({ undone: null });
  });

  test('answers programs with one document', async () => {
    const { cli, own } = await removed();
    const active_project = { from: { name: 'web' }, to: { name: 'api' } };
    const effect = { comes_back: [{ name: 'api' }], active_project };
    const undone = { operation: 'remove', effect, directories: [own] };
    expect(await cli.json(['undo', '--dry-run'])).toMatchObject({ undone });
    expect(await cli.json(['undo', '--yes'])).toMatchObject({ undone });
  });

  test('of a name that is taken says what to do', async () => {
    const { cli } = await removed();
    await cli.codebase('other/api', {});
    await cli.json(['add', 'other/api']);
    expect(await cli.run(['undo', '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^gardener: cannot bring back "api": the name belongs to .*\ntry: rename the project that has the name now/,
      ),
    });
  });

  test('without a terminal wants to be told not to ask', async () => {
    const { cli } = await removed();
    expect(await cli.run(['undo'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('try: gardener undo --dry-run, then with --yes'),
    });
  });

  test('at a terminal asks first', async () => {
    const home = await temporaryDirectory();
    const daemon = await startDaemon({ dataDir: home });
    const registry = await daemon.connect();
    await registry.call('projects.register', { name: 'api', source_path: await daemon.codebase('api') });
    await registry.call('projects.remove', { project: 'api' });
    const { run } = terminal({ home });
    expect(await run(['undo'], ['n'])).toMatchObject({
      code: 1,
      stderr: 'take this removal back? [y/N] nothing was taken back\n',
    });
    expect(await registry.call('projects.count')).toBe(0);
    expect((await run(['undo'], ['y'])).code).toBe(0);
    expect(await registry.call('projects.count')).toBe(1);
  });
});
