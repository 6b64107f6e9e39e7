/** Many at once on a machine with no daemon, and many projects in one registry. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startGardenerd } from '../faults/support/gardenerd.ts';
import { commandLine } from '../support/cli.ts';
import { temporaryDirectory } from '../support/home.ts';
import { uuid } from '../support/projects.ts';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

interface Page {
  readonly projects: readonly { readonly project_id: string; readonly name: string }[];
  readonly next_cursor: string | null;
}

/** Directories of packages, whose names can be names of projects. */
async function packages(count: number): Promise<string[]> {
  const entries = await readdir(MODULES, { withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isDirectory() && /^[a-z]/.test(entry.name))
    .map(({ name }) => join(MODULES, name))
    .slice(0, count);
  expect(found).toHaveLength(count);
  return found;
}

test(
  'twenty codebases, added by sixteen processes at once, are all there, and one daemon is',
  { timeout: 120_000 },
  async () => {
    const cli = await commandLine();
    const directories = await packages(20);
    const waiting = [...directories];
    const adder = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { code, stderr } = await cli.run(['add', next]);
        expect(code, stderr).toBe(0);
      }
    };
    await Promise.all(Array.from({ length: 16 }, adder));

    const log = await readFile(join(cli.dataDir, 'logs', 'registry.log'), 'utf8');
    expect(log.match(/"msg":"started"/g)).toHaveLength(1);
    const file = JSON.parse(await readFile(join(cli.dataDir, 'registry.json'), 'utf8')) as {
      active_project: string;
      projects: Record<string, { project_id: string; name: string; source_path: string }>;
    };
    const projects = Object.values(file.projects);
    expect(projects.map(({ source_path }) => source_path).toSorted()).toEqual(directories.toSorted());
    expect(projects.map(({ name }) => name).toSorted()).toEqual(
      directories.map((path) => basename(path)).toSorted(),
    );
    expect(Object.keys(file.projects)).toEqual(projects.map(({ project_id }) => project_id));
    // The first one that was registered is the active one.
    expect(file.active_project).toBe(projects[0]?.project_id);
    expect(await cli.json(['call', 'registry.validate'])).toEqual({ issues: [] });
  },
);

test('ten thousand projects are read, listed, found and changed', async () => {
  const dataDir = await temporaryDirectory();
  const total = 10_000;
  const numbers = Array.from({ length: total }, (_, n) => n);
  const projects = Object.fromEntries(
    numbers.map((n) => [
      uuid(n),
      {
        project_id: uuid(n),
        name: `project ${n}`,
        source_path: `/src/${n}`,
        file_count: n,
        tags: [`t${n % 100}`],
      },
    ]),
  );
  await writeFile(
    join(dataDir, 'registry.json'),
    JSON.stringify({ version: '1.2', active_project: uuid(7), projects }),
  );
  const daemon = await startGardenerd({ dataDir });
  const peer = await daemon.connect();
  expect(await peer.call('projects.count')).toBe(total);

  const list = async (params: object = {}) => (await peer.ask('projects.list', params)).result as Page;
  const all = await list();
  expect(all.next_cursor).toBeNull();
  expect(new Set(all.projects.map(({ project_id: id }) => id)).size).toBe(total);
  const paged: Page['projects'][number][] = [];
  for (let page = await list({ limit: 999 }); ; page = await list({ limit: 999, cursor: page.next_cursor })) {
    paged.push(...page.projects);
    if (page.next_cursor === null) break;
  }
  expect(paged).toEqual(all.projects);

  expect((await list({ tag: 't42' })).projects).toHaveLength(100);
  for (const project of [uuid(9_999), 'PROJECT 9999', '/src/9999', '/src/9999/deep/below']) {
    expect(await peer.call('projects.get', { project })).toMatchObject({
      project_id: uuid(9_999),
      file_count: 9_999,
    });
  }
  expect(await peer.call('projects.active')).toMatchObject({ active_project: { name: 'project 7' } });
  expect((await peer.refusal('projects.update', { project: uuid(3), name: 'Project 4' })).code).toBe(1002);
  await peer.call('projects.update', { project: 'project 5000', name: 'renamed', file_count: 1 });
  await daemon.stop();

  const file = JSON.parse(await readFile(join(dataDir, 'registry.json'), 'utf8')) as {
    projects: typeof projects;
  };
  expect(Object.keys(file.projects)).toEqual(Object.keys(projects));
  const changed = Object.values(file.projects).filter(({ project_id: id, name, file_count: count }) => {
    const n = Number.parseInt(id.slice(-12), 16);
    return name !== `project ${n}` || count !== n;
  });
  expect(changed).toMatchObject([{ project_id: uuid(5_000), name: 'renamed', file_count: 1 }]);
});
