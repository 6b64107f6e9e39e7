/** Codebases that are gone are marked, however many projects there are. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CommandLine, commandLine } from '../../support/cli.ts';
import { uuid } from '../../support/projects.ts';

const MANY = 4_000;
/** The last ones by name, in the order of the file, and neither. */
const GONE = ['p0', `p${MANY - 1}`, 'p1234'];

/** A registry of thousands of projects, of whose codebases these are gone. */
async function registry(): Promise<CommandLine> {
  const cli = await commandLine();
  const projects: Record<string, object> = {};
  for (let n = 0; n < MANY; n += 1) {
    const source_path = join(cli.home, 'src', String(n % 50), `p${n}`);
    await mkdir(source_path, { recursive: true });
    projects[uuid(n)] = { project_id: uuid(n), name: `p${n}`, source_path };
  }
  for (const name of GONE)
    await rm(join(cli.home, 'src', String(Number(name.slice(1)) % 50), name), { recursive: true });
  await mkdir(cli.dataDir);
  const content = { version: '1.2', active_project: uuid(0), projects };
  await writeFile(join(cli.dataDir, 'registry.json'), JSON.stringify(content));
  await cli.json(['daemon', 'start']);
  return cli;
}

async function marked(cli: CommandLine, ...words: string[]): Promise<string[]> {
  const { stdout } = await cli.run(['ls', ...words]);
  return [...stdout.matchAll(/(p\d+) \(gone\)$/gm)].map(([, name = '']) => name).toSorted();
}

test('of thousands each one that is gone is marked, each time', { timeout: 60_000 }, async () => {
  const cli = await registry();
  expect(await marked(cli)).toEqual(GONE.toSorted());
  expect(await marked(cli)).toEqual(GONE.toSorted());
  expect(await marked(cli, 'p123')).toEqual(['p1234']);
  expect((await cli.run(['show', 'p1234'])).stdout).toContain('p1234 (gone)\n');
  expect((await cli.run(['show', 'p1233'])).stdout).not.toContain('(gone)');
  const { stdout } = await cli.run(['status']);
  for (const name of GONE)
    expect(stdout).toMatch(new RegExp(`^gone +${name} .* gardener mv ${name} <directory>$`, 'm'));
  expect(stdout).toMatch(/^active .*p0 \(gone\)$/m);
});
