/** The part of the built library that is loaded late, in a process below which the package is replaced. */
import { execFile } from 'node:child_process';
import { appendFile, copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtProgram } from '../support/cli.ts';
import { standIn, temporaryHome } from './stand-in.ts';

/** Connects, has the time pass or not, loses the file, and then needs what is in it. */
const PROGRAM = `
  const [file, late, socket, passes] = process.argv.slice(1);
  const { connect, RegistryError } = await import(file);
  const timers = [];
  const { setTimeout: real } = globalThis;
  globalThis.setTimeout = (act, ms, ...rest) => {
    if (ms === 1_000) timers.push(act);
    return real(act, ms === 1_000 ? 2 ** 30 : ms, ...rest);
  };
  const client = await connect({ socket, deadlines: { connect: 20_000, hello: 20_000 } });
  const loaded = new Promise((resolve) => (globalThis.loaded = resolve));
  if (passes === 'yes') {
    for (const act of timers) act();
    await loaded;
  }
  (await import('node:fs')).rmSync(late);
  const error = await client.projects.add('').catch((error) => error);
  const { clearTimeout: clear } = globalThis;
  globalThis.clearTimeout = (timer) => {
    if (timer?._idleTimeout === 2 ** 30) timers.pop();
    clear(timer);
  };
  console.log(timers.length, error instanceof RegistryError, error.kind ?? error.message);
  await client.close();
  await client.close();
  console.log(timers.length);`;

const GONE =
  'cannot load a part of codebase-gardener: its package was replaced below this program; start the program anew';

test.each([
  ['no', `1 false ${GONE}\n0\n`],
  ['yes', '1 true source_path_missing\n0\n'],
])('is in memory once the process lives for a while: %s', async (passes, expected) => {
  const dist = dirname(builtProgram('gardener.js'));
  const { socket } = await standIn();
  const directory = join(await temporaryHome(), 'dist');
  await mkdir(directory);
  const names = (await readdir(dist)).filter((name) => /^index(-\w+)?\.js$/.test(name)).toSorted();
  expect(names).toEqual([expect.stringMatching(/^index-[0-9a-f]{12}\.js$/), 'index.js']);
  const [late = '', file = ''] = names.map((name) => join(directory, name));
  for (const name of names) await copyFile(join(dist, name), join(directory, name));
  await appendFile(late, '\nglobalThis.loaded();\n');
  const words = ['--input-type=module', '-e', PROGRAM, file, late, socket, passes];
  const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 50_000 });
  expect(stdout).toBe(expected);
});
