/** The trainer in Python: an example that has to work. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { brief } from '../support/events.ts';
import { environment } from '../support/home.ts';
import { requireTools } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { wire } from '../support/wire.ts';
import { get, world, type World } from '../support/world.ts';

const EXAMPLE = fileURLToPath(new URL('trainer.py', import.meta.url));

/** Runs Python; gives what it printed once it has ended well. */
function python(args: readonly string[], home: string): Promise<string> {
  const child = spawn('python3', ['-B', ...args], {
    env: environment(home),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(printed) : reject(new Error(`python3 ended with ${code}: ${complaints}`)),
    );
  });
}

/** The token of a project's last lease. */
function tokenOf({ training }: Record<string, unknown>): number {
  return (training as { token: number }).token;
}

interface Training {
  /** What the trainer printed, once it has ended. */
  readonly ended: Promise<string>;
  /** Resolves when the trainer is in the middle of it. */
  begun(): Promise<void>;
  /** Lets the trainer go on. */
  goOn(): Promise<void>;
}

/** The example, with a training that waits in the middle and then does what is given. */
function training({ paths }: World, then: string, socket = paths.socket): Training {
  const [begun, go] = [join(paths.dataDir, 'begun'), join(paths.dataDir, 'go')];
  const script = `
import os, sys, time
sys.path.insert(0, ${JSON.stringify(join(EXAMPLE, '..'))})
import trainer
def train(lease):
    lease.report(phase="epochs", progress=0.5)
    open(${JSON.stringify(begun)}, "w").close()
    while not os.path.exists(${JSON.stringify(go)}):
        time.sleep(0.01)
    ${then}
    return {"file_count": 7}
trainer.work(${JSON.stringify(socket)}, train, once=True)
`;
  return {
    ended: python(['-c', script], paths.dataDir),
    begun: async () => void (await until(() => existsSync(begun), 'training has begun')),
    goOn: () => writeFile(go, ''),
  };
}

beforeEach((context) => requireTools(context, 'python3'));

test('trains what is waiting, says how far it is, and leaves what it made', async () => {
  const { writer, watch, paths, codebase } = await world(['a', 'b']);
  await writeFile(join(await codebase('a'), 'main.py'), 'print("hello")\n');
  const subscriber = await watch({ project: 'a', progress: true });
  expect(await python([EXAMPLE, '--once', paths.socket], paths.dataDir)).toBe('a: completed\nb: completed\n');
  const done = await get(writer, 'a');
  expect(done).toMatchObject({
    training_status: 'completed',
    file_count: 1,
    training: { progress: 1, phase: 'saving', message: '1 files' },
  });
  expect(JSON.parse(await readFile(String(done['lora_adapter_path']), 'utf8'))).toEqual({
    token: tokenOf(done),
    bytes: 15,
  });
  await writer.call('projects.remove', { project: 'a' });
  const events = (await subscriber.untilRemoved('a')).map(brief);
  expect(events.filter((text) => text === 'progress a')).toHaveLength(3);
  expect(events.filter((text) => text === 'training a')).toHaveLength(4);
});

test('goes on with its lease when the daemon was restarted meanwhile', async () => {
  const before = await world(['a']);
  const { begun, goOn, ended } = training(before, 'lease.report(progress=0.9)');
  await begun();
  const { writer } = await before.restart();
  await goOn();
  expect(await ended).toBe('a: completed\n');
  expect(await get(writer, 'a')).toMatchObject({
    training_status: 'completed',
    file_count: 7,
    training: { phase: 'epochs', attempt: 0 },
  });
});

test.each(['complete', 'fail'])('knows that it ended also when the answer to %s was lost', async (how) => {
  const here = await world(['a']);
  const line = await wire(here.paths.socket);
  const then = how === 'complete' ? 'pass' : 'raise MemoryError("no GPU")';
  const { begun, goOn, ended } = training(here, then, line.socket);
  await begun();
  line.loseAnswerTo(`training.${how}`);
  await goOn();
  expect(await ended).toMatch(/^a: (completed|failed: no GPU)\n$/);
  expect(line.accepted).toBe(2);
  expect(await get(here.writer, 'a')).toMatchObject({ training: { holder: null } });
});

test('gives the project back when it is asked to stop', async () => {
  const here = await world(['a']);
  const { begun, goOn, ended } = training(here, 'lease.report(progress=0.9)');
  await begun();
  await here.writer.call('training.cancel', { project: 'a' });
  await goOn();
  expect(await ended).toBe('a: given back\n');
  expect(await get(here.writer, 'a')).toMatchObject({ training_status: 'not_started' });
});

test('says why training failed', async () => {
  const here = await world(['a']);
  const { goOn, ended } = training(here, 'open("/no/such/file")');
  await goOn();
  expect(await ended).toContain('a: failed: ');
  expect((await get(here.writer, 'a'))['training']).toMatchObject({
    error: expect.stringMatching(/^FileNotFoundError: /) as string,
  });
});

test('claims no success for what was taken from it', async () => {
  const here = await world(['a']);
  const { begun, goOn, ended } = training(here, '');
  await begun();
  const token = tokenOf(await get(here.writer, 'a'));
  await here.writer.call('training.begin', { project: 'a', force: true, holder: { name: 'thief' } });
  await goOn();
  expect(await ended).toContain(`token ${token} is not the current one`);
  expect(await get(here.writer, 'a')).toMatchObject({
    training_status: 'training',
    training: { holder: { name: 'thief' } },
  });
});
