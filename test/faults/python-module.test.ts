/**
 * The Python module edits the file while others write through the daemon.
 *
 * What can be promised, and is shown here:
 * - Whoever is told that a change is made finds it in the file, or an edit there that the daemon had not seen when it
 *   made the change.
 * - What an edit takes back, because the module had loaded the file before the change, is in a backup.
 * - Everybody is told of both, in their order: the events lead to what the file holds in the end.
 * - An edit is taken over or replaced by the next one. What is left is the instant between the daemon's last look at
 *   the file and its rename: edits that fall into it are lost, and there must be no more than it can explain.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { EventNotification } from '../../src/protocol/events.ts';
import { temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { parseContent, readContent, servedContent } from './support/content.ts';
import { CODEBASE, type Gardenerd, startGardenerd } from './support/gardenerd.ts';
import { seeded } from './support/random.ts';

/** How long they write, milliseconds. */
const DURATION = 15_000;
const WRITERS = 4;
/** Between two edits of the module, at most; seconds. */
const LONGEST_PAUSE = 0.03;
/** The part of the edits that the instant before the rename may swallow. Without the last look it is most of them. */
const LOST_AT_MOST = 0.03;

const MODULE = fileURLToPath(new URL('support/module.py', import.meta.url));

/** What a project's `file_count` was set to. */
interface Step {
  readonly name: string;
  readonly count: number;
  readonly before: number;
  readonly origin: 'rpc' | 'file';
}

/** What the file held right after an answer. */
interface Look {
  readonly name: string;
  readonly acknowledged: number;
  readonly found: number;
  readonly edit: number;
}

test('what was acknowledged is in the file or in a backup', { timeout: 120_000 }, async (context) => {
  requireTools(context, 'python3');
  const random = seeded();
  const daemon = await startGardenerd({ dataDir: await temporaryDirectory() });
  const client = await daemon.connect();
  const writers = Array.from({ length: WRITERS }, (_, number) => `writer-${number}`);
  for (const name of ['module', ...writers]) {
    await client.call('projects.register', { name, source_path: CODEBASE });
  }
  const { project_id } = await client.call('projects.get', { project: 'module' });
  const watcher = await daemon.connect();
  await watcher.call('registry.watch', {});
  const backups = new BackupCollector(daemon);

  const module = startModule([
    daemon.paths.registryFile,
    String(project_id),
    String(random.seed),
    String(LONGEST_PAUSE),
  ]);
  const end = performance.now() + DURATION;
  const looks = (await Promise.all(writers.map((name) => write(daemon, name, end)))).flat();
  const edits = await module.stop();
  await client.call('registry.reload');
  await backups.stop();

  const steps = stepsOf(watcher.waiting);
  expectAcknowledged(looks, steps);
  expectBackups(steps, backups.contents);
  // The events lead to what is served and stored.
  const counts = new Map(['module', ...writers].map((name) => [name, 0]));
  for (const { name, count, before } of steps) {
    expect(before).toBe(counts.get(name));
    counts.set(name, count);
  }
  const stored = await readContent(daemon.paths.registryFile);
  expect(await servedContent(client)).toEqual(stored);
  expect(new Map(stored.projects.map(({ name, file_count }) => [name, file_count]))).toEqual(counts);

  const lost = edits.filter(({ edit, found }) => found !== edit - 1).length;
  expect(edits.length).toBeGreaterThan(100);
  expect(looks.length).toBeGreaterThan(100);
  expect(steps.filter(({ origin, name }) => origin === 'file' && name === 'module').length).toBeGreaterThan(
    50,
  );
  expect(lost / edits.length).toBeLessThan(LOST_AT_MOST);
});

/** Sets a project's count through the daemon, over and over, and looks into the file after each answer. */
async function write(daemon: Gardenerd, name: string, end: number): Promise<Look[]> {
  const client = await daemon.connect();
  const looks: Look[] = [];
  for (let count = 1; performance.now() < end; count += 1) {
    await client.call('projects.update', { project: name, file_count: count });
    const { projects } = await readContent(daemon.paths.registryFile);
    const countOf = (wanted: string): number =>
      Number(projects.find((project) => project.name === wanted)?.['file_count']);
    looks.push({ name, acknowledged: count, found: countOf(name), edit: countOf('module') });
  }
  return looks;
}

function startModule(args: string[]): { stop(): Promise<{ edit: number; found: number }[]> } {
  const child = spawn('python3', [MODULE, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await closed;
  };
  onTestFinished(stop);
  return {
    async stop() {
      await stop();
      expect(child.exitCode).toBe(0);
      return printed
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { edit: number; found: number });
    },
  };
}

/** Reads every backup while it is there: only twenty are kept. */
class BackupCollector {
  /** Name and count of every project in a backup, as text: `writer-1 17`. */
  readonly contents = new Set<string>();
  readonly #directory: string;
  readonly #known = new Set<string>();
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(daemon: Gardenerd) {
    this.#directory = daemon.paths.backupsDir;
    this.#done = this.#run();
    onTestFinished(() => this.stop());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    for (let last = false; !last;) {
      last = this.#stopped;
      const names = (await readdir(this.#directory)).filter((name) => /^registry-.*\.json$/.test(name));
      for (const name of names.filter((name) => !this.#known.has(name))) {
        this.#known.add(name);
        const { projects } = parseContent(await readFile(join(this.#directory, name), 'utf8'));
        for (const project of projects) this.contents.add(`${project.name} ${String(project['file_count'])}`);
      }
      await pause(5);
    }
  }
}

/** What was told of changes, in order. */
function stepsOf(lines: readonly string[]): Step[] {
  return lines.flatMap((line) => {
    const { events } = (JSON.parse(line) as { params: EventNotification }).params;
    return events.map((event) => {
      if (event.type !== 'updated') throw new Error(`an unexpected event: ${line}`);
      const { project, previous, origin } = event;
      if (!project || !previous || typeof previous === 'string')
        throw new Error(`an incomplete event: ${line}`);
      return { name: project.name, count: project.file_count, before: previous.file_count, origin };
    });
  });
}

function expectAcknowledged(looks: readonly Look[], steps: readonly Step[]): void {
  /** The last edit that was taken over before a change was made. */
  const known = new Map<string, number>();
  let edit = 0;
  for (const { name, count, origin } of steps) {
    if (origin === 'rpc') known.set(`${name} ${count}`, edit);
    else if (name === 'module') edit = count;
  }
  for (const look of looks) {
    const change = `${look.name} ${look.acknowledged}`;
    expect(known.has(change), change).toBe(true);
    if (look.found !== look.acknowledged)
      expect(look.edit, change).toBeGreaterThan(known.get(change) ?? Infinity);
  }
}

function expectBackups(steps: readonly Step[], backups: ReadonlySet<string>): void {
  const takenBack = steps.filter(({ name, origin }) => origin === 'file' && name !== 'module');
  expect(takenBack.length).toBeGreaterThan(0);
  for (const { name, before } of takenBack) expect(backups).toContain(`${name} ${before}`);
}
