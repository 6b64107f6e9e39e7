/** Completion of what is in the registry: from its file, and from the daemon where that has another. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeShellWord } from '../../../client/cli/completion/shell-line.ts';
import { HOSTILE } from '../../support/hostile.ts';
import { temporaryDirectory } from '../../support/home.ts';
import { terminal } from '../../support/terminal.ts';

interface Stored {
  readonly name: string;
  readonly source_path?: string;
  readonly language?: string;
  readonly tags?: readonly string[];
}

/** What may stand in the place of the last word of a line, with a registry file of such a text beside no daemon. */
async function answers(text: string | readonly Stored[], line: string): Promise<readonly string[]> {
  const home = await temporaryDirectory();
  await writeFile(join(home, 'registry.json'), typeof text === 'string' ? text : file(text));
  return completed(home, line);
}

async function completed(home: string, line: string): Promise<readonly string[]> {
  const { run } = terminal({ home, isTTY: false });
  const word = line.slice(line.lastIndexOf(' ') + 1);
  const { code, stdout, stderr } = await run([
    '__complete',
    '--line',
    `gardener ${line}`,
    '--replaces',
    word,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').slice(0, -1);
}

function file(projects: readonly Stored[]): string {
  const entries = projects.map((project, at) => [String(at), { project_id: String(at), ...project }]);
  return `${JSON.stringify({ version: '1.2', projects: Object.fromEntries(entries) }, null, 2)}\n`;
}

test('names come with where they are, tags and languages each once', async () => {
  const projects = [
    { name: 'web', source_path: '/src/web', language: 'go', tags: ['work', 'a b'] },
    { name: 'Api', source_path: '/src/api', language: 'go', tags: ['work', ':file', 'x\ty'] },
  ];
  expect(await answers(projects, 'show ')).toEqual(['web\t/src/web', 'Api\t/src/api']);
  expect(await answers(projects, 'show a')).toEqual(['Api\t/src/api']);
  expect(await answers(projects, 'ls --tag ')).toEqual(['a\\ b', 'work']);
  expect(await answers(projects, 'ls --language=g')).toEqual(['--language=go']);
});

test('a name is as it is written, however the file is written', async () => {
  const names = ['one', 'two "2" \\ é', 'three'];
  const projects = names.map((name) => ({
    name,
    source_path: `/src/${name}`,
    metadata: { name: 'x', source_path: 'y' },
  }));
  const document = JSON.parse(file(projects)) as object;
  const shown = names.map((name) => `${writeShellWord(name, '')}\t/src/${name}`);
  expect(await answers(file(projects), 'show ')).toEqual(shown);
  expect(await answers(JSON.stringify(document), 'show ')).toEqual(shown);
  expect(await answers(`\uFEFF${JSON.stringify(document, null, 4)}`, 'show ')).toEqual(shown);
});

test.each([
  [
    'is cut off',
    file([
      { name: 'web', source_path: '/web' },
      { name: 'api', source_path: '/api' },
    ]).slice(0, -60),
  ],
  ['is no registry', '[]'],
  ['is empty', ''],
])('a file that %s has nothing', async (_, text) => {
  expect(await answers(text, 'show ')).toEqual([]);
  expect(await answers(text, 'ls --tag ')).toEqual([]);
});

test('of ten thousand those are shown by which the shell sees what all begin with', async () => {
  const projects = Array.from({ length: 10_000 }, (_, at) => ({
    name: `p-${String(at).padStart(4, '0')}`,
    source_path: '/',
  }));
  const found = await answers(projects, 'show p');
  expect(found).toHaveLength(200);
  expect([found[0], found.at(-1)]).toEqual(['p-0000\t/', 'p-9999\t/']);
});

test('what a terminal would obey is not completed', async () => {
  const projects = [{ name: 'plain' }, { name: `plain${HOSTILE}` }, { name: 'a\u202eb' }];
  expect(await answers(projects, 'show ')).toEqual(['plain']);
});
