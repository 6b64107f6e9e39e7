/**
 * The daemon is killed at each call by which a removal, or taking it back, changes something on the disk. The next one
 * finds a project and its directory that agree, and whatever is gone can be had back whole.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test, type TestContext } from 'vitest';
import { temporaryDirectory } from '../support/home.ts';
import type { LineClient } from '../support/lines.ts';
import { ifMissing } from '../../src/system/errors.ts';
import { requireTools } from '../support/tools.ts';
import { codebase, type Gardenerd, greet, startGardenerd } from './support/gardenerd.ts';
import { fileThreads, ONE_THREAD, traced } from './support/strace.ts';

/** Between two of these a kill is the same as at the second. */
const CALLS = ['mkdir', 'rename', 'unlink', 'fsync'];
const WEIGHTS = 'weights';

let daemon: Gardenerd;
let peer: LineClient;
let dataDir: string;
let weights: string;

async function start(): Promise<void> {
  daemon = await startGardenerd({ dataDir, env: ONE_THREAD });
  peer = await daemon.connect();
}

const DO = {
  remove: () => peer.ask('projects.remove', { project: 'a' }),
  undo: () => peer.ask('registry.undo'),
} as const;

/** Whether the project is there, as its directory must be, too. */
async function isThere(when: string): Promise<boolean> {
  // The next daemon first finishes what the last one had begun.
  await peer.call('registry.undo', { dry_run: true });
  const { result } = await peer.ask('projects.get', { project: 'a' });
  const found = await readFile(weights, 'utf8').catch(ifMissing(null));
  expect(found, when).toBe(result ? WEIGHTS : null);
  return result !== undefined;
}

beforeEach((context: TestContext) => requireTools(context, 'strace'));

test.each(['remove', 'undo'] as const)(
  'killed at any one of its calls, %s leaves a project and its directory that agree',
  { timeout: 480_000 },
  async (what) => {
    dataDir = await temporaryDirectory();
    await start();
    const { project_id: id } = await peer.call('projects.register', {
      name: 'a',
      source_path: await codebase(dataDir),
    });
    const own = join(daemon.paths.projectsDir, String(id));
    weights = join(own, 'trainings', '7', 'lora_adapter.bin');
    await mkdir(join(own, 'trainings', '7'), { recursive: true });
    await writeFile(weights, WEIGHTS);
    const found = new Set<string>();
    for (const thread of [0, 1] as const) {
      for (const name of CALLS) {
        for (let nth = 1; ; nth += 1) {
          const when = `${what} is killed at ${name} number ${nth} of thread ${thread}`;
          if (what === 'undo') expect((await DO.remove()).error, when).toBeUndefined();
          const inject = `${name}:signal=KILL:when=${nth}`;
          const traces = traced((await fileThreads(daemon.pid))[thread], { inject }, () =>
            DO[what]().catch(() => null),
          );
          const { result } = await traces;
          const isStruck = (await greet(daemon.paths.socket)) === null;
          if (isStruck) {
            await daemon.ended;
            await start();
          }
          const isBack = await isThere(when);
          if (result) expect(isBack, `${when}, after it was answered`).toBe(what === 'undo');
          else found.add(isBack ? 'there' : 'gone');
          if (!isBack) {
            expect((await DO.undo()).result, when).toMatchObject({ undone: { operation: 'remove' } });
            expect(await isThere(when), when).toBe(true);
          }
          if (!isStruck) break;
        }
      }
    }
    expect(found).toEqual(new Set(['there', 'gone']));
  },
);
