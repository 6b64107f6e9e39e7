import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Project, Result } from '../../../client/index.ts';
import type { JsonObject } from '../../../src/domain/project.ts';
import { type CommandLine, commandLine } from '../../support/cli.ts';
import { startDaemon } from '../../support/daemon.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { terminal } from '../../support/terminal.ts';
import { until } from '../../support/until.ts';

type Backup = Result<'registry.backups'>['backups'][number];

/** Puts another content in the place of the registry file, as an editor does. */
async function edit(
  file: string,
  change: (document: { projects: Record<string, JsonObject> }) => void,
): Promise<void> {
  const document = JSON.parse(await readFile(file, 'utf8')) as { projects: Record<string, JsonObject> };
  change(document);
  await writeFile(`${file}.new`, JSON.stringify(document));
  await rename(`${file}.new`, file);
}

async function backups(cli: CommandLine): Promise<Backup[]> {
  return ((await cli.json(['backups'])) as { backups: Backup[] }).backups;
}

/** A registry of api, cli and web, out of whose file somebody has dropped api and given cli a tag. */
async function edited(): Promise<{ cli: CommandLine; backup: Backup }> {
  const cli = await commandLine();
  for (const name of ['api', 'cli', 'web']) {
    await cli.codebase(name, {});
    await cli.json(['add', name]);
  }
  await edit(join(cli.dataDir, 'registry.json'), ({ projects }) => {
    for (const [id, project] of Object.entries(projects)) {
      if (project['name'] === 'api') delete projects[id];
      if (project['name'] === 'cli') project['tags'] = ['outside'];
    }
  });
  const backup = await until(
    async () => (await backups(cli)).find(({ reason }) => reason === 'edit'),
    'it is noticed',
  );
  return { cli, backup };
}

async function names(cli: CommandLine): Promise<string[]> {
  const { projects } = (await cli.json(['ls'])) as { projects: Project[] };
  return projects.map(({ name }) => name);
}

describe('gardener backups', () => {
  test('lists what is kept, newest first', async () => {
    const { cli, backup } = await edited();
    const [titles, first] = (await cli.run(['backups'])).stdout.split('\n');
    expect(titles).toMatch(/^NAME +WHEN +REASON +PROJECTS +SIZE$/);
    expect(first?.split(/ {2,}/)).toEqual([
      backup.name,
      'just now',
      'outside edit',
      '3',
      expect.stringMatching(/^\d\.\d KiB$/),
    ]);
  });

  test('says so when there are none', async () => {
    const cli = await commandLine();
    expect(await cli.run(['backups'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^no backups yet/),
    });
  });
});

