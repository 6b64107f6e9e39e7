/** `gardener import` and `gardener export`, as a person runs them. */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Project } from '../../../src/domain/project.ts';
import { MAX_LINE_BYTES } from '../../../src/protocol/limits.ts';
import { type CommandLine, commandLine, type Finished } from '../../support/cli.ts';

const run = promisify(execFile);
const OLD = fileURLToPath(new URL('../../fixtures/python-1.0.json', import.meta.url));

interface Stored {
  readonly version: string;
  readonly active_project: string | null;
  readonly projects: Readonly<Record<string, Project>>;
}

async function exported(gardener: CommandLine): Promise<Stored> {
  const { code, stdout, stderr } = await gardener.run(['export']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Stored;
}

/** A registry with "api" in it, trained, and the file that it is exported to. */
async function elsewhere(): Promise<{ gardener: CommandLine; file: string; id: string }> {
  const gardener = await commandLine();
  const path = await gardener.codebase('api', { 'main.ts': '' });
  const { project_id: id } = (await gardener.json(['add', path, '--tag', 'work'])) as Project;
  await gardener.json(['call', 'projects.set_status', '{"project":"api","status":"completed"}']);
  await gardener.json(['edit', 'api', '--meta', 'owner="sam"', '--file-count', '7']);
  const file = join(gardener.home, 'exported.json');
  await gardener.json(['export', file]);
  return { gardener, file, id };
}

describe('an import', () => {
  test('brings projects over as they are, with ids, times and training', async () => {
    const { gardener: there, file, id } = await elsewhere();
    const here = await commandLine();
    const { code, stdout } = await here.run(['import', file]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'importing 1 project\n  api\n' });
    expect((await exported(here)).projects).toEqual((await exported(there)).projects);
    // Its own directory is there, and nothing but the registry's own was left behind.
    expect(await readdir(join(here.dataDir, 'projects'))).toEqual([id]);
    const backups = await readdir(join(here.dataDir, 'backups'));
    expect(backups.filter((name) => name.endsWith('Z-import.json'))).toEqual([]);
  });

  test('takes a file of version 1.0', async () => {
    const gardener = await commandLine();
    const { code, stdout, stderr } = await gardener.run(['import', OLD]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^importing 12 projects\n {2}codebase-gardener\n/);
    expect(stderr).toContain('note: the source path of "codebase-gardener" is gone\n');
    const { projects } = JSON.parse(await readFile(OLD, 'utf8')) as Stored;
    const taken = (await exported(gardener)).projects;
    expect(Object.keys(taken)).toEqual(Object.keys(projects));
    for (const [id, { created_at: _naive, last_updated: _too, ...project }] of Object.entries(projects)) {
      expect(taken[id]).toMatchObject(project);
    }
    // Once is enough.
    expect(await gardener.json(['import', OLD])).toMatchObject({
      new: [],
      taken: [],
      different: [],
      same: 12,
    });
  });

  test('leaves alone what is here under the same name or with other values', async () => {
    const { file, id } = await elsewhere();
    const here = await commandLine();
    await here.json(['add', await here.codebase('API', {})]);
    const taken = await here.json(['import', file]);
    expect(taken).toMatchObject({
      new: [],
      taken: [{ project_id: id, name: 'api', by: join(here.home, 'API') }],
      imported: 0,
    });
    await here.json(['edit', 'API', '--name', 'other']);
    await here.json(['import', file]);
    await here.json(['edit', 'api', '--file-count', '8']);
    expect(await here.json(['import', file])).toMatchObject({
      new: [],
      different: [{ project_id: id, name: 'api', fields: ['file_count'] }],
    });
    expect((await exported(here)).projects[id]).toMatchObject({ file_count: 8 });
  });

  test('only tells with --dry-run', async () => {
    const gardener = await commandLine();
    const { code, stdout } = await gardener.run(['import', OLD, '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^would import 12 projects\n/);
    expect((await exported(gardener)).projects).toEqual({});
  });

  test('takes a file that is longer than a request, and one of which there is only a pipe', async () => {
    const { gardener: there } = await elsewhere();
    const { active_project: id, ...rest } = await exported(there);
    const project = rest.projects[id ?? ''];
    const of = (metadata: object): string =>
      JSON.stringify({ projects: { [id ?? '']: { ...project, metadata } } });
    const here = await commandLine();
    const long = join(here.home, 'long.json');
    await writeFile(long, of({}).padEnd(MAX_LINE_BYTES));
    expect(await here.json(['import', long, '--dry-run'])).toMatchObject({
      new: [{ name: 'api' }],
      imported: 0,
    });
    const other = join(here.home, 'other.json');
    await writeFile(other, of({ way: 'pipe' }));
    const pipe = join(here.home, 'pipe');
    await run('mkfifo', [pipe]);
    const piped = (file: string): Promise<Finished> => {
      // Nobody reads on what is too long.
      const writer = run('sh', ['-c', 'trap "" PIPE; cat "$0" > "$1" || true', file, pipe]);
      return Promise.all([here.run(['import', pipe]), writer]).then(([finished]) => finished);
    };
    expect(await piped(other)).toMatchObject({ code: 0, stdout: 'importing 1 project\n  api\n' });
    expect(await here.json(['import', long])).toMatchObject({
      different: [{ name: 'api', fields: ['metadata'] }],
    });
    const tooLong = { code: 1, stderr: expect.stringContaining('longer than a request can be') as string };
    expect(await piped(long)).toMatchObject(tooLong);
    expect(await here.run(['import', '/dev/zero'])).toMatchObject(tooLong);
  });

  test('says what is wrong with a file, and takes nothing', async () => {
    const gardener = await commandLine();
    const file = join(gardener.home, 'other.json');
    const failed = async (text: string) => {
      await writeFile(file, text);
      const { code, stderr } = await gardener.run(['import', file]);
      expect(code).toBe(1);
      return stderr;
    };
    expect((await gardener.run(['import', join(gardener.home, 'none.json')])).stderr).toContain(
      'no such file',
    );
    expect(await failed('{"projects": {')).toContain('cannot import ~/other.json: line 1, column 15: ');
    expect((await gardener.run(['import', gardener.home])).stderr).toContain('it is a directory');
    expect(await failed('{"projects": {"x": {"name": "a"}}}')).toContain('source_path');
    expect((await exported(gardener)).projects).toEqual({});
  });
});

describe('an export', () => {
  test('is a registry file, of the user alone', async () => {
    const { gardener, file, id } = await elsewhere();
    const written = JSON.parse(await readFile(file, 'utf8')) as Stored;
    // No schema lies beside it.
    const { $schema: _, ...kept } = JSON.parse(
      await readFile(join(gardener.dataDir, 'registry.json'), 'utf8'),
    ) as Stored & { $schema: string };
    expect(written).toEqual(kept);
    expect(written.active_project).toBe(id);
  });

  test('does not write over a file unless it is told to', async () => {
    const { gardener, file } = await elsewhere();
    await gardener.json(['edit', 'api', '--name', 'renamed']);
    const { code, stderr } = await gardener.run(['export', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('there is such a file');
    expect(await gardener.json(['export', file, '--force'])).toEqual({ file, project_count: 1 });
    expect(await readFile(file, 'utf8')).toContain('renamed');
  });
});
