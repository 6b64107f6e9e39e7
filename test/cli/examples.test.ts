/** The examples of help: a shell and the program take each as it stands, and it does what it says. */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { loadAll } from '../../client/cli/command.ts';
import type { Host } from '../../client/cli/context.ts';
import { createProgram } from '../../client/cli/program.ts';
import type { WireProject } from '../../src/domain/encoding.ts';
import { ALL, splitWords } from '../support/every-command.ts';
import { temporaryDirectory } from '../support/home.ts';
import { terminal } from '../support/terminal.ts';
import { requireTools } from '../support/tools.ts';
import { world } from '../support/world.ts';

/** Stands in the place of gardener: writes down what it is given, NUL behind each word, and their number before them. */
const STAND_IN = `#!/bin/sh
printf '%s\\0' "$#" "$@" >> "$TYPED"
echo website
`;
/** What examples pipe to, or from; anything else is not found, and its part of the line does nothing. */
const REAL = ['cat', 'xargs'];
/** Other directories that they name. */
const DIRECTORIES = ['src/backend', ...['website', 'payments', 'engine'].map((name) => `work/${name}`)];
/** Projects that the examples are about. */
const PROJECTS = ['website', 'payments', 'engine'];
const BACKUP = 'registry-20260105T093000.000Z-edit.json';

/** What is not run here, and why; the first that an example begins with. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'gardener daemon': 'the daemon is that of the tests',
  'gardener mcp --': 'it serves until its input ends',
  'gardener service': 'it would be a service of this machine',
  'gardener watch': 'it goes on until Ctrl-C',
  'gardener train': 'there is no such trainer',
  'gardener logs': 'no trainer has printed anything',
  'gardener rollback': 'nothing was trained',
  'gardener edit payments': 'it starts an editor',
  'gardener foreach': 'it runs programs',
  'gardener import --from': 'none of these is here',
  echo: 'what is typed here answers questions',
};

interface Example {
  /** What it is in the help of. */
  readonly of: string;
  readonly line: string;
}

let home: string;
let examples: Example[];
beforeAll(async () => {
  home = await temporaryDirectory();
  // So narrow that what an example does is below it.
  const { run } = terminal({ home, columns: 20 });
  const found = ['', ...ALL.map(({ path }) => path)].map(async (of) => {
    const { stdout } = await run([...splitWords(of), '--help']);
    const [, below = ''] = stdout.split('\nExamples:\n');
    return [...below.matchAll(/^ {2}(\S.*)$/gm)].map(([, line = '']) => ({ of, line }));
  });
  examples = (await Promise.all(found)).flat();
  for (const path of [...DIRECTORIES, ...PROJECTS.map((name) => join('src', name))])
    await mkdir(join(home, path), { recursive: true });
});

/** What a shell makes of each line: the words of each call of gardener in it. */
async function split(lines: readonly string[]): Promise<string[][][]> {
  const place = await temporaryDirectory();
  const programs = join(place, 'bin');
  await mkdir(programs);
  await writeFile(join(programs, 'gardener'), STAND_IN, { mode: 0o755 });
  for (const name of REAL) {
    const path = execFileSync('bash', ['-c', `type -P ${name}`], { encoding: 'utf8' }).trim();
    await symlink(path, join(programs, name));
  }
  const bash = execFileSync('bash', ['-c', 'type -P bash'], { encoding: 'utf8' }).trim();
  const script =
    'at=0; for line; do (TYPED=$PLACE/$at; export TYPED; eval "$line"); at=$((at + 1)); done; exit 0';
  execFileSync(bash, ['-c', script, 'bash', ...lines], {
    cwd: place,
    env: { PATH: programs, HOME: home, PLACE: place },
    stdio: 'ignore',
  });
  return Promise.all(
    lines.map(async (_, at) => callsIn(await readFile(join(place, String(at)), 'utf8').catch(() => ''))),
  );
}

function callsIn(written: string): string[][] {
  const words = written.split('\0').slice(0, -1);
  const calls: string[][] = [];
  while (words.length > 0) calls.push(words.splice(0, Number(words.shift())));
  return calls;
}

/** Reads words as the program does, and does nothing with them. @throws what commander has against them */
async function parse(words: readonly string[]): Promise<void> {
  const nowhere = { write: () => true };
  const program = createProgram(
    { stdout: nowhere, stderr: nowhere } as unknown as Host,
    words,
    () => undefined,
  );
  const declared = new Map(await loadAll(program));
  const inert = (command: typeof program, typed: string): void => {
    if (declared.has(typed)) command.action(() => undefined);
    for (const below of command.commands) inert(below, `${typed} ${below.name()}`);
  };
  inert(program, program.name());
  await program.parseAsync(words, { from: 'user' });
}

test('a shell and the program take each of them', async (context) => {
  requireTools(context, 'bash');
  expect(examples.length).toBeGreaterThan(50);
  const calls = await split(examples.map(({ line }) => line));
  for (const [at, { of, line }] of examples.entries()) {
    expect.soft(calls[at], `${of}: ${line}`).not.toEqual([]);
    for (const words of calls[at] ?? [])
      await expect.soft(parse(words), `${of}: ${line}`).resolves.toBeUndefined();
  }
});

test('each that can be run here does what it is for', async (context) => {
  requireTools(context, 'bash');
  const { paths, writer } = await world([], { dataDir: home });
  const { run } = terminal({ home });
  // As each of them expects it, whatever was done by the one before.
  const prepare = async (line: string): Promise<void> => {
    const { projects } = (await writer.call('projects.list')) as unknown as { projects: WireProject[] };
    for (const name of PROJECTS) {
      const place = join(home, 'src', name);
      const there = projects.find((project) => project.name === name);
      if (!there) await writer.call('projects.register', { name, source_path: place });
      else if (there.source_path !== place) await writer.call('projects.move', { project: name, to: place });
    }
    const { active_project: active } = await writer.call('projects.active');
    if (String(active?.['name']) !== 'website')
      await writer.call('projects.activate', { project: 'website' });
    if (line === 'gardener use -') {
      for (const project of ['payments', 'website']) await writer.call('projects.activate', { project });
    }
    if (line.startsWith('gardener undo')) await writer.call('projects.remove', { project: 'engine' });
  };
  await prepare('');
  await mkdir(paths.backupsDir, { recursive: true });
  await copyFile(paths.registryFile, join(paths.backupsDir, BACKUP));
  const runnable = examples.filter(
    ({ line }) => !Object.keys(NOT_RUN).some((begin) => line.startsWith(begin)),
  );
  const calls = await split(runnable.map(({ line }) => line));
  for (const [at, { of, line }] of runnable.entries()) {
    await prepare(line);
    for (const words of calls[at] ?? []) {
      const { code, stderr } = await run(words, ['y', 'y']);
      expect.soft(code, `${of}: ${line}: ${stderr}`).toBe(0);
    }
  }
});
