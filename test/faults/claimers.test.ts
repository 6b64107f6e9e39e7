/** Trainers that are killed, stopped and replaced: no two have one project at a time, and all projects get done. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { environment, temporaryDirectory } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { codebase, startGardenerd } from './support/gardenerd.ts';
import { type Random, seeded } from './support/random.ts';
import { report } from './support/report.ts';

const CLAIMER = fileURLToPath(new URL('support/claimer.py', import.meta.url));
const CLAIMERS = 8;
const KILLS = CLAIMERS / 2;
const PROJECTS = 50;
/** How long a project takes, in seconds: all of them together well longer than the kills. */
const WORK = 0.6;

/** A line of the log. `killed` and `halted` are the test's own words, for a process. */
interface Note {
  readonly what: 'begin' | 'stop' | 'completed' | 'lost' | 'killed' | 'halted';
  readonly project: string;
  readonly token: number;
  readonly pid: number;
}

interface Trained {
  readonly project_id: string;
  readonly metadata: object;
  readonly training: object;
}

test(
  `${PROJECTS} projects, ${CLAIMERS} trainers, half of them killed and one halted`,
  { timeout: 240_000 },
  async (context) => {
    requireTools(context, ['python3', 'ps']);
    const random = seeded();
    const dataDir = await temporaryDirectory();
    const source_path = await codebase(dataDir);
    const daemon = await startGardenerd({ dataDir });
    const writer = await daemon.connect();
    writer.send(
      Array.from({ length: PROJECTS }, (_, id) => ({
        jsonrpc: '2.0',
        id,
        method: 'projects.register',
        params: { name: `p${id}`, source_path },
      })),
    );
    await writer.line();

    const log = join(dataDir, 'trainers.log');
    await writeFile(log, '');
    const start = () => claimer(daemon.paths.socket, log, dataDir);
    const running = Array.from({ length: CLAIMERS }, start);
    const notes = async () => parse(await readFile(log, 'utf8'));
    await until(
      async () => new Set((await notes()).map(({ pid }) => pid)).size === CLAIMERS,
      'all are at work',
    );

    // One holds on to its project without a sign of life, and wakes when it is somebody else's.
    const sleeper = running.pop() as ChildProcess;
    const held = await halt(sleeper, log, notes);
    for (let kill = 0; kill < KILLS; kill += 1) await killOne(running, random, log);
    while (running.length < CLAIMERS - 1) running.push(start());
    const isTaken = ({ what, project, token }: Note) =>
      what === 'begin' && project === held.project && token > held.token;
    await until(async () => (await notes()).some(isTaken), 'somebody else trains what the sleeper has');
    sleeper.kill('SIGCONT');

    const completed = () => writer.call('projects.count', { status: 'completed' });
    await until(async () => Number(await completed()) === PROJECTS, 'every project is completed', 60_000);
    const isSleepers = (note: Note) => note.project === held.project && note.token === held.token;
    await until(
      async () => (await notes()).some((note) => isSleepers(note) && note.what === 'lost'),
      'the sleeper has noticed',
    );

    const all = await notes();
    expect(overlaps(all)).toEqual([]);
    const begun = all.filter(({ what }) => what === 'begin');
    const last = new Map<string, number>();
    for (const { project, token } of begun) {
      // In the order of time: none twice, none lower than one before.
      expect(token).toBeGreaterThan(last.get(project) ?? 0);
      last.set(project, token);
    }
    // Success is claimed only under the last token of a project, and is what the registry has.
    for (const { what, project, token } of all) {
      if (what === 'completed') expect([project, token]).toEqual([project, last.get(project)]);
    }
    const { projects } = await writer.call('projects.list');
    for (const project of projects as unknown as readonly Trained[]) {
      const token = last.get(project.project_id);
      expect(project).toMatchObject({ metadata: { token }, training: { token, holder: null, error: null } });
    }
    // Some were lost before their trainer could note that it began; the daemon notes all.
    const lost =
      (await readFile(join(dataDir, 'logs', 'registry.log'), 'utf8')).split('"a lease was lost').length - 1;
    const leases = PROJECTS + lost;
    report(`${leases} leases for ${PROJECTS} projects, ${lost} of them lost`);
    // Beside the sleeper's; otherwise nobody was killed at work, and little was proved.
    expect(lost).toBeGreaterThan(1);
  },
);

function claimer(socket: string, log: string, home: string): ChildProcess {
  const child = spawn('python3', ['-B', CLAIMER, socket, log, String(WORK)], {
    env: environment(home),
    stdio: 'ignore',
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

/** Kills one at some moment, and notes it once it is certainly dead. */
async function killOne(running: ChildProcess[], random: Random, log: string): Promise<void> {
  const [victim] = running.splice(random.integer(0, running.length), 1) as [ChildProcess];
  // Somewhere in a project, or between two.
  await pause(random.fraction() * WORK * 1_000);
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  await appendFile(log, `killed - 0 ${victim.pid}\n`);
}

/** Stops one in the middle of a project, as a debugger or a full swap would; gives what it holds on to. */
async function halt(process: ChildProcess, log: string, notes: () => Promise<Note[]>): Promise<Note> {
  for (;;) {
    const held = await until(async () => {
      const last = (await notes()).findLast(({ pid }) => pid === process.pid);
      return last?.what === 'begin' && last;
    }, `process ${process.pid} trains something`);
    process.kill('SIGSTOP');
    await until(async () => (await stateOf(process)).startsWith('T'), `process ${process.pid} is stopped`);
    // It may have got on with it in between.
    if ((await notes()).findLast(({ pid }) => pid === process.pid)?.what === 'begin') {
      await appendFile(log, `halted - 0 ${process.pid}\n`);
      return held;
    }
    process.kill('SIGCONT');
  }
}

async function stateOf({ pid }: ChildProcess): Promise<string> {
  return (await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)])).stdout.trim();
}

/** Where a project was begun while somebody who had not stopped was still at it. */
function overlaps(notes: readonly Note[]): Note[] {
  const atWork = new Map<string, Note>();
  const found: Note[] = [];
  for (const note of notes) {
    switch (note.what) {
      case 'begin':
        if (atWork.has(note.project)) found.push(note);
        atWork.set(note.project, note);
        break;
      case 'killed':
      case 'halted':
        for (const [project, { pid }] of atWork) if (pid === note.pid) atWork.delete(project);
        break;
      case 'stop':
      case 'lost':
        if (atWork.get(note.project)?.pid === note.pid) atWork.delete(note.project);
        break;
      case 'completed':
    }
  }
  return found;
}

function parse(log: string): Note[] {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [what = '', project = '', token, pid] = line.split(' ');
      return { what: what as Note['what'], project, token: Number(token), pid: Number(pid) };
    });
}