describe('gardener restore', () => {
  test('shows what would change, and changes nothing in a dry run', async () => {
    const { cli, backup } = await edited();
    await cli.json(['rm', '--yes', 'web']);
    await cli.codebase('new', {});
    await cli.json(['add', 'new', '--use']);
    const { code, stdout } = await cli.run(['restore', backup.name, '--dry-run']);
    const short = backup.name.slice('registry-'.length, -'.json'.length);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: [
        `${short}  3 projects, kept just now (outside edit)`,
        '  comes back  api',
        '  comes back  web',
        '  goes        new',
        '  changes     cli  tags',
        '  active      new → api',
        '',
      ].join('\n'),
    });
    expect(await names(cli)).toEqual(['cli', 'new']);
    expect(await cli.json(['restore', short, '--dry-run'])).toMatchObject({
      backup,
      comes_back: [{ name: 'api' }, { name: 'web' }],
      goes: [{ name: 'new' }],
      changes: [{ name: 'cli', fields: ['tags'] }],
      stay: 0,
    });
  });

  test('takes the whole content, and can be undone', async () => {
    const { cli, backup } = await edited();
    expect((await cli.run(['restore', backup.name, '--yes'])).stdout).toMatch(
      /restored \S+-edit: 3 projects now\n$/,
    );
    expect(await names(cli)).toEqual(['api', 'cli', 'web']);
    expect((await cli.run(['restore', backup.name, '--yes'])).stderr).toBe('nothing would change\n');
    const [undo] = await backups(cli);
    expect(undo?.reason).toBe('restore');
    expect(await cli.json(['restore', undo?.name ?? '', '--yes'])).toMatchObject({ active_project: null });
    expect(await names(cli)).toEqual(['cli', 'web']);
    expect(await cli.json(['restore', backup.name, '--yes'])).toMatchObject({
      project_count: 3,
      active_project: { name: 'api' },
    });
  });

  test('brings single projects back', async () => {
    const { cli, backup } = await edited();
    const { stdout } = await cli.run(['restore', backup.name, '--project', 'API', '--yes']);
    expect(stdout.split('\n').slice(1)).toEqual([
      '  comes back  api',
      expect.stringMatching(/^restored from \S+-edit: 3 projects now$/),
      '',
    ]);
    expect(await names(cli)).toEqual(['api', 'cli', 'web']);
    expect(await cli.json(['show', 'cli'])).toMatchObject({ tags: ['outside'] });
  });

  test('of what is not there says what there is', async () => {
    const { cli, backup } = await edited();
    expect(await cli.run(['restore', 'registry-1.json', '--yes'])).toMatchObject({
      code: 1,
      stderr: 'gardener: cannot find backup registry-1.json\ntry: gardener backups\n',
    });
    expect(await cli.run(['restore', backup.name, '--project', 'app', '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^gardener: cannot find project app in backup .*\ntry: one that is in it: api, cli, web\n$/,
      ),
    });
    await writeFile(join(cli.dataDir, 'backups', 'registry-20260101T000000.000Z-edit.json'), '{\n  oops');
    expect(await cli.run(['restore', '20260101T000000.000Z-edit', '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^gardener: cannot read backup registry-20260101T000000.000Z-edit.json: line 2, column 3: /,
      ),
    });
  });

  test('is the way out of a spoilt file, also where the registry stays as it is', async () => {
    const { cli } = await edited();
    const file = join(cli.dataDir, 'registry.json');
    await writeFile(file, 'spoilt');
    const fault = await until(
      async () => (await backups(cli)).find(({ reason }) => reason === 'fault'),
      'it is noticed',
    );
    expect((await cli.run(['edit', 'cli', '--tag', 'x'])).code).toBe(1);
    expect((await cli.run(['restore', fault.name, '--yes'])).code).toBe(0);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: '1.2' });
    await cli.json(['edit', 'cli', '--tag', 'x']);
  });

  test('without a terminal wants to be told not to ask', async () => {
    const cli = await commandLine();
    const { code, stderr } = await cli.run(['restore', 'last-good']);
    expect(code).toBe(2);
    expect(stderr).toContain('try: gardener restore last-good --dry-run, then with --yes');
  });

  test('at a terminal asks first', async () => {
    const home = await temporaryDirectory();
    const daemon = await startDaemon({ dataDir: home });
    const registry = await daemon.connect();
    await registry.call('projects.register', { name: 'api', source_path: await daemon.codebase('api') });
    await edit(join(home, 'registry.json'), (document) => {
      document.projects = {};
    });
    await registry.call('registry.reload');
    const { run } = terminal({ home });
    const { stdout } = await run(['backups']);
    const [name = ''] = stripVTControlCharacters(stdout).split('\n')[1]?.split(' ') ?? [];
    expect(name).toMatch(/^\d+T.*-edit$/);
    expect(await run(['restore', name], ['n'])).toMatchObject({
      code: 1,
      stderr: 'restore it? what it replaces becomes a backup [y/N] nothing was restored\n',
    });
    expect(await registry.call('projects.count')).toBe(0);
    expect((await run(['restore', name], ['y'])).code).toBe(0);
    expect(await registry.call('projects.count')).toBe(1);
  });
});
