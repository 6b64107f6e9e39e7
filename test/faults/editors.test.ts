/**
 * Edits of the file by the programs that people edit with. Each is taken over, on its own or together with a change
 * that comes right behind it, and what it replaced is in a backup.
 */
import { execFile } from 'node:child_process';
import { appendFile, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import type { LineClient } from '../support/lines.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { readContent, servedContent } from './support/content.ts';
import { CODEBASE, type Gardenerd, startGardenerd } from './support/gardenerd.ts';
import { seeded } from './support/random.ts';

const BURSTS = 100;
/** A burst has at most so many replacements, and at most so many milliseconds between two of them. */
const BURST_LENGTH = 6;
const BURST_PAUSE = 8;

let daemon: Gardenerd;
let client: LineClient;
let file: string;

beforeEach(async () => {
  daemon = await startGardenerd({ dataDir: await temporaryDirectory() });
  client = await daemon.connect();
  file = daemon.paths.registryFile;
  for (const name of ['one', 'two', 'three']) await add(name);
});

async function add(name: string): Promise<void> {
  await client.call('projects.register', { name, source_path: CODEBASE });
}

async function run(program: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)(program, args)).stdout;
}

async function namesServed(): Promise<string> {
  return (await servedContent(client)).projects.map(({ name }) => name).join();
}

async function namesStored(): Promise<string> {
  return (await readContent(file)).projects.map(({ name }) => name).join();
}

/** What the edits that were taken over have replaced; a daemon that looks in the middle of one sees a fault first. */
async function replaced(): Promise<string[]> {
  const { backupsDir } = daemon.paths;
  const names = (await readdir(backupsDir)).filter((name) => /-(edit|fault)\.json$/.test(name));
  return await Promise.all(names.map((name) => readFile(join(backupsDir, name), 'utf8')));
}

const VIM = ['-Nu', 'NONE', '-es', '-c', 'set backup backupdir=.', '-c', '%s/"two"/"renamed"/'];

/** Each renames the second project. */
const EDITORS: [what: string, tool: string, edit: () => Promise<unknown>][] = [
  [
    'vim, which writes into the file',
    'vim',
    () => run('vim', ...VIM, '-c', 'set backupcopy=yes', '-c', 'wq', file),
  ],
  [
    'vim, which makes the file anew',
    'vim',
    () => run('vim', ...VIM, '-c', 'set backupcopy=no', '-c', 'wq', file),
  ],
  ['sed -i', 'sed', () => run('sed', '-i', 's/"two"/"renamed"/', file)],
  [
    'jq and mv',
    'jq',
    async () => {
      const filter = '(.projects[] | select(.name == "two")).name = "renamed"';
      await writeFile(`${file}.jq`, await run('jq', filter, file));
      await run('mv', `${file}.jq`, file);
    },
  ],
  [
    'a script that writes into the file',
    'sh',
    () =>
      run(
        'sh',
        '-c',
        'text=$(sed s/\\"two\\"/\\"renamed\\"/ "$1") && printf "%s\\n" "$text" > "$1"',
        'sh',
        file,
      ),
  ],
];

describe.for(EDITORS)('an edit with %s', ([, tool, edit]) => {
  test('is taken over', async (context) => {
    requireTools(context, tool);
    const before = await readFile(file, 'utf8');
    await edit();
    const edited = await readFile(file, 'utf8');
    await until(async () => (await namesServed()) === 'one,renamed,three', 'the edit is served');
    expect(await replaced()).toEqual([before]);
    expect(await readFile(file, 'utf8')).toBe(edited);
  });

  test('is not lost to a change that comes right behind it', async (context) => {
    requireTools(context, tool);
    const before = await readFile(file, 'utf8');
    await edit();
    await add('four');
    expect(await namesStored()).toBe('one,renamed,three,four');
    expect(await namesServed()).toBe('one,renamed,three,four');
    expect(await replaced()).toEqual([before]);
  });
});

test('a file that is written in two halves is served as it was until it is whole', async () => {
  const before = await readFile(file, 'utf8');
  const after = before.replace('"two"', '"renamed"');
  const problem = async (): Promise<unknown> => (await client.call('registry.info'))['problem'];
  for (const length of [0, 1, Math.floor(after.length / 2), after.length - 3]) {
    await writeFile(file, after.slice(0, length));
    expect(await until(problem, 'the daemon has noticed')).toMatchObject({
      kind: 'invalid_file',
      line: expect.any(Number),
    });
    expect(await namesServed()).toBe('one,two,three');
    expect(await client.refusal('projects.touch', { project: 'one' })).toMatchObject({
      code: 1009,
      data: { kind: 'registry_read_only' },
    });
    expect(await readFile(file, 'utf8')).toBe(after.slice(0, length));
    await appendFile(file, after.slice(length));
    await until(async () => (await namesServed()) === 'one,renamed,three', 'the whole file is served');
    expect(await problem()).toBeNull();
    await client.call('projects.update', { project: 'renamed', name: 'two' });
    expect(await namesStored()).toBe('one,two,three');
  }
});

test(
  `the last of a burst of replacements is what is served, ${BURSTS} times`,
  { timeout: 240_000 },
  async () => {
    const random = seeded();
    const document = JSON.parse(await readFile(file, 'utf8')) as {
      projects: Record<string, { name: string }>;
    };
    const [first] = Object.values(document.projects);
    for (let burst = 0; burst < BURSTS; burst += 1) {
      const length = random.integer(2, BURST_LENGTH + 1);
      for (let number = 0; number < length; number += 1) {
        if (first) first.name = `burst-${burst}-${number}`;
        await writeFile(`${file}.new`, JSON.stringify(document));
        await rename(`${file}.new`, file);
        await pause(random.integer(0, BURST_PAUSE + 1));
      }
      const last = `burst-${burst}-${length - 1},two,three`;
      await until(async () => (await namesServed()) === last, `${last} is served`);
    }
    await client.call('projects.touch', { project: 'two' });
    expect(await namesStored()).toBe(await namesServed());
  },
);
