/** The package as npm would publish it, and installed somewhere else. */
import { execFile, type ExecFileOptions } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { builtProgram } from '../support/cli.ts';
import { temporaryDirectory } from '../support/home.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** npm keeps what it has fetched, and its settings, in the home of whoever runs the tests. */
export const npmEnvironment = { ...process.env, HOME: userInfo().homedir };

/** Fetching tools takes the network and its time: only where everything is to run. */
export function requireNetwork(context: { skip(note?: string): never }): void {
  if (process.env['REQUIRE_TOOLS'] !== '1') context.skip('fetches a tool; runs with REQUIRE_TOOLS=1');
}

/** Runs npm, or a program that npm fetches, and gives what it printed. */
export async function npm(words: readonly string[], options: ExecFileOptions = {}): Promise<string> {
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--prefer-offline', '--loglevel=error'];
  const { stdout } = await run('npm', [...quiet, ...words], {
    maxBuffer: 32 * 1024 * 1024,
    ...options,
    env: { ...npmEnvironment, ...options.env },
  });
  return String(stdout);
}

/** Packs what is built and gives the path of the tarball. */
export async function pack(): Promise<string> {
  const directory = await temporaryDirectory();
  return join(directory, (await packInto(directory)).trimEnd());
}

/** Packs what is built and gives what npm has printed. */
export async function packInto(directory: string): Promise<string> {
  // It is fresh, and not built again: that would take the programs away under other tests.
  builtProgram('gardener.js');
  return await npm(['pack', '--silent', '--pack-destination', directory], { cwd: root });
}

/** Makes a project with nothing in it, in a directory whose name is not a simple one. */
export async function emptyConsumer(): Promise<string> {
  const directory = join(await temporaryDirectory(), 'ein Ordner – 日本語');
  await mkdir(directory);
  await writeFile(
    join(directory, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  );
  return directory;
}

/** Lends a package of ours to a consumer, such as a compiler's types. */
export async function lend(consumer: string, name: string): Promise<void> {
  const place = join(consumer, 'node_modules', name);
  await mkdir(join(place, '..'), { recursive: true });
  await symlink(join(root, 'node_modules', name), place);
}

/** Runs a program of ours, or the consumer's, and gives what it printed. */
export async function runIn(
  consumer: string,
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { stdout } = await run(program, [...words], { cwd: consumer, env: { ...process.env, ...env } });
  return stdout;
}

/** A program that our own development needs. */
export function ourProgram(name: string): string {
  return join(root, 'node_modules', '.bin', name);
}
